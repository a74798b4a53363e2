import { describe, expect, test } from 'vitest';
import { conversation } from '../build/conversation.ts';

describe('sequence space sent again', () => {
  test('after a timeout it is a retransmission', () => {
    const c = conversation().handshake().client.sends('abc').at(1).client.resends('abc');
    expect(c.labels).toEqual(['retransmission']);
    expect(c.did).not.toContain('newData');
    expect(c.did).toContain('elicit');
    expect(c.pass.connections.retransmissions(0, 0)).toBe(1);
    expect(c.pass.connections.payloadBytes(0, 0)).toBe(3);
  });

  test('bytes that the peer had acknowledged make it spurious', () => {
    const c = conversation().handshake().client.sends('abc').server.acks().at(1).client.resends('abc');
    expect(c.labels).toEqual(['retransmission', 'spuriousRetransmission']);
    expect(c.pass.connections.retransmissions(0, 0)).toBe(1);
  });

  test('two duplicate ACKs and 20 ms make it fast, 20 ms and more do not', () => {
    const lossy = () => {
      const c = conversation().handshake();
      c.client.sends('abc');
      c.client.sends('def');
      c.at(1).server.acks({ ack: 1001 });
      c.server.acks({ ack: 1001 });
      return c.at(1.01).server.acks({ ack: 1001 });
    };
    expect(lossy().at(1.0299).client.sends('abc', { seq: 1001 }).labels).toEqual([
      'retransmission',
      'fastRetransmission',
    ]);
    expect(lossy().at(1.03).client.sends('abc', { seq: 1001 }).labels).toEqual(['retransmission']);
  });

  test('within the initial round trip behind a later segment it is only out of order', () => {
    const swapped = (second: number) => {
      const c = conversation();
      c.at(0).client.syn();
      c.at(0.01).server.synAck();
      c.at(0.02).client.acks();
      c.at(1).client.sends('def', { seq: 1004 });
      return c.at(second).client.sends('abc', { seq: 1001 });
    };
    expect(swapped(1.019).labels).toEqual(['outOfOrder']);
    expect(swapped(1.019).pass.connections.retransmissions(0, 0)).toBe(0);
    expect(swapped(1.02).labels).toEqual(['retransmission']);
  });

  test('without a known round trip the bound is 3 ms', () => {
    const swapped = (second: number) => {
      const c = conversation().established();
      c.at(1).client.sends('xyz').client.sends('def', { seq: 1006 });
      return c.at(second).client.sends('abc', { seq: 1003 });
    };
    expect(swapped(1.0039).labels).toEqual(['outOfOrder']);
    expect(swapped(1.0041).labels).toEqual(['retransmission']);
  });

  test('a segment that is late in the file but not in time is out of order', () => {
    const c = conversation().handshake();
    c.at(2).client.sends('def', { seq: 1004 });
    c.at(1.5).client.sends('abc', { seq: 1001 });
    expect(c.labels).toEqual(['outOfOrder']);
    expect(c.stream(0)).toBe('abcdef');
  });

  test('bytes that were shown already are sent again, whatever their time says', () => {
    const c = conversation().handshake();
    c.at(2).client.sends('abc').client.sends('def');
    c.at(1.5).client.sends('abc', { seq: 1001 });
    expect(c.labels).toEqual(['retransmission']);
  });

  test('from one byte back with more than that byte the sender goes on, as after a window probe', () => {
    const c = conversation().handshake().client.sends('abc').at(1).client.sends('cde', { seq: 1003 });
    expect(c.labels).toEqual([]);
    expect(c.stream(0)).toBe('abcde');
  });

  test('numbers are compared across the wrap', () => {
    const c = conversation({ clientIsn: 0xfffffffd }).handshake();
    c.client.sends('abcdef');
    expect(c.labels).toEqual([]);
    c.at(1).client.sends('ef', { seq: 2 });
    expect(c.labels).toEqual(['retransmission']);
    expect(c.client.sndNxt).toBe(4);
  });
});

describe('what the capture misses', () => {
  test('a segment beyond the expected number has lost one before it', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def');
    expect(c.labels).toEqual(['lostSegment']);
    expect(c.did).toContain('newData');
  });

  test('an acknowledgement beyond what was seen tells so once', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true }).server.acks();
    expect(c.labels).toEqual(['ackLostSegment']);
    c.server.acks();
    expect(c.labels).toEqual(['duplicateAck']);
  });
});

describe('acknowledgements and windows', () => {
  test('the same bare ACK twice is a duplicate, with another window an update', () => {
    const c = conversation().handshake().client.sends('abc').server.acks().server.acks();
    expect(c.labels).toEqual(['duplicateAck']);
    c.server.acks({ window: 1000 });
    expect(c.labels).toEqual(['windowUpdate']);
  });

  test('a zero window, its probe and the answer', () => {
    const c = conversation().handshake().client.sends('abc').server.acks({ window: 0 });
    expect(c.labels).toEqual(['zeroWindow']);
    expect(c.pass.connections.isZeroWindow(0, 1)).toBe(true);
    c.client.sends('d', { seq: 1004 });
    expect(c.labels).toEqual(['zeroWindowProbe']);
    expect(c.did).toEqual(['elicit', 'ackedAll']);
    c.server.acks();
    expect(c.labels).toEqual(['zeroWindow', 'zeroWindowProbeAck']);
    c.server.acks({ window: 500 });
    expect(c.pass.connections.isZeroWindow(0, 1)).toBe(false);
    expect(c.pass.connections.windowProbes(0, 0)).toBe(1);
    expect(c.pass.connections.keepAliveProbes(0, 0)).toBe(0);
  });

  test('a segment that reaches the edge of the scaled window fills it', () => {
    const c = conversation().client.syn({ windowShift: 1 }).server.synAck({ windowShift: 1 }).client.acks();
    c.server.acks({ window: 3 });
    c.client.sends('abcdef');
    expect(c.labels).toEqual(['windowFull']);
  });

  test('where one SYN lacks the option the window is not scaled (RFC 7323 §2.2)', () => {
    const c = conversation().client.syn().server.synAck({ windowShift: 1 }).client.acks();
    c.server.acks({ window: 3 });
    c.client.sends('abc');
    expect(c.labels).toEqual(['windowFull']);
  });
});
