import { describe, expect, test } from 'vitest';
import { conversation } from '../build/conversation.ts';

describe('what is in flight', () => {
  test('a SYN is, until it is acknowledged', () => {
    const c = conversation().client.syn();
    expect(c.did).toEqual(['elicit', 'newData', 'ackedAll', 'inFlight']);
    c.server.synAck();
    expect(c.did).toEqual(['elicit', 'newData', 'ackAdvanced', 'ackedAll', 'inFlight']);
    c.client.acks();
    expect(c.did).toEqual(['ackAdvanced', 'ackedAll']);
    expect(c.pass.connections.bytesInFlight(0, 0)).toBe(0);
  });

  test('data are, and a partial acknowledgement leaves the rest', () => {
    const c = conversation().handshake().client.sends('abcdef');
    expect(c.did).toEqual(['elicit', 'newData', 'ackedAll', 'inFlight', 'payload']);
    expect(c.pass.connections.bytesInFlight(0, 0)).toBe(6);
    c.server.acks({ ack: 1004 });
    expect(c.did).toEqual(['ackAdvanced']);
    expect(c.pass.connections.bytesInFlight(0, 0)).toBe(3);
    c.server.acks({ ack: 1007 });
    expect(c.did).toEqual(['ackAdvanced', 'ackedAll']);
  });

  test('a FIN is', () => {
    const c = conversation().handshake().client.fin();
    expect(c.did).toEqual(['elicit', 'newData', 'ackedAll', 'inFlight', 'firstFin']);
  });

  test('an old acknowledgement moves nothing back', () => {
    const c = conversation().handshake().client.sends('abc').server.acks().server.acks({ ack: 1001 });
    expect(c.did).toEqual(['ackedAll']);
    expect(c.pass.connections.ackedOffset(0, 0)).toBe(3);
  });

  test('retransmissions that nobody acknowledges stay in flight: the answers are hidden from the capture', () => {
    const c = conversation().established();
    c.server.sends('event');
    for (const second of [0.4, 1.2, 2.8]) {
      c.at(second).server.resends('event');
      expect(c.labels).toEqual(['retransmission']);
      expect(c.did).toContain('inFlight');
      expect(c.did).toContain('elicit');
      expect(c.did).not.toContain('newData');
      expect(c.did).not.toContain('payload');
    }
    expect(c.stream(0)).toBe('event');
  });

  test('a SYN-ACK with another number begins its flow anew', () => {
    const c = conversation().client.syn().server.synAck().server.synAck({ seq: 77_777 });
    c.server.sndNxt = c.client.rcvNxt = 77_778;
    expect(c.pass.connections.bytesInFlight(0, 1)).toBe(1);
    c.server.sends('abc');
    expect([c.pass.connections.sentOffset(0, 1), c.pass.connections.bytesInFlight(0, 1)]).toEqual([3, 4]);
    c.client.acks();
    expect(c.pass.connections.bytesInFlight(0, 1)).toBe(0);
    expect(c.stream(1)).toBe('abc');
  });

  test('a RST is not, wherever it stands', () => {
    const c = conversation().handshake();
    c.client.rst({ seq: 1051 });
    expect(c.did).not.toContain('elicit');
    expect(c.pass.connections.sentOffset(0, 0)).toBe(0);
  });

  test('what fills a hole out of order is new, what comes a second time is not', () => {
    const c = conversation().handshake().client.sends('def', { seq: 1004 }).client.sends('abc', { seq: 1001 });
    expect(c.labels).toEqual(['outOfOrder']);
    expect(c.did).toContain('newData');
    c.at(1).client.sends('abc', { seq: 1001 });
    expect(c.labels).toEqual(['retransmission']);
    expect(c.did).not.toContain('newData');
  });

  test('numbers more than the largest window away move nothing (RFC 7323 §2.3)', () => {
    const c = conversation().handshake().client.sends('abc');
    c.server.acks({ ack: 1001 + 2 ** 30 + 1 });
    expect(c.did).not.toContain('ackAdvanced');
    expect(c.pass.connections.ackedOffset(0, 0)).toBe(0);
    c.client.acks({ seq: 1004 + 2 ** 30 + 1 });
    expect(c.pass.connections.sentOffset(0, 0)).toBe(3);
    const near = conversation()
      .handshake()
      .client.acks({ seq: 1001 + 2 ** 30 });
    expect(near.pass.connections.sentOffset(0, 0)).toBe(2 ** 30);
  });

  test('bytes that the file has behind their acknowledgement are not sent again, though Wireshark says so; the next time they are', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true }).server.acks();
    c.client.resends('abc');
    expect(c.labels).toEqual(['retransmission', 'spuriousRetransmission']);
    expect(c.did).toContain('payload');
    expect(c.pass.connections.retransmissions(0, 0)).toBe(0);
    c.client.resends('abc');
    expect(c.pass.connections.retransmissions(0, 0)).toBe(1);
  });

  test('bytes beyond 4 GiB are told by offset, not by sequence number', () => {
    const c = conversation().handshake();
    for (let step = 0; step < 5; step++) {
      c.client.sndNxt = (c.client.sndNxt + 2 ** 30) | 0;
      c.server.rcvNxt = c.client.sndNxt;
      c.client.acks();
      c.server.acks();
    }
    expect(c.pass.connections.sentOffset(0, 0)).toBe(5 * 2 ** 30);
    expect(c.pass.connections.bytesInFlight(0, 0)).toBe(0);
  });
});

describe('a capture begun in the middle', () => {
  test('the first acknowledgement has not advanced unless it acknowledges data seen', () => {
    const c = conversation().established().client.acks();
    expect(c.did).toEqual(['ackedAll']);
    const seen = conversation().established().client.sends('abc').server.acks();
    expect(seen.did).toEqual(['ackAdvanced', 'ackedAll']);
    const unseen = conversation().established();
    unseen.client.acks();
    unseen.client.sends('abc', { hidden: true }).server.acks();
    expect(unseen.did).toEqual(['ackedAll']);
    unseen.client.sends('abc', { hidden: true }).server.acks();
    expect(unseen.did).toEqual(['ackAdvanced', 'ackedAll']);
    expect(unseen.pass.connections.sentOffset(0, 0)).toBe(6);
  });

  test('the first acknowledgement of a side that has not spoken yet tells where it stands, wherever its numbers are', () => {
    for (const clientIsn of [1000, 3_000_000_000]) {
      const c = conversation({ clientIsn }).established().server.acks();
      expect(c.did).toEqual(['ackedAll']);
      expect([c.pass.connections.sentOffset(0, 1), c.pass.connections.ackedOffset(0, 1)]).toEqual([0, 0]);
    }
  });

  test('bytes between what the peer acknowledged and the first captured ones were sent, and are in flight', () => {
    const c = conversation().established().server.acks();
    c.client.sends('0123456789', { hidden: true }).client.sends('abc');
    expect(c.pass.connections.bytesInFlight(0, 1)).toBe(13);
    expect(c.did).toContain('inFlight');
  });

  test('what was acknowledged before the first packet of a side acknowledges no hole that comes later', () => {
    const c = conversation().established().server.acks({ ack: 1000 }).server.acks({ ack: 1010 });
    c.client.sndNxt = 1010;
    c.client.acks();
    c.client.sends('abc', { hidden: true }).client.sends('def');
    for (const second of [1, 2]) c.at(second).server.acks({ ack: 1010 });
    expect(c.peerStream(0)).toBe('');
    for (const second of [3, 4]) c.at(second).server.acks({ ack: 1016 });
    expect(c.peerStream(0)).toBe('[gap 3 lost]def');
  });

  test('a lone side that only acknowledges has nothing in flight', () => {
    const c = conversation().established();
    for (let n = 1; n <= 3; n++) c.client.acks({ ack: 5000 + n * 100 });
    expect(c.did).toEqual(['ackAdvanced', 'ackedAll']);
  });
});

describe('a SYN that stands in the file behind other packets of its connection', () => {
  test('acknowledgements that came before it count from it', () => {
    const c = conversation().established();
    c.server.acks({ ack: 1001 });
    c.server.acks({ ack: 1004 });
    c.client.syn({ seq: 1000 });
    expect(c.opened).toEqual([0]);
    expect([c.pass.connections.sentOffset(0, 1), c.pass.connections.ackedOffset(0, 1)]).toEqual([3, 3]);
    expect(c.did).not.toContain('inFlight');
    c.client.sends('abc', { seq: 1001 });
    expect(c.stream(1)).toBe('abc');
  });

  test('is in flight no more, where its own acknowledgement came before it', () => {
    const c = conversation().established().server.acks({ ack: 1001 });
    c.client.syn({ seq: 1000 });
    expect([c.pass.connections.sentOffset(0, 1), c.pass.connections.ackedOffset(0, 1)]).toEqual([0, 0]);
    expect(c.did).not.toContain('inFlight');
  });

  test('does not begin anew what its payload began', () => {
    const c = conversation().established().client.sends('abc');
    c.client.syn({ seq: 999 });
    expect(c.opened).toEqual([0]);
    expect(c.pass.connections.sentOffset(0, 0)).toBe(3);
    c.client.sends('def');
    expect(c.stream(0)).toBe('abcdef');
  });
});
