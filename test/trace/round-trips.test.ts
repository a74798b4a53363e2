import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { conversation } from '../build/conversation.ts';
import { RoundTripBook } from '../../src/trace/round-trips.ts';
import { DID, LABEL } from '../../src/tcp/index.ts';

/** Plays a conversation's packets into a book, each at its second. */
function played(play: (tell: (seconds: number) => void, c: ReturnType<typeof conversation>) => void): RoundTripBook {
  const moment = new Moment();
  const c = conversation().handshake();
  const book = new RoundTripBook(moment, c.pass.connections);
  book.opened(0);
  play((seconds) => {
    moment.ns[0] = seconds * 1e9;
    book.segment(0, c.last.side, bits(LABEL, c.last.labels), bits(DID, c.last.did));
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

test('what was sent again is not timed (RFC 6298 §3)', () => {
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
