import { describe, expect, test } from 'vitest';
import { Segment } from '../../src/decode/index.ts';
import {
  CONNECTION,
  CONNECTION_DOUBLE,
  CONNECTION_DOUBLES,
  CONNECTION_INTS,
  NONE,
} from '../../src/tcp/flow-columns.ts';
import { FlowTable } from '../../src/tcp/flow-table.ts';
import { runs } from '../build/runs.ts';

function between(from: number, to: number, srcPort: number, dstPort: number, high = 0): Segment {
  return Object.assign(new Segment(), {
    ipVersion: 4,
    src0: high,
    src2: 0xffff,
    src3: from,
    dst0: high,
    dst2: 0xffff,
    dst3: to,
    srcPort,
    dstPort,
  });
}

test('both directions of a 4-tuple are the two flows of one connection', () => {
  const table = new FlowTable();
  expect(table.find(between(1, 2, 10, 20))).toBe(NONE);
  expect(table.add(between(1, 2, 10, 20), NONE)).toBe(0);
  expect(table.find(between(1, 2, 10, 20))).toBe(0);
  expect(table.find(between(2, 1, 20, 10))).toBe(1);
});

test('one differing word, port or swapped port is another connection', () => {
  const table = new FlowTable();
  table.add(between(1, 2, 10, 20), NONE);
  for (const other of [between(1, 3, 10, 20), between(1, 2, 11, 20), between(1, 2, 20, 10), between(1, 2, 10, 20, 7)])
    expect(table.find(other)).toBe(NONE);
});

test('addresses that differ only in one IPv6 word are told apart in both directions', () => {
  for (const word of ['src0', 'src1', 'src2', 'src3', 'dst0', 'dst1', 'dst2', 'dst3'] as const) {
    const table = new FlowTable();
    const one = between(1, 2, 10, 20);
    table.add(one, NONE);
    const other = between(1, 2, 10, 20);
    other[word] ^= 0x01000000;
    expect(table.find(other)).toBe(NONE);
  }
});

test('ten thousand connections survive every doubling', () => {
  const table = new FlowTable();
  const each = <T>(of: (n: number) => T): T[] => Array.from({ length: runs(10_000) }, (_, n) => of(n));
  expect(each((n) => table.add(between(n % 100, 7, n, 443, n), NONE))).toEqual(each((n) => n * 2));
  expect(each((n) => table.find(between(n % 100, 7, n, 443, n)))).toEqual(each((n) => n * 2));
  expect(each((n) => table.find(between(7, n % 100, 443, n, n)))).toEqual(each((n) => n * 2 + 1));
});

test('a later incarnation takes the place of the one before', () => {
  const table = new FlowTable();
  const first = table.add(between(1, 2, 10, 20), NONE);
  const second = table.add(between(2, 1, 20, 10), first);
  expect(table.find(between(2, 1, 20, 10))).toBe(second);
  expect(table.find(between(1, 2, 10, 20))).toBe(second + 1);
  expect(table.count).toBe(2);
});

test('a full table takes no more and keeps what it has', () => {
  const table = new FlowTable(3);
  for (let n = 0; n < 3; n++) expect(table.add(between(n, 9, 1, 2), NONE)).toBe(n * 2);
  expect(table.add(between(3, 9, 1, 2), NONE)).toBe(NONE);
  expect(table.find(between(3, 9, 1, 2))).toBe(NONE);
  expect(table.find(between(2, 9, 1, 2))).toBe(4);
});

/** The other direction of a segment. */
function turned(s: Segment): Segment {
  const from = { src0: s.dst0, src1: s.dst1, src2: s.dst2, src3: s.dst3, srcPort: s.dstPort };
  const to = { dst0: s.src0, dst1: s.src1, dst2: s.src2, dst3: s.src3, dstPort: s.srcPort };
  return Object.assign(new Segment(), { ipVersion: s.ipVersion }, from, to);
}

/** Of the 128 slots that a table begins with, half; every second look-up meets another connection on its way. */
const CROWD = 60;
const STRANGERS = 1000;

describe.each([
  ...(['src0', 'src1', 'src2', 'src3', 'srcPort'] as const),
  ...(['dst0', 'dst1', 'dst2', 'dst3', 'dstPort'] as const),
])('connections that differ in %s alone', (column) => {
  const nth = (n: number): Segment => {
    const segment = Object.assign(between(1, 2, 10, 20), { ipVersion: 6 });
    segment[column] = 1000 + n;
    return segment;
  };
  const crowd = Array.from({ length: CROWD }, (_, n) => n);
  const crowded = (): FlowTable => {
    const table = new FlowTable();
    expect(crowd.map((n) => table.add(nth(n), NONE))).toEqual(crowd.map((n) => n * 2));
    return table;
  };

  test('are told apart in a crowded table, in both directions', () => {
    const table = crowded();
    expect(crowd.map((n) => table.find(nth(n)))).toEqual(crowd.map((n) => n * 2));
    expect(crowd.map((n) => table.find(turned(nth(n))))).toEqual(crowd.map((n) => n * 2 + 1));
    const strangers = Array.from({ length: STRANGERS }, (_, n) => nth(CROWD + n));
    expect(strangers.filter((s) => table.find(s) !== NONE || table.find(turned(s)) !== NONE)).toEqual([]);
  });

  test('are found still when others were removed, and are no longer when they were', () => {
    for (const odd of [0, 1]) {
      const table = crowded();
      for (const n of crowd) if (n % 2 === odd) table.remove(n);
      expect(crowd.map((n) => table.find(nth(n)))).toEqual(crowd.map((n) => (n % 2 === odd ? NONE : n * 2)));
      expect(crowd.map((n) => table.find(turned(nth(n))))).toEqual(
        crowd.map((n) => (n % 2 === odd ? NONE : n * 2 + 1)),
      );
      for (const n of crowd) if (n % 2 !== odd) table.remove(n);
      expect(crowd.map((n) => table.find(nth(n)))).toEqual(crowd.map(() => NONE));
    }
  });

  test('have later incarnations of their own', () => {
    const table = crowded();
    for (const n of crowd) expect(table.add(turned(nth(n)), n * 2 + 1)).toBe((CROWD + n) * 2);
    expect(crowd.map((n) => table.find(nth(n)))).toEqual(crowd.map((n) => (CROWD + n) * 2 + 1));
    for (const n of crowd) table.remove(CROWD + n);
    expect(crowd.map((n) => table.find(nth(n)))).toEqual(crowd.map((n) => n * 2));
  });
});

test('IPv4 addresses are told by their last word, and are none of IPv6 with the same one', () => {
  const table = new FlowTable();
  for (let n = 0; n < CROWD; n++) table.add(between(n, 2, 10, 20), NONE);
  const others = Array.from({ length: STRANGERS }, (_, n) => between(n % CROWD, 2, 10, 20, n + 1));
  expect(others.filter((s) => table.find(Object.assign(s, { ipVersion: 6 })) !== NONE)).toEqual([]);
});

describe('incarnations of a 4-tuple, one after another', () => {
  const segment = between(1, 2, 10, 20);
  const chain = (): FlowTable => {
    const table = new FlowTable();
    for (const previous of [NONE, 0, 2]) table.add(segment, previous);
    return table;
  };
  const previous = (table: FlowTable, connection: number): number | undefined =>
    table.connections[connection * CONNECTION_INTS + CONNECTION.previous];
  const next = (table: FlowTable, connection: number): number | undefined =>
    table.connectionDoubles[connection * CONNECTION_DOUBLES + CONNECTION_DOUBLE.next];

  test('know each other and how many came before', () => {
    const table = chain();
    expect([0, 1, 2].map((n) => previous(table, n))).toEqual([NONE, 0, 1]);
    expect([0, 1, 2].map((n) => next(table, n))).toEqual([1, 2, Number.NaN]);
    expect([0, 1, 2].map((n) => table.connections[n * CONNECTION_INTS + CONNECTION.incarnation])).toEqual([0, 1, 2]);
    expect([0, 1, 2].map((n) => table.connectionDoubles[n * CONNECTION_DOUBLES + CONNECTION_DOUBLE.nth])).toEqual([
      0, 1, 2,
    ]);
  });

  test('close up where the one between is removed', () => {
    const table = chain();
    table.remove(1);
    expect([previous(table, 2), next(table, 0), table.find(segment)]).toEqual([0, 2, 4]);
    table.remove(2);
    expect([next(table, 0), table.find(segment)]).toEqual([Number.NaN, 0]);
    table.remove(0);
    expect(table.find(segment)).toBe(NONE);
  });

  test('forget the first where that is removed, and go back to the one before where the last is', () => {
    const table = chain();
    table.remove(0);
    expect([previous(table, 1), next(table, 1), table.find(segment)]).toEqual([NONE, 2, 4]);
    table.remove(2);
    expect([next(table, 1), table.find(segment)]).toEqual([Number.NaN, 2]);
  });
});

/** What a table begins with. */
const ROWS = 64;

test('a connection that is removed takes its own columns along, and nobody else’s', () => {
  const table = new FlowTable();
  for (let n = 0; n < 6; n++) table.add(between(n, 9, 1, 2), NONE);
  const columns = [table.connections, table.flows, table.doubles, table.connectionDoubles];
  for (const each of columns) each.fill(7);
  const rows = (n: number): number[][] =>
    columns.map((each) => Array.from(each).slice(n * (each.length / ROWS), (n + 1) * (each.length / ROWS)));
  const others = [0, 1, 2, 4, 5].map(rows);
  table.remove(3);
  expect([0, 1, 2, 4, 5].map(rows)).toEqual(others);
  expect(rows(3).map((each) => new Set(each))).toEqual([
    new Set([0]),
    new Set([0]),
    new Set([0]),
    new Set([Number.NaN]),
  ]);
});

test('keys that were made to collide cost no more than the bound: further ones find no place, and those before stay', () => {
  const table = new FlowTable();
  // The words are multiplied and added up: what one word adds another takes away.
  const collides = (n: number): Segment =>
    Object.assign(between(1, 2, 10, 20), {
      ipVersion: 6,
      src0: Math.imul(n, 0x85ebca6b),
      src1: Math.imul(-n, 0x2545f491),
    });
  const flows = Array.from({ length: 1100 }, (_, n) => table.add(collides(n), NONE));
  expect(flows).toEqual(flows.map((_, n) => (n < 1024 ? n * 2 : NONE)));
  expect(flows.map((_, n) => table.find(collides(n)))).toEqual(flows);
  table.remove(0);
  expect([0, 1, 1023, 1024].map((n) => table.find(collides(n)))).toEqual([NONE, 2, 2046, NONE]);
  expect(table.add(collides(1024), NONE)).toBe(0);
});
