import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { KeyLog } from '../../src/tls/index.ts';
import { concat } from '../build/h2.ts';
import { latin1 } from '../build/hpack.ts';
import { type Flight, tlsConversation, type TlsConversation } from '../build/tls.ts';
import { Stage } from './stage.ts';

const REQUEST = 'GET /a HTTP/1.1\r\n\r\n';
const RESPONSE = `HTTP/1.1 200 OK\r\ncontent-length: 40000\r\n\r\n${'x'.repeat(40_000)}`;

let talk: TlsConversation;
let flights: readonly Flight[];

beforeAll(async () => {
  talk = await tlsConversation('TLSv1.3', undefined, [
    [0, latin1(REQUEST)],
    [1, latin1(RESPONSE)],
  ]);
  flights = [...talk.handshake, ...talk.said.flat()];
});

function recordsOf(bytes: Uint8Array): Uint8Array[] {
  const records: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = 5 + (((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0));
    records.push(bytes.slice(at, at + length));
    at += length;
  }
  return records;
}

describe('bytes that are not decrypted', () => {
  test('pass through as they are: clear text, and TLS without its secrets', () => {
    const clear = new Stage(talk.keyLog).send(0, latin1(REQUEST)).send(1, latin1('HTTP/1.1 204 x\r\n\r\n'));
    expect(clear.said).toEqual([REQUEST, 'HTTP/1.1 204 x\r\n\r\n']);
    const raw = new Stage(talk.keyLog.replaceAll(/ [0-9a-f]{64} /g, ` ${'1'.repeat(64)} `)).sendCut(flights, 100);
    expect(raw.said[0]).toBe(
      String.fromCharCode(...flights.filter(({ side }) => side === 0).flatMap(({ bytes }) => [...bytes])),
    );
    expect(raw.isDecrypted).toBe(false);
  });

  test('with no secrets at all nothing is looked at', () => {
    const stage = new Stage('').sendCut(flights, 1000);
    expect(stage.said[0].length).toBe(
      flights.filter(({ side }) => side === 0).reduce((sum, { bytes }) => sum + bytes.length, 0),
    );
  });
});

describe('bytes that are', () => {
  test('property: any segmentation gives the same text', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (segmentBytes) => {
        const { said, gaps } = new Stage(talk.keyLog).sendCut(flights, segmentBytes);
        expect(said).toEqual([REQUEST, RESPONSE]);
        expect(gaps).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });

  test('a PROXY header before the hello is passed on as it is', () => {
    const header = 'PROXY TCP4 10.9.1.2 10.9.0.2 40000 443\r\n';
    const [hello, ...others] = flights;
    if (hello === undefined) throw new Error('a client hello');
    const together = new Stage(talk.keyLog).send(0, concat(latin1(header), hello.bytes)).sendCut(others, 1e9);
    const apart = new Stage(talk.keyLog).send(0, latin1(header)).sendCut(flights, 1e9);
    for (const { said } of [together, apart]) expect(said).toEqual([header + REQUEST, RESPONSE]);
  });

  test('a record that is missing is a gap, and the records behind it are read', () => {
    const stage = new Stage(talk.keyLog).sendCut([...talk.handshake, ...(talk.said[0] ?? [])], 1e9);
    const [first, missing, ...rest] = recordsOf(concat(...(talk.said[1] ?? []).map(({ bytes }) => bytes)));
    if (first === undefined || missing === undefined) throw new Error('a response in one record');
    stage.send(1, first);
    const before = stage.said[1].length;
    stage.pass.gap(0, 1, missing.length);
    for (const record of rest) stage.send(1, record);
    expect(stage.gaps).toEqual([1]);
    expect(RESPONSE.endsWith(stage.said[1].slice(before))).toBe(true);
    expect(stage.said[1].length).toBeGreaterThan(before);
  });

  test('a record that was changed does not open', () => {
    const [first] = talk.said[1] ?? [];
    const changed = flights.map((flight) =>
      flight === first
        ? { side: flight.side, bytes: flight.bytes.map((byte, at) => (at === 100 ? byte ^ 1 : byte)) }
        : flight,
    );
    const { said, gaps } = new Stage(talk.keyLog).sendCut(changed, 1e9);
    expect(said[1].startsWith('HTTP/1.1 200')).toBe(false);
    expect(gaps).toContain(1);
  });
});

describe('a key log', () => {
  test('knows its lines in any case, steps over comments and secrets of other use, and counts the rest', () => {
    const keyLog = new KeyLog();
    const random = 'ab'.repeat(32);
    keyLog.add(`# a comment\n\nCLIENT_RANDOM ${random.toUpperCase()} ${'01'.repeat(48)}\r\n`);
    keyLog.add(`EXPORTER_SECRET ${random} ${'02'.repeat(32)}\nCLIENT_RANDOM ${random}\nnonsense\n`);
    expect(keyLog.of(random)?.get('CLIENT_RANDOM')).toEqual(new Uint8Array(48).fill(1));
    expect(keyLog.of(random)?.size).toBe(1);
    expect(keyLog.badLines).toBe(2);
  });
});

test('property: no bytes throw', () => {
  const piece = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 200 }),
    fc
      .uint8Array({ minLength: 1, maxLength: 60 })
      .map((bytes) => Uint8Array.from([22, 3, 3, 0, bytes.length, ...bytes])),
    fc.nat().map((n) => flights[n % flights.length]?.bytes.slice(0, 1 + (n % 900)) ?? new Uint8Array(1)),
  );
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(0 as const, 1 as const), piece), { maxLength: 15 }), (sent) => {
      const stage = new Stage(talk.keyLog);
      for (const [side, bytes] of sent) stage.send(side, bytes);
      stage.pass.gap(0, 0, 10);
      stage.pass.closed(0);
    }),
  );
});
