import { describe, expect, test } from 'vitest';
import { conversation, type Conversation } from '../build/conversation.ts';

function counts(c: Conversation, side: 0 | 1): [probes: number, answered: number] {
  return [c.pass.connections.keepAliveProbes(0, side), c.pass.connections.keepAlivesAnswered(0, side)];
}

describe('keep-alive on a connection whose numbers are known', () => {
  test('a probe and its answer carry their labels and are counted', () => {
    const c = conversation().handshake().client.sends('abc').server.acks();
    c.at(60).client.probes();
    expect(c.labels).toEqual(['keepAlive']);
    expect(c.did).toEqual(['elicit', 'ackedAll']);
    c.server.acks();
    expect(c.labels).toEqual(['keepAliveAck']);
    expect(counts(c, 0)).toEqual([1, 1]);
    expect(c.pass.connections.retransmissions(0, 0)).toBe(0);
  });

  test('unanswered probes stay unanswered', () => {
    const c = conversation().handshake().client.sends('abc').server.acks();
    for (const second of [60, 70, 80]) c.at(second).client.probes();
    expect(counts(c, 0)).toEqual([3, 0]);
  });

  test("a keep-alive probe's garbage byte never enters the stream (RFC 1122 §4.2.3.6)", () => {
    const c = conversation().handshake().client.sends('abc').server.acks();
    c.at(60).client.probes('X');
    expect(c.labels).toEqual(['keepAlive']);
    c.server.acks();
    c.client.sends('def').finish();
    expect(c.stream(0)).toBe('abcdef');
    expect(c.pass.connections.payloadBytes(0, 0)).toBe(6);
  });

  test('neither a probe of the peer, nor a RST, nor less than all acknowledged answers one', () => {
    const probed = () => {
      const c = conversation().handshake().client.sends('abc').server.acks();
      return c.at(60).client.probes();
    };
    expect(counts(probed().server.probes(), 0)).toEqual([1, 0]);
    expect(counts(probed().server.rstAck(), 0)).toEqual([1, 0]);
    expect(counts(probed().server.acks({ ack: 1003 }), 0)).toEqual([1, 0]);
    expect(counts(probed().server.acks(), 0)).toEqual([1, 1]);
    expect(counts(probed().server.sends('data'), 0)).toEqual([1, 1]);
  });

  test('probes that follow each other unanswered share one answer', () => {
    const c = conversation().handshake().client.sends('abc').server.acks();
    for (const second of [60, 70]) c.at(second).client.probes();
    c.server.acks().server.acks();
    expect(counts(c, 0)).toEqual([2, 1]);
  });

  test('a probe of a zero window is no keep-alive probe', () => {
    const c = conversation().handshake().client.sends('abc').server.acks({ window: 0 });
    c.at(5).client.probes();
    expect(c.labels).toEqual(['keepAlive']);
    expect(counts(c, 0)).toEqual([0, 0]);
    expect(c.pass.connections.windowProbes(0, 0)).toBe(1);
  });
});

describe('keep-alive in a capture begun while the connection was idle', () => {
  test("the peer's answer one number further tells the first probe afterwards", () => {
    const c = conversation().established();
    c.at(0).client.probes();
    expect(c.labels).toEqual([]);
    c.at(0.001).server.acks();
    expect(c.labels).toEqual(['keepAliveAck']);
    expect(counts(c, 0)).toEqual([1, 1]);
    c.at(15).client.probes();
    expect(c.labels).toEqual(['keepAlive']);
    expect(c.did).toEqual(['elicit', 'ackedAll']);
    c.at(15.001).server.acks();
    expect(c.labels).toEqual(['keepAliveAck']);
    expect(counts(c, 0)).toEqual([2, 2]);
  });

  test('both sides probe: each is recognised', () => {
    const c = conversation().established();
    c.at(0).client.probes();
    c.server.acks();
    c.at(5).server.probes();
    expect(c.labels).toEqual(['keepAlive']);
    c.client.acks();
    expect(c.did).toContain('ackedAll');
    expect(counts(c, 0)).toEqual([1, 1]);
    expect(counts(c, 1)).toEqual([1, 1]);
  });

  test('a bare ACK one below what the peer acknowledges already is a probe at once', () => {
    const c = conversation().established();
    c.client.acks();
    c.at(3).server.probes();
    expect(c.labels).toEqual(['keepAlive']);
  });

  test('data, a FIN and a RST one below are none', () => {
    const seen = () => conversation().established().client.acks();
    expect(seen().server.sends('xy', { seq: 4999 }).labels).not.toContain('keepAlive');
    expect(seen().server.fin({ seq: 4999 }).labels).not.toContain('keepAlive');
    expect(seen().server.rstAck({ seq: 4999 }).labels).not.toContain('keepAlive');
    expect(seen().server.sends('x', { seq: 4999 }).labels).toContain('keepAlive');
  });

  test('what answers with data of its own answers no probe', () => {
    const c = conversation().established();
    c.client.probes();
    c.server.sends('data');
    expect(c.labels).not.toContain('keepAliveAck');
    expect(counts(c, 0)).toEqual([0, 0]);
    const byte = conversation().established().client.probes().server.sends('x');
    expect(byte.labels).not.toContain('keepAliveAck');
    const beyond = conversation().established().client.probes().server.acks({ ack: 1001 });
    expect(beyond.labels).not.toContain('keepAliveAck');
  });

  test('a steady pace of acknowledgements that move on, of either number, is none', () => {
    const paced = (shape: (n: number) => { seq?: number; ack?: number }) => {
      const c = conversation().established();
      for (let n = 0; n < 5; n++) c.at(n * 10).client.acks(shape(n));
      return counts(c, 0);
    };
    expect(paced(() => ({ seq: 999 }))).toEqual([5, 0]);
    expect(paced((n) => ({ seq: 999, ack: 5000 + n }))).toEqual([0, 0]);
    expect(paced((n) => ({ seq: 999 + 2 * n }))).toEqual([0, 0]);
  });

  test('a pace below one second is none (TCP_KEEPINTVL is at least 1), nor one that wavers by more than a fifth', () => {
    const paced = (...seconds: readonly number[]) => {
      const c = conversation().established();
      for (const second of seconds) c.at(second).client.probes();
      return counts(c, 0)[0];
    };
    expect([paced(0, 1, 2), paced(0, 0.9, 1.8)]).toEqual([3, 0]);
    expect([paced(0, 10, 22), paced(0, 10, 22.1), paced(0, 10, 18), paced(0, 10, 17.9)]).toEqual([3, 0, 3, 0]);
  });

  test('nobody answers: the third beat of a steady pace tells all three', () => {
    const c = conversation().established();
    c.at(0).client.probes();
    c.at(10).client.probes();
    expect(c.labels).toEqual(['duplicateAck']);
    c.at(20).client.probes();
    expect(c.labels).toEqual(['keepAlive']);
    expect(counts(c, 0)).toEqual([3, 0]);
    c.at(30).client.probes();
    expect(counts(c, 0)).toEqual([4, 0]);
  });

  test('probes that were recognised when they passed are counted once, though a pace or an answer proves them again', () => {
    const paced = conversation().established().client.acks();
    for (const second of [10, 20, 30, 40]) paced.at(second).client.probes();
    expect(counts(paced, 0)).toEqual([4, 0]);
    const answered = conversation().established().client.acks();
    answered.at(15).client.probes();
    expect(answered.labels).toEqual(['keepAlive']);
    expect(answered.server.acks().labels).toEqual(['keepAliveAck']);
    expect(counts(answered, 0)).toEqual([1, 1]);
  });

  test('the beat that tells them also tells where the stream stands: nothing is in flight or lost, and their answer acknowledges all', () => {
    const beaten = () => {
      const c = conversation().established();
      for (const second of [0, 10, 20]) c.at(second).client.probes();
      return c;
    };
    expect(beaten().did).toEqual(['elicit', 'ackedAll']);
    const answered = beaten().server.acks();
    expect(answered.labels).toEqual([]);
    expect(counts(answered, 0)).toEqual([3, 1]);
    expect(beaten().client.sends('abc', { hidden: true }).client.sends('def').finish().stream(0)).toBe(
      '[gap 3 lost]def',
    );
    // They were called duplicate ACKs before, and are none that ask for a fast retransmission.
    const resent = beaten().server.sends('xyz', { ack: 999 }).server.sends('xyz', { seq: 5000, ack: 999 });
    expect(resent.labels).toEqual(['retransmission']);
  });

  test('a pace begins with the first of the same numbers, and one that was kept once is not kept for good', () => {
    const moved = conversation().established();
    moved.at(0).client.acks({ seq: 900 });
    for (const second of [10, 20]) moved.at(second).client.acks({ seq: 999 });
    expect(counts(moved, 0)).toEqual([0, 0]);
    const updates = conversation().established();
    for (const second of [0, 10, 20]) updates.at(second).client.acks({ window: 1000 + second });
    updates.at(35).client.acks();
    expect(updates.labels).toEqual(['duplicateAck']);
    expect(counts(updates, 0)).toEqual([0, 0]);
  });

  test('window probes that nobody is seen to answer keep a pace, too, and are no keep-alives', () => {
    const c = conversation().established().server.acks({ ack: 1000, window: 0 }).client.acks({ seq: 1000 });
    for (const second of [10, 20, 30, 40]) c.at(second).client.sends('x', { seq: 1000 });
    expect(c.labels).toEqual(['zeroWindowProbe']);
    expect(counts(c, 1)).toEqual([0, 0]);
    expect(c.pass.connections.windowProbes(0, 1)).toBe(4);
  });

  test('the first packet of a capture answers nothing, whatever its numbers', () => {
    const c = conversation().established().server.acks({ seq: 0, ack: 1 });
    expect(c.labels).toEqual([]);
    expect(counts(c, 1)).toEqual([0, 0]);
  });

  test('an uneven pace, a quick one, or one that the peer provokes is none', () => {
    const uneven = conversation().established();
    for (const second of [0, 10, 30, 70]) uneven.at(second).client.acks();
    expect(counts(uneven, 0)).toEqual([0, 0]);
    const quick = conversation().established();
    for (const second of [0, 0.5, 1, 1.5]) quick.at(second).client.acks();
    expect(counts(quick, 0)).toEqual([0, 0]);
    const provoked = conversation().established();
    for (const second of [0, 10, 20, 30]) {
      provoked.at(second).server.sends('again', { seq: 5000 });
      provoked.client.acks({ ack: 5000 });
    }
    expect(counts(provoked, 0)).toEqual([0, 0]);
    expect(counts(provoked, 1)).toEqual([0, 0]);
  });

  test('where one direction was captured, window updates and answers to window probes keep a pace, and are no probes', () => {
    const updates = conversation().established();
    for (const second of [0, 10, 20, 30]) updates.at(second).client.acks({ window: 1000 + second });
    expect(updates.labels).toEqual(['windowUpdate']);
    expect(counts(updates, 0)).toEqual([0, 0]);
    const stopped = conversation().established();
    for (const second of [0, 10, 20, 30]) stopped.at(second).client.acks({ window: 0 });
    expect(stopped.labels).toEqual(['zeroWindow']);
    expect(counts(stopped, 0)).toEqual([0, 0]);
  });

  test('an answer without a window tells that it was a window that the probes asked for, as Linux does', () => {
    const c = conversation().established();
    c.client.probes();
    c.server.acks({ window: 0 });
    expect(c.labels).toEqual(['zeroWindow']);
    expect(counts(c, 0)).toEqual([0, 0]);
    expect(c.pass.connections.windowProbes(0, 0)).toBe(1);
    c.at(5).client.probes();
    expect(c.labels).toEqual(['keepAlive']);
    expect(c.pass.connections.windowProbes(0, 0)).toBe(2);
    c.at(6).server.acks({ window: 500 }).client.sends('abc');
    expect(c.labels).toEqual([]);
    expect(c.stream(0)).toBe('abc');
  });

  test("a probe's garbage byte lies below what is acknowledged, and is still no retransmission", () => {
    const c = conversation().established();
    c.client.acks();
    c.at(3).server.probes('X');
    expect(c.labels).toEqual(['keepAlive']);
    expect(counts(c, 1)).toEqual([1, 0]);
    expect(c.pass.connections.retransmissions(0, 1)).toBe(0);
    expect(c.pass.connections.payloadBytes(0, 1)).toBe(0);
  });

  test('what is a probe already answers none', () => {
    const c = conversation().established();
    c.server.acks({ seq: 5000, ack: 999 });
    c.client.acks({ seq: 1000, ack: 5000 });
    c.client.acks({ seq: 999, ack: 5001 });
    expect(c.labels).toEqual(['ackLostSegment', 'keepAlive']);
  });

  test('the byte of a window probe makes no keep-alive of it', () => {
    const c = conversation().established();
    c.server.acks({ ack: 1000, window: 0 });
    c.client.acks({ seq: 1000 });
    c.client.sends('x', { seq: 1000 });
    expect(c.labels).toEqual(['zeroWindowProbe']);
    expect(counts(c, 1)).toEqual([0, 0]);
  });

  test('an ordinary acknowledgement of data does not look like an answer', () => {
    const c = conversation().established();
    c.client.acks();
    c.client.sends('x');
    c.server.acks();
    expect(c.labels).toEqual([]);
    expect(counts(c, 0)).toEqual([0, 0]);
  });

  test('an acknowledgement one further that also stands elsewhere is no answer', () => {
    const c = conversation().established();
    c.client.acks();
    c.server.acks({ seq: 5400, ack: 1001 });
    expect(c.labels).toEqual(['ackLostSegment']);
    expect(counts(c, 0)).toEqual([0, 0]);
  });

  test('the stream that follows has no gap at the probe', () => {
    const c = conversation().established();
    c.client.probes();
    c.server.acks();
    c.at(9).client.sends('hello').finish();
    expect(c.labels).toEqual([]);
    expect(c.stream(0)).toBe('hello');
  });

  test('data after an unanswered probe begin the stream too', () => {
    const c = conversation().established();
    c.client.probes();
    c.at(9).client.sends('hello').finish();
    expect(c.stream(0)).toBe('hello');
  });
});
