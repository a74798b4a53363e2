import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import type { TlsFacts } from '../../src/tls/facts.ts';
import { KeyLog, TlsPass } from '../../src/tls/index.ts';
import { concat } from '../build/h2.ts';
import { tlsConversation, type TlsConversation } from '../build/tls.ts';

type Side = 0 | 1;
/** Who sent it, its type, its bytes. */
type Told = readonly [Side, number, number];

const SAID = 100;
const APPLICATION_DATA = 23;
const conversations = new Map<string, TlsConversation>();

beforeAll(async () => {
  for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
    conversations.set(
      version,
      await tlsConversation(version, undefined, [
        [0, new Uint8Array(SAID)],
        [1, new Uint8Array(17)],
      ]),
    );
  }
});

class Listener {
  readonly records: Told[] = [];
  readonly facts: TlsFacts[] = [];
  readonly pass: TlsPass = new TlsPass(new KeyLog(), {
    bytes: () => undefined,
    gap: () => undefined,
    decrypted: () => undefined,
    record: (_, side, type, bytes) => this.records.push([side, type, bytes]),
    facts: (_, facts) => this.facts.push(facts),
  });

  constructor() {
    this.pass.opened(0);
  }

  takes(side: Side, bytes: Uint8Array, pieceBytes = bytes.length): this {
    for (let at = 0; at < bytes.length; at += pieceBytes) {
      const piece = bytes.slice(at, at + pieceBytes);
      this.pass.bytes(0, side, new DataView(piece.buffer), 0, piece.length);
    }
    return this;
  }
}

function flightsOf(version: string): { readonly side: Side; readonly bytes: Uint8Array }[] {
  const conversation = conversations.get(version);
  return conversation === undefined ? [] : [...conversation.handshake, ...conversation.said.flat()];
}

/** A record's bytes, cut naively. */
function recordsOf(side: Side, bytes: Uint8Array): Told[] {
  const told: Told[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = ((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0);
    told.push([side, bytes[at] ?? 0, length]);
    at += 5 + length;
  }
  return told;
}

describe.each(['TLSv1.2', 'TLSv1.3'])('%s without its secrets', (version) => {
  test('however the bytes are cut, each record is told with its type and size', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 700 }), (pieceBytes) => {
        const listener = new Listener();
        const expected: Told[] = [];
        for (const side of [0, 1] as const) {
          const bytes = concat(...flightsOf(version).flatMap((flight) => (flight.side === side ? [flight.bytes] : [])));
          listener.takes(side, bytes, pieceBytes);
          expected.push(...recordsOf(side, bytes));
        }
        expect(listener.records).toEqual(expected);
      }),
    );
  });

  test('its hellos tell version, suite and that no session was resumed', () => {
    const listener = new Listener();
    for (const { side, bytes } of flightsOf(version)) listener.takes(side, bytes, 11);
    expect(listener.facts).toHaveLength(1);
    expect(listener.facts[0]).toMatchObject({
      version: version === 'TLSv1.3' ? 0x0304 : 0x0303,
      isResumed: false,
      keys: 'none',
      hasKeyLog: false,
    });
    expect(listener.facts[0]?.cipherSuite).toBeGreaterThan(0);
  });

  test('missing bytes inside a record leave its size known, others are waited out', () => {
    const record = (bytes: number): Uint8Array =>
      Uint8Array.from([APPLICATION_DATA, 3, 3, bytes >> 8, bytes & 255, ...new Uint8Array(bytes)]);
    const listener = new Listener();
    for (const { side, bytes } of flightsOf(version)) listener.takes(side, bytes);
    const before = listener.records.length;
    listener.takes(0, record(200).slice(0, 50));
    listener.pass.gap(0, 0, 100);
    listener.takes(0, record(200).slice(150));
    listener.takes(0, record(300).slice(0, 50));
    listener.pass.gap(0, 0, 5000);
    listener.takes(0, new Uint8Array(40)).takes(0, concat(record(30), record(31)));
    expect(listener.records.slice(before)).toEqual([
      [0, APPLICATION_DATA, 200],
      [0, APPLICATION_DATA, 30],
      [0, APPLICATION_DATA, 31],
    ]);
  });
});

test('bytes that are no TLS tell no record and no facts', () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 10 }), (pieces) => {
      const listener = new Listener();
      for (const piece of pieces) listener.takes(0, Uint8Array.of(0x50, ...piece));
      expect([listener.records, listener.facts]).toEqual([[], []]);
    }),
  );
});

test('hellos in many connections that never end take no more than their share', () => {
  const listener = new Listener();
  const hello = Uint8Array.of(22, 3, 1, 0x3f, 0xff, 1, 0, 0x3f, 0xf0, 3, 3);
  for (let connection = 0; connection < 1000; connection++) {
    listener.pass.opened(connection);
    listener.pass.bytes(connection, 0, new DataView(hello.buffer), 0, hello.length);
  }
  expect(listener.pass.refused).toBeGreaterThan(400);
  for (let connection = 0; connection < 1000; connection++) listener.pass.closed(connection);
  const before = listener.pass.refused;
  listener.pass.opened(0);
  listener.pass.bytes(0, 0, new DataView(hello.buffer), 0, hello.length);
  expect(listener.pass.refused).toBe(before);
});
