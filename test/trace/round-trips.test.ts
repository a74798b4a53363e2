import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { Segment } from '../../src/decode/index.ts';
import { conversation } from '../build/conversation.ts';
import { RoundTripBook } from '../../src/trace/round-trips.ts';
import { DID, LABEL } from '../../src/tcp/index.ts';

/** The packet was seen at this second; its timestamps option, where it has one. */
type Tell = (seconds: number, option?: { readonly tsVal?: number; readonly tsEcr?: number }) => void;

/** Plays a conversation's packets into a book, each at its second. */
function played(play: (tell: Tell, c: ReturnType<typeof conversation>) => void): RoundTripBook {
  const moment = new Moment();
  const c = conversation().handshake();
  const book = new RoundTripBook(moment, c.pass.connections);
  book.opened(0);
  play((seconds, option) => {
    moment.ns[0] = seconds * 1e9;
    const segment = Object.assign(new Segment(), option, { hasTimestamps: option === undefined ? 0 : 1 });
    book.segment(0, c.last.side, bits(LABEL, c.last.labels), bits(DID, c.last.did), segment);
  }, c);
  return book;
}

function bits(names: Readonly<Record<string, number>>, wanted: readonly string[]): number {
  return wanted.reduce((all, name) => all | (names[name] ?? 0), 0);
}

test('from data to the acknowledgement that covers them all', () => {
  const book = played((tell, c) => {
    c.client.sends('abc');
    tell(1);
    c.client.sends('def');
    tell(1.1);
    c.server.acks({ ack: 1003 });
    tell(1.2);
    c.server.acks({ ack: 1004 });
    tell(1.5);
    c.client.sends('ghi');
    tell(2);
    c.server.acks();
    tell(2.25);
  });
  expect(book.of(0, 0)).toEqual({ samples: 2, leastNs: 0.25e9, mostNs: 0.5e9 });
  expect(book.of(0, 1)).toBeNull();
});

test('what was sent again is not timed, where no timestamps tell which sending was acknowledged (RFC 6298 §3)', () => {
  const book = played((tell, c) => {
    c.client.sends('abc');
    tell(1);
    c.at(9).client.resends('abc');
    tell(9);
    c.server.acks();
    tell(9.1);
  });
  expect(book.of(0, 0)).toBeNull();
});

test('timestamps tell which sending was acknowledged (RFC 7323 §4.1): the last one is timed, an earlier one is not', () => {
  const resent = (echoed: number) =>
    played((tell, c) => {
      c.client.sends('abc');
      tell(1, { tsVal: 100 });
      c.at(9).client.resends('abc');
      tell(9, { tsVal: 900 });
      c.server.acks();
      tell(9.125, { tsEcr: echoed });
      c.client.sends('def');
      tell(10, { tsVal: 1000 });
      c.server.acks();
      tell(10.5, { tsEcr: 1000 });
    }).of(0, 0);
  expect(resent(900)).toEqual({ samples: 2, leastNs: 0.125e9, mostNs: 0.5e9 });
  expect(resent(100)).toEqual({ samples: 1, leastNs: 0.5e9, mostNs: 0.5e9 });
});

test('a delayed acknowledgement echoes an earlier timestamp, and is timed where nothing was sent again', () => {
  const book = played((tell, c) => {
    c.client.sends('abc');
    tell(1, { tsVal: 100 });
    c.server.acks();
    tell(1.25, { tsEcr: 90 });
  });
  expect(book.of(0, 0)?.samples).toBe(1);
});

test('an acknowledgement that stands before its data in time says nothing, and a number used again starts anew', () => {
  const book = played((tell, c) => {
    c.client.sends('abc');
    tell(1);
    c.server.acks();
    tell(0.5);
    c.client.sends('abc');
    tell(2);
    c.server.acks();
    tell(2.5);
  });
  expect(book.of(0, 0)?.samples).toBe(1);
  book.release(0);
  expect(book.of(0, 0)).toBeNull();
});
