import { describe, expect, test } from 'vitest';
import {
  PREFACE,
  concat,
  data,
  goaway,
  headers,
  ping,
  rstStream,
  settings,
  settingsAck,
  windowUpdate,
} from '../../build/h2.ts';
import { HpackEncoder, type Field } from '../../build/hpack.ts';
import { Conversation } from '../conversation.ts';

/** A small generator with a seed (mulberry32), so that a failure can be repeated. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

function randomBytes(next: () => number, bytes: number): Uint8Array {
  return Uint8Array.from({ length: bytes }, () => next() * 256);
}

/** Segments of the capture begin somewhere in a watch's answer: the calls of a conversation that starts with them. */
function joining(...segments: readonly Uint8Array[]): unknown[][] {
  return afterLost(new Conversation(false).send(1, ...segments));
}

/** What is told behind that the server's frames cannot be followed, with which a flow that is joined begins. */
function afterLost(conversation: Conversation): unknown[][] {
  const [first, ...rest] = conversation.told();
  expect(first).toEqual(['lost', 1]);
  return rest;
}

describe('a capture that begins in the middle', () => {
  test('one watch event a segment: two of them are enough, and both are told', () => {
    expect(joining(data(5, 'x'.repeat(500)), data(5, 'y'.repeat(300)))).toEqual([
      ['protocol', 'h2'],
      ['regained', 1],
      ['data', 1, 5, 500, expect.any(Number), false],
      ['data', 1, 5, 300, expect.any(Number), false],
    ]);
  });

  test('one event alone is not enough', () => expect(joining(data(5, 'x'.repeat(500)))).toEqual([]));

  test('one event is, where the other side is known to speak HTTP/2', () => {
    const conversation = new Conversation(false).send(0, ping(1, 2));
    conversation.told();
    expect(afterLost(conversation.send(1, data(5, 'x'.repeat(500))))).toEqual([
      ['regained', 1],
      ['data', 1, 5, 500, expect.any(Number), false],
    ]);
  });

  test.each([
    ['PING', ping(1, 2, true)],
    ['SETTINGS acknowledgement', settingsAck()],
    ['SETTINGS', settings([3, 100])],
    ['GOAWAY', goaway(5, 0, 'bye')],
    ['WINDOW_UPDATE', windowUpdate(0, 500)],
    ['RST_STREAM', rstStream(7, 8)],
  ])('a lone %s that fills its segment is enough', (_name, sent) => {
    const told = joining(sent);
    expect(told.slice(0, 2)).toEqual([
      ['protocol', 'h2'],
      ['regained', 1],
    ]);
    expect(told.length).toBe(3);
  });

  test('the preface makes a start known that the handshake did not', () => {
    const conversation = new Conversation(false).send(0, concat(PREFACE, settings()));
    expect(conversation.told()).toEqual([
      ['protocol', 'h2'],
      ['settings', 0, false],
    ]);
  });

  test('the tail of a large body: joined at the frames behind it', () => {
    const tail = new Uint8Array(900).fill(0x78);
    expect(joining(concat(tail, windowUpdate(0, 10), ping(1, 2)), data(5, 'x')).slice(1)).toEqual([
      ['regained', 1],
      ['windowUpdate', 1, 0, 10],
      ['ping', 1, false, 1, 2],
      ['data', 1, 5, 1, expect.any(Number), false],
    ]);
  });

  test('a boundary cut by a segment is found', () => {
    const stream = concat(data(5, 'x'.repeat(30)), data(5, 'y'.repeat(30)), data(5, 'z'.repeat(30)), ping(1, 2));
    for (let cut = 10; cut < stream.length; cut++) {
      const told = joining(stream.subarray(0, cut), stream.subarray(cut));
      expect(told, `cut at byte ${cut}`).toContainEqual(['ping', 1, false, 1, 2]);
      expect(told.filter(([call]) => call === 'data').length, `cut at byte ${cut}`).toBe(3);
    }
  });

  test('bodies of 16 kB back to back, in segments of 1448: joined within five frames', () => {
    const body = data(5, new Uint8Array(16_384).fill(0x7a));
    const conversation = new Conversation(false);
    const stream = concat(body, body, body, body, body, body, body, body).subarray(5000);
    const told = conversation.sendCut(1, stream, 1448).told();
    expect(told.filter(([call]) => call === 'data').length).toBeGreaterThanOrEqual(3);
    expect(told.filter(([call]) => call === 'data').every(([, , , bytes]) => bytes === 16_384)).toBe(true);
  });

  test('a gap inside a body does not undo a suspicion', () => {
    const first = data(5, 'x'.repeat(500));
    const conversation = new Conversation(false).send(1, data(5, 'w'.repeat(10)), first.subarray(0, 100)).told();
    expect(conversation.filter(([call]) => call === 'data').length).toBe(1);
    const cut = new Conversation(false).send(1, first.subarray(0, 100)).lose(1, 200).send(1, first.subarray(300));
    expect(cut.send(1, data(5, 'y'.repeat(20)), ping(1, 2)).told()).toContainEqual(['ping', 1, false, 1, 2]);
  });
});

/** How many flows of 20 segments each kind of noise makes: 50,000 of them are a million segments, in some minutes. */
const NOISE_FLOWS = Number(process.env['WATCHPCAP_NOISE_FLOWS'] ?? 50);

describe('what is not HTTP/2 is not joined', () => {
  /** Segments of a flow from the middle of a connection; how many of these flows were taken for HTTP/2. */
  function falseJoins(flows: number, segment: (next: () => number) => Uint8Array): number {
    const next = random(1);
    let joins = 0;
    for (let flow = 0; flow < flows; flow++) {
      const conversation = new Conversation(flow % 2 === 0);
      for (let i = 0; i < 20; i++) conversation.send(i & 1 ? 1 : 0, segment(next));
      if (conversation.told().some(([, protocol]) => protocol === 'h2')) joins++;
    }
    return joins;
  }

  const LONG_MS = 600_000 + NOISE_FLOWS * 50;

  test(
    'random bytes',
    () => {
      expect(falseJoins(NOISE_FLOWS, (next) => randomBytes(next, 1 + next() * 1448))).toBe(0);
    },
    LONG_MS,
  );

  test(
    'TLS records cut anywhere',
    () => {
      const record = (next: () => number): Uint8Array => {
        const bytes = 16 + Math.floor(next() * 600);
        return concat(Uint8Array.of(0x17, 3, 3, bytes >> 8, bytes & 0xff), randomBytes(next, bytes));
      };
      expect(
        falseJoins(NOISE_FLOWS, (next) => {
          const stream = concat(record(next), record(next), record(next));
          return stream.subarray(Math.floor(next() * stream.length));
        }),
      ).toBe(0);
    },
    LONG_MS,
  );

  test('bytes that are mostly small numbers and zeros', () => {
    expect(
      falseJoins(NOISE_FLOWS, (next) =>
        Uint8Array.from({ length: 1 + next() * 1448 }, () => (next() < 0.6 ? 0 : next() * 12)),
      ),
    ).toBe(0);
  });

  test('zeros, and one byte repeated', () => {
    const repeated = (byte: number): Uint8Array[] => Array<Uint8Array>(3).fill(new Uint8Array(1448).fill(byte));
    for (let byte = 1; byte < 256; byte++) expect(joining(...repeated(byte))).toEqual([]);
    // No frame; that somebody put zeros there is told.
    expect(new Conversation(false).send(1, ...repeated(0)).told()).toEqual([
      ['blanked', 1],
      ['lost', 1],
    ]);
  });

  test('big-endian counters, as in images and tables', () => {
    for (const bytes of [2, 3, 4, 8, 9]) {
      const table = new Uint8Array(9 * 1000);
      for (let i = 0; i * bytes + bytes <= table.length; i++) {
        for (let b = 0; b < Math.min(4, bytes); b++) table[i * bytes + bytes - 1 - b] = (i >> (8 * b)) & 0xff;
      }
      expect(joining(...Array.from({ length: 6 }, (_, i) => table.subarray(i * 1448, i * 1448 + 1448)))).toEqual([]);
    }
  });

  test('a flow in which nothing is found is given up after a megabyte', () => {
    const conversation = new Conversation(false);
    const segment = randomBytes(random(2), 64 * 1024);
    for (let i = 0; i < 20; i++) conversation.send(0, segment);
    expect(conversation.pass.counters).toMatchObject({ searchesGivenUp: 1 });
    expect(conversation.send(0, ping(1, 2)).told()).toEqual([['lost', 0]]);
  });
});

describe('a real conversation, cut', () => {
  const FIELDS: readonly Field[] = [
    [':status', '200'],
    ['content-type', 'application/json'],
    ['server', 'envoy'],
  ];

  /** What a server says on a busy connection, and the frames that are in it. */
  function traffic(seed: number): { bytes: Uint8Array; frames: Uint8Array[] } {
    const next = random(seed);
    const encoder = new HpackEncoder();
    const frames: Uint8Array[] = [];
    for (let stream = 1; stream < 200; stream += 2) {
      frames.push(headers(stream, encoder.encode([...FIELDS, ['x-request-id', `request-${stream}`]])));
      for (let i = next() * 4; i > 0; i--) frames.push(data(stream, randomBytes(next, next() * 2000)));
      if (next() < 0.1) frames.push(ping(stream, 1, true));
      frames.push(next() < 0.1 ? rstStream(stream, 8) : data(stream, '', { endStream: true }));
    }
    return { bytes: concat(...frames), frames };
  }

  /** Of a busy machine: a hundred conversations are read whole. */

  test('begun at any byte, it is joined soon, and nothing is told that was not said', () => {
    const waits: number[] = [];
    for (let run = 0; run < 120; run++) {
      const { bytes, frames } = traffic(run);
      const all = new Conversation().send(1, settings(), bytes).told().slice(2);
      const start = Math.floor(random(run * 7)() * 4000) + 1;
      const told = afterLost(new Conversation(false).sendCut(1, bytes.subarray(start), 1448));
      expect(told[0]).toEqual(['protocol', 'h2']);
      const heard = told.slice(2).filter(([call]) => call !== 'headers');
      const said = all.filter(([call]) => call !== 'headers');
      const shape = (call: unknown[]): unknown[] => (call[0] === 'data' ? call.toSpliced(4, 1) : call);
      expect(heard.map(shape)).toEqual(said.slice(said.length - heard.length).map(shape));
      let at = 0;
      const whole = frames.filter((sent) => (at += sent.length) - sent.length >= start).length;
      waits.push(whole - (told.length - 2));
    }
    waits.sort((a, b) => a - b);
    expect(waits[0]).toBeGreaterThanOrEqual(0);
    expect(waits[Math.floor(waits.length * 0.9)]).toBe(0);
    expect(waits.at(-1)).toBeLessThanOrEqual(8);
  });

  test('after a gap in the middle it is joined again, and known values are right', () => {
    for (let run = 0; run < 60; run++) {
      const { bytes } = traffic(run);
      const next = random(run);
      const cut = Math.floor(next() * bytes.length * 0.6);
      const lostBytes = 1 + Math.floor(next() * 6000);
      const conversation = new Conversation().send(1, settings());
      conversation.sendCut(1, bytes.subarray(0, cut), 1448).lose(1, lostBytes);
      conversation.sendCut(1, bytes.subarray(cut + lostBytes), 1448);
      const told = conversation.told();
      expect(told.filter(([call]) => call === 'lost').length).toBeLessThanOrEqual(1);
      expect(told.at(-1)?.[0]).toMatch(/data|rstStream/);
      for (const [call, , stream, fields] of told) {
        if (call !== 'headers') continue;
        const sent = {
          status: 200,
          contentType: 'application/json',
          server: 'envoy',
          requestId: `request-${String(stream)}`,
        };
        const { unknownNames: _, ...known } = fields as Record<string, unknown>;
        expect(sent).toMatchObject(known);
      }
    }
  });
});
