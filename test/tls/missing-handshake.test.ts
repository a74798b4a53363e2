import { beforeAll, describe, expect, test } from 'vitest';
import { concat } from '../build/h2.ts';
import { latin1 } from '../build/hpack.ts';
import { type Flight, tlsConversation, type TlsConversation } from '../build/tls.ts';
import { Stage } from './stage.ts';

const ASKED = 'GET /a HTTP/1.1\r\n\r\n';
const ANSWERED = 'HTTP/1.1 204 No Content\r\n\r\n';
const HEADER_BYTES = 5;

/** Records, each as a flight of its own. */
function recordsOf(flights: readonly Flight[]): Flight[] {
  return ([0, 1] as const).flatMap((side) => {
    const bytes = concat(...flights.filter((flight) => flight.side === side).map((flight) => flight.bytes));
    const records: Flight[] = [];
    for (let at = 0; at < bytes.length;) {
      const length = HEADER_BYTES + (((bytes[at + 3] ?? 0) << 8) | (bytes[at + 4] ?? 0));
      records.push({ side, bytes: bytes.slice(at, at + length) });
      at += length;
    }
    return records;
  });
}

/** A conversation without some records of its handshake, in whose place there are gaps. */
function without(talk: TlsConversation, isMissing: (record: Flight, nth: number) => boolean): Stage {
  const stage = new Stage(talk.keyLog);
  const hellos = talk.handshake.slice(0, 1);
  for (const part of [hellos, talk.handshake.slice(1), ...talk.said]) {
    const ofHandshake = part !== hellos && !talk.said.includes(part);
    for (const [nth, record] of recordsOf(part)
      .toSorted((a, b) => (ofHandshake ? b.side - a.side : 0))
      .entries()) {
      if (ofHandshake && isMissing(record, nth)) stage.pass.gap(0, record.side, record.bytes.length);
      else stage.send(record.side, record.bytes);
    }
  }
  return stage;
}

describe.each(['TLSv1.3', 'TLSv1.2'] as const)('a handshake of %s of which records are missing', (version) => {
  let talk: TlsConversation;
  beforeAll(async () => {
    talk = await tlsConversation(version, undefined, [
      [0, latin1(ASKED)],
      [1, latin1(ANSWERED)],
      [0, latin1(ASKED)],
    ]);
  });

  test("is one of several records behind the client's hello", () => {
    expect(without(talk, () => false).said).toEqual([ASKED + ASKED, ANSWERED]);
    expect(recordsOf(talk.handshake.slice(1)).length).toBeGreaterThan(4);
  });

  test('each one: what follows is read', () => {
    const count = recordsOf(talk.handshake.slice(1)).length;
    for (let missing = 1; missing < count; missing++) {
      expect(without(talk, (_, nth) => nth === missing).said, `record ${missing}`).toEqual([ASKED + ASKED, ANSWERED]);
    }
  });

  test('none, but one side is captured before the hello that it answers: all is read', () => {
    const [hello, answer, ...rest] = talk.handshake;
    if (hello === undefined || answer === undefined) throw new Error('two hellos');
    const [reply, ...others] = rest.filter(({ side }) => side === 0);
    const stage = new Stage(talk.keyLog);
    const ofServer = rest.filter(({ side }) => side === 1);
    const flights = [hello, reply, answer, ...others, ...ofServer, ...talk.said.flat()];
    for (const flight of flights) if (flight !== undefined) stage.send(flight.side, flight.bytes);
    expect(stage.said).toEqual([ASKED + ASKED, ANSWERED]);
  });

  test('all of one side behind the hellos: what follows is read', () => {
    for (const side of [0, 1] as const) {
      const stage = without(talk, (record, nth) => record.side === side && nth > 0);
      expect(stage.said, `side ${side}`).toEqual([ASKED + ASKED, ANSWERED]);
    }
  });
});
