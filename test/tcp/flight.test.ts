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

  test('a lone side that only acknowledges has nothing in flight', () => {
    const c = conversation().established();
    for (let n = 1; n <= 3; n++) c.client.acks({ ack: 5000 + n * 100 });
    expect(c.did).toEqual(['ackAdvanced', 'ackedAll']);
  });
});
