import { expect, test } from 'vitest';
import { Segment } from '../../src/decode/index.ts';
import { NONE } from '../../src/tcp/flow-columns.ts';
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
