import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findInputs, Moment, readCaptures } from '../../src/capture/index.ts';
import { decodePacket, Segment, STOP } from '../../src/decode/index.ts';
import { type Side, TcpPass } from '../../src/tcp/index.ts';
import { KeyLog, type TlsFacts, TlsPass } from '../../src/tls/index.ts';
import { SHAPE, ShapeBook } from '../../src/trace/shapes.ts';
import { FLAGS, TYPE } from '../build/h2.ts';

/** A record as it truly is: how long its content is, and the frames of which a header stands in it. */
interface Content {
  readonly bytes: number;
  readonly frames: readonly string[];
}

const PREFACE_BYTES = 24;
const HEADER_BYTES = 9;

/** Cuts the content of records into frames, naively; null once it is no HTTP/2. */
class Frames {
  #left = 0;
  #header: number[] = [];
  #isOther = false;
  #isFirst = true;

  of(view: DataView, at: number, end: number): Content | null {
    const bytes = end - at;
    let next = at;
    if (this.#isFirst && view.getUint8(at) === 0x50) next += PREFACE_BYTES;
    else if (this.#isFirst && view.getUint8(at) !== 0) this.#isOther = true;
    this.#isFirst = false;
    if (this.#isOther) return null;
    const frames: string[] = [];
    while (next < end) {
      const stepped = Math.min(this.#left, end - next);
      this.#left -= stepped;
      next += stepped;
      while (next < end && this.#left === 0) {
        this.#header.push(view.getUint8(next++));
        if (this.#header.length === HEADER_BYTES) frames.push(this.#begin());
      }
    }
    return { bytes, frames };
  }

  #begin(): string {
    const [a = 0, b = 0, c = 0, type = 0, flags = 0] = this.#header;
    this.#left = (a << 16) | (b << 8) | c;
    this.#header = [];
    const name = Object.entries(TYPE).find(([, each]) => each === type)?.[0] ?? 'UNKNOWN';
    return name === 'PING' && (flags & FLAGS.ACK) !== 0 ? 'PING ACK' : name;
  }
}

interface Score {
  inferred: number;
  right: number;
  true: number;
}

const RULES = ['PING with its echo', 'RST_STREAM or WINDOW_UPDATE', 'request'] as const;
type Rule = (typeof RULES)[number];
const OF_SHAPE = new Map<number, Rule>([
  [SHAPE.echo, 'PING with its echo'],
  [SHAPE.control, 'RST_STREAM or WINDOW_UPDATE'],
  [SHAPE.request, 'request'],
]);
const isControl = (frame: string): boolean => frame === 'RST_STREAM' || frame === 'WINDOW_UPDATE';

class Scores {
  readonly #scores = new Map<Rule, Score>(RULES.map((rule) => [rule, { inferred: 0, right: 0, true: 0 }]));

  of(rule: Rule): Score {
    const score = this.#scores.get(rule);
    if (score === undefined) throw new Error(rule);
    return score;
  }

  precision(rule: Rule): number {
    const { right, inferred } = this.of(rule);
    return right / inferred;
  }

  table(title: string): string {
    const rows = RULES.map((rule) => {
      const { inferred, right, true: truly } = this.of(rule);
      const share = (of: number): string => (of === 0 ? '-' : (right / of).toFixed(3));
      return [
        rule.padEnd(28),
        ...[inferred, right, truly, share(inferred), share(truly)].map((each) => String(each).padStart(10)),
      ].join('');
    });
    const head = [
      title.padEnd(28),
      ...['inferred', 'right', 'truly', 'precision', 'recall'].map((each) => each.padStart(10)),
    ];
    return [head.join(''), ...rows].join('\n');
  }
}

/** One connection, read by one who has the keys and by one who has not. */
class Line {
  readonly frames: readonly [Frames, Frames] = [new Frames(), new Frames()];
  readonly contents: [Content[], Content[]] = [[], []];
  /** The last record of a PING's size of either side. */
  readonly last: [Content | null, Content | null] = [null, null];
  facts: TlsFacts | null = null;
  isHttp2 = true;
}

/** @param hasHandshake whether the reader without keys was told the handshake's facts */
async function score(path: string, keys: string, scores: Scores, hasHandshake: boolean): Promise<void> {
  const moment = new Moment();
  const book = new ShapeBook(moment);
  const lines = new Map<number, Line>();
  const lineOf = (connection: number): Line => {
    const line = lines.get(connection) ?? new Line();
    lines.set(connection, line);
    return line;
  };
  const decrypted = new Set<number>();
  const keyLog = new KeyLog();
  keyLog.add(keys);
  const withKeys = new TlsPass(keyLog, {
    bytes: (connection, side, view, at, end) => {
      if (!decrypted.has(connection)) return;
      const line = lineOf(connection);
      const content = line.frames[side].of(view, at, end);
      if (content === null) line.isHttp2 = false;
      else line.contents[side].push(content);
    },
    gap: () => undefined,
    decrypted: (connection) => decrypted.add(connection),
  });
  const without = new TlsPass(new KeyLog(), {
    bytes: () => undefined,
    gap: () => undefined,
    decrypted: () => undefined,
    facts: (connection, facts) => (lineOf(connection).facts = facts),
    record: (connection, side, type, bytes) => {
      if (!decrypted.has(connection)) return;
      const line = lineOf(connection);
      const shape = book.record(connection, side, type, bytes, hasHandshake ? line.facts : null);
      judge(line, side, bytes, OF_SHAPE.get(shape), scores);
    },
  });
  const tcp = new TcpPass(moment, {
    opened: (connection) => {
      lines.delete(connection);
      decrypted.delete(connection);
      for (const pass of [withKeys, without]) pass.opened(connection);
      book.opened(connection);
    },
    segment: () => undefined,
    bytes: (...told) => {
      for (const pass of [withKeys, without]) pass.bytes(...told);
    },
    gap: (...[connection, side, lostBytes]) => {
      for (const pass of [withKeys, without]) pass.gap(connection, side, lostBytes);
    },
  });
  const segment = new Segment();
  await readCaptures(findInputs([path]), (batch) => {
    for (let row = batch.firstRow; row < batch.count; row++) {
      const at = batch.at[row] ?? 0;
      moment.ns[0] = batch.timeNs[row] ?? 0;
      moment.packet++;
      const end = at + (batch.capturedBytes[row] ?? 0);
      const stop = decodePacket(batch.view, at, end, batch.originalBytes[row] ?? 0, batch.linkType[row] ?? 0, segment);
      if (stop === STOP.none) tcp.segment(segment, batch.view);
    }
  });
  tcp.finish();
}

function judge(line: Line, side: Side, bytes: number, rule: Rule | undefined, scores: Scores): void {
  // A record of the handshake has no content here.
  const [content] = line.contents[side];
  const isContent = content !== undefined && content.bytes < bytes && bytes - content.bytes <= 24;
  const truth = isContent ? (line.contents[side].shift() ?? null) : null;
  if (!line.isHttp2) return;
  const frames = truth?.frames ?? [];
  const asks = line.facts?.clientSide === side && frames.some((frame) => frame === 'HEADERS' || frame === 'DATA');
  const holds: Record<Rule, boolean> = {
    'PING with its echo':
      frames.includes('PING ACK') && line.last[side === 0 ? 1 : 0]?.frames.includes('PING') === true,
    'RST_STREAM or WINDOW_UPDATE': frames.length > 0 && frames.every(isControl),
    request: asks,
  };
  const truly: Record<Rule, boolean> = {
    ...holds,
    'PING with its echo': frames.includes('PING ACK'),
    'RST_STREAM or WINDOW_UPDATE': frames.some(isControl),
  };
  for (const each of RULES) if (truly[each]) scores.of(each).true++;
  if (truth?.bytes === 17) line.last[side] = truth;
  if (rule === undefined) return;
  scores.of(rule).inferred++;
  if (holds[rule]) scores.of(rule).right++;
}

const recordings = ['test/captures/tls', 'test/matrix'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcap.gz'))
    .map((name) => join(folder, name))
    .filter((path) => existsSync(path.replace('.pcap.gz', '.keys'))),
);

test('a PING is waited for at whatever time it was sent: times before the capture base are negative', () => {
  for (const seconds of [-7, 0, 7]) {
    const moment = new Moment();
    const book = new ShapeBook(moment);
    const record = (side: Side, at: number, bytes: number): number => {
      moment.ns[0] = at * 1e9;
      moment.packet++;
      return book.record(0, side, 23, bytes, null);
    };
    book.opened(0);
    // Shorter than any of TLS 1.2 that holds a frame.
    record(0, seconds - 1, 30);
    const [ping, echo, late] = [record(0, seconds, 34), record(1, seconds + 0.1, 34), record(1, seconds + 9, 34)];
    expect([ping, echo, late]).toEqual([SHAPE.none, SHAPE.echo, SHAPE.none]);
    expect(book.of(0)?.pings).toEqual([
      { sent: 1, answered: 1 },
      { sent: 0, answered: 0 },
    ]);
  }
});

describe('who asks over HTTP/1.1 in TLS', () => {
  const facts = (version: number, chosen: string | null): TlsFacts => ({
    clientSide: 0,
    version,
    cipherSuite: 0x1301,
    serverName: null,
    offered: ['http/1.1'],
    chosen,
    isResumed: null,
    keys: 'none',
    hasKeyLog: false,
  });

  /** Records of that side, a second apart. */
  function shapesOf(told: TlsFacts, ...sides: readonly Side[]): number[] {
    const moment = new Moment();
    const book = new ShapeBook(moment);
    book.opened(0);
    return sides.map((side, i) => {
      moment.ns[0] = i * 1e9;
      moment.packet++;
      return book.record(0, side, 23, 300, told);
    });
  }

  test('is the client when it speaks first, and when it speaks after the server; more of one request is none', () => {
    const { none, supposed } = SHAPE;
    expect(shapesOf(facts(0x0303, 'http/1.1'), 0, 0, 1, 1, 0, 0)).toEqual([supposed, none, none, none, supposed, none]);
  });

  test('in TLS 1.3 it says Finished before', () => {
    const { none, supposed } = SHAPE;
    expect(shapesOf(facts(0x0304, null), 0, 0, 1, 0)).toEqual([none, supposed, none, supposed]);
  });

  test('the server never does', () => {
    expect(shapesOf(facts(0x0303, 'http/1.1'), 1, 0, 1)[2]).toBe(SHAPE.none);
  });
});

describe('what is inferred without keys, scored by one who has them', () => {
  const tables: string[] = [];
  const seen = new Scores();
  const midway = new Scores();

  beforeAll(async () => {
    for (const path of recordings) {
      const keys = readFileSync(path.replace('.pcap.gz', '.keys'), 'latin1');
      await score(path, keys, seen, true);
      await score(path, keys, midway, false);
    }
    tables.push(seen.table('handshake seen'), midway.table('handshake not seen'));
  });

  afterAll(() => {
    console.log([`${recordings.length} recordings (${basename(recordings[0] ?? '')} …)`, ...tables].join('\n'));
  });

  test.each(['PING with its echo', 'RST_STREAM or WINDOW_UPDATE', 'request'] as const)(
    '%s: nineteen of twenty are right, or more',
    (rule) => {
      expect(seen.of(rule).inferred).toBeGreaterThan(30);
      expect(seen.precision(rule)).toBeGreaterThanOrEqual(0.95);
    },
  );

  test('PING with its echo, where the handshake was not seen', () => {
    expect(midway.of('PING with its echo').inferred).toBeGreaterThan(30);
    expect(midway.precision('PING with its echo')).toBeGreaterThanOrEqual(0.95);
  });
});
