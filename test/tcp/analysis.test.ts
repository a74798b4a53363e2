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

describe('where Wireshark draws its lines', () => {
  test('a segment that reaches the end of what was sent is a retransmission, however soon it comes; one further back is out of order', () => {
    const sent = () => conversation().handshake().client.sends('abc').client.sends('def');
    expect(sent().client.resends('def').labels).toEqual(['retransmission']);
    expect(sent().client.resends('cdef').labels).toEqual(['retransmission']);
    expect(sent().client.sends('ab', { seq: 1001 }).labels).toEqual(['outOfOrder']);
  });

  test('in the same moment as a later segment it is out of order, whether it was shown before or not', () => {
    const later = () => conversation().handshake().at(1).client.sends('abc').at(1).client.sends('def').at(1);
    expect(later().client.sends('ab', { seq: 1001 }).labels).toEqual(['outOfOrder']);
    const early = conversation().handshake().at(1).client.sends('def', { seq: 1004 });
    expect(early.at(1).client.sends('abc', { seq: 1001 }).labels).toEqual(['outOfOrder']);
  });

  test('a FIN counts to the end: data that end before it do not reach it', () => {
    const closed = conversation().handshake().client.sends('abc').client.fin();
    expect(closed.client.sends('abc', { seq: 1001 }).labels).toEqual(['outOfOrder']);
    expect(closed.at(5).client.fin({ seq: 1004 }).labels).toEqual(['retransmission']);
  });

  test('a fast retransmission begins where the duplicate ACKs stand, and their count begins anew when they move on', () => {
    const asked = (...acks: readonly number[]) => {
      const c = conversation().handshake().client.sends('abc').client.sends('def').client.sends('ghi');
      c.at(1);
      for (const ack of acks) c.server.acks({ ack });
      return c;
    };
    const fast = ['retransmission', 'fastRetransmission'];
    expect(asked(1004, 1004, 1004).client.sends('def', { seq: 1004 }).labels).toEqual(fast);
    expect(asked(1004, 1004, 1004).client.sends('e', { seq: 1005 }).labels).toEqual(['retransmission']);
    expect(asked(1004, 1004).client.sends('def', { seq: 1004 }).labels).toEqual(['retransmission']);
    expect(asked(1001, 1001, 1001, 1004).client.sends('def', { seq: 1004 }).labels).toEqual(['retransmission']);
    expect(asked(1004, 1004, 1004).at(1.002).client.sends('def', { seq: 1004 }).labels).toEqual(fast);
    expect(asked(1004, 1004, 1004).at(0.9).client.sends('def', { seq: 1004 }).labels).toEqual(['retransmission']);
  });

  test('an acknowledgement of what was not seen counts as duplicate ACKs of its receiver, until that one acknowledges more', () => {
    const lossy = () => {
      const c = conversation().handshake().client.sends('abc', { hidden: true }).server.sends('xyz');
      expect(c.labels).toEqual(['ackLostSegment']);
      return c;
    };
    expect(lossy().server.resends('xyz').labels).toEqual(['retransmission', 'fastRetransmission']);
    expect(lossy().client.acks({ ack: 5002 }).server.resends('xyz').labels).toEqual([
      'retransmission',
      'ackLostSegment',
    ]);
  });

  test('control segments shut no window, and a RST beyond the expected number lost nothing', () => {
    expect(conversation().handshake().server.rst({ window: 0 }).labels).toEqual([]);
    expect(conversation().handshake().server.fin({ window: 0 }).labels).toEqual([]);
    expect(conversation().handshake().client.rst({ seq: 1051 }).labels).toEqual([]);
    expect(conversation().handshake().client.fin({ seq: 1051 }).labels).toEqual(['lostSegment']);
  });

  test('the ACK field of a RST without the flag acknowledges nothing', () => {
    const c = conversation({ serverIsn: 0x90000000 }).handshake();
    expect(c.client.rst().labels).toEqual([]);
    expect(conversation({ serverIsn: 0x90000000 }).handshake().client.rstAck({ ack: 0 }).labels).toEqual([
      'ackLostSegment',
    ]);
  });

  test('a window probe is one byte, at the next number, and while the window is shut', () => {
    const shut = (window: number) => conversation().handshake().client.sends('abc').server.acks({ window });
    expect(shut(0).client.sends('d').labels).toEqual(['zeroWindowProbe']);
    expect(shut(9).client.sends('d').labels).toEqual([]);
    expect(shut(0).client.sends('de').labels).toEqual([]);
    expect(shut(0).client.sends('e', { seq: 1005 }).labels).toEqual(['lostSegment']);
    expect(shut(0).client.acks().labels).not.toContain('zeroWindowProbe');
  });

  test('a shut window that is told again answers a probe, and nothing else', () => {
    const c = conversation().handshake().client.sends('abc').server.acks({ window: 0 }).server.acks();
    expect(c.labels).toEqual(['zeroWindow']);
    c.client.sends('d', { seq: 1004 });
    expect(c.server.acks({ ack: 1005 }).labels).toEqual(['ackLostSegment', 'zeroWindow']);
    c.client.sends('d', { seq: 1004 });
    expect(c.server.sends('no').labels).toEqual(['zeroWindow']);
  });

  test('a repeated ACK answers the probe that came last, with the same window only', () => {
    const probed = () => conversation().handshake().client.sends('abc').server.acks().client.probes();
    expect(probed().server.acks().labels).toEqual(['keepAliveAck']);
    expect(probed().server.acks({ window: 9 }).labels).toEqual(['windowUpdate']);
    expect(probed().client.sends('def').server.acks({ ack: 1004 }).labels).toEqual(['duplicateAck']);
    expect(probed().server.sends('x').labels).toEqual([]);
    expect(probed().server.acks({ seq: 5002 }).labels).toEqual(['lostSegment']);
  });
});

describe('the window that a segment fills', () => {
  const scaled = (client: number, server: number) =>
    conversation().client.syn({ windowShift: client }).server.synAck({ windowShift: server }).client.acks();

  test('ends exactly where the segment does', () => {
    const filled = (text: string) => scaled(1, 1).server.acks({ window: 3 }).client.sends(text).labels;
    expect([filled('abcde'), filled('abcdef'), filled('abcdefg')]).toEqual([[], ['windowFull'], []]);
  });

  test("is its side's own, by the peer's shift, counted from what the peer acknowledged", () => {
    expect(scaled(1, 2).server.acks({ window: 3 }).client.sends('abcdefghijkl').labels).toEqual(['windowFull']);
    const c = scaled(1, 1).client.sends('abcd').server.acks({ window: 3 });
    expect(c.client.sends('efghij').labels).toEqual(['windowFull']);
  });

  test('is not scaled in a SYN-ACK, up to the first ACK behind it (RFC 7323 §2.2)', () => {
    const early = conversation().client.syn({ windowShift: 1 }).server.synAck({ windowShift: 1, window: 3 });
    expect(early.client.sends('abc').labels).toEqual(['windowFull']);
  });

  test('is scaled by a shift of 0 as by any other, and by the SYN that told one though it comes again without', () => {
    expect(scaled(0, 1).server.acks({ window: 3 }).client.sends('abcdef').labels).toEqual(['windowFull']);
    const again = conversation().client.syn({ windowShift: 1 }).client.syn({ seq: 1000 });
    again.server.synAck({ windowShift: 1 }).client.acks().server.acks({ window: 3 });
    expect(again.client.sends('abcdef').labels).toEqual(['windowFull']);
  });

  test('is not known where no SYN told the shift', () => {
    expect(conversation().established().server.acks({ window: 3 }).client.sends('abc').labels).toEqual([]);
  });

  test('is scaled by 14 at the most (RFC 7323 §2.3)', () => {
    expect(
      scaled(15, 15)
        .server.acks({ window: 1 })
        .client.sends('x'.repeat(2 ** 14)).labels,
    ).toEqual(['windowFull']);
  });

  test('is scaled by neither where the answering side has no scaling, or the asking one', () => {
    const without = conversation().client.syn({ windowShift: 1 }).server.synAck().client.acks();
    expect(without.server.acks({ window: 3 }).client.sends('abc').labels).toEqual(['windowFull']);
    const unasked = conversation().client.syn().server.synAck({ windowShift: 1 }).client.acks({ window: 3 });
    expect(unasked.server.sends('abc').labels).toEqual(['windowFull']);
  });
});

describe('numbers of which Wireshark makes something of its own', () => {
  test('0 is no known number: nothing is held against it', () => {
    const atZero = () => conversation({ clientIsn: 0xfffffffc }).handshake().client.sends('abc');
    expect(atZero().client.sndNxt).toBe(0);
    expect(atZero().client.sends('xyz', { seq: 100 }).labels).toEqual([]);
    expect(atZero().at(1).client.resends('abc').labels).toEqual([]);
    const shown = conversation({ clientIsn: 0xfffffffb }).handshake().client.sends('abc');
    expect(shown.client.sends('xyz', { seq: 100 }).labels).toEqual(['lostSegment']);
    expect(shown.at(1).client.sends('abc', { seq: 0xfffffffc }).labels).toEqual(['retransmission']);
  });

  test('an acknowledgement of 0 covers nothing', () => {
    const sent = (serverIsn: number) => {
      const c = conversation({ serverIsn })
        .handshake()
        .server.sends('abcdef')
        .client.acks({ ack: serverIsn + 4 });
      return c.at(1).server.sends('abc', { seq: serverIsn + 1 }).labels;
    };
    expect(sent(0xfffffffc)).toEqual(['retransmission']);
    expect(sent(0xfffffffb)).toEqual(['retransmission', 'spuriousRetransmission']);
  });

  test('half of all numbers ahead is both ahead and behind', () => {
    const far = (ahead: number) =>
      conversation()
        .handshake()
        .client.sends('far', { seq: 1001 + ahead }).labels;
    expect(far(2 ** 31 - 4)).toEqual(['lostSegment']);
    expect(far(2 ** 31)).toEqual(['retransmission', 'spuriousRetransmission', 'lostSegment']);
    expect(far(2 ** 31 + 1)).toEqual(['retransmission', 'spuriousRetransmission']);
  });
});

describe('the round trip of the handshake', () => {
  /** SYN, SYN-ACK and ACK at these seconds; then bytes swapped that are so much apart. */
  const swapped = (syn: number, synAck: number, ack: number, apart: number) => {
    const c = conversation().at(syn).client.syn().at(synAck).server.synAck().at(ack).client.acks();
    c.at(9).client.sends('def', { seq: 1004 }).client.sends('ghi', { seq: 1007 });
    return c.at(9.001 + apart).client.sends('abc', { seq: 1001 }).labels;
  };

  test('bounds disorder, also where it is less than 3 ms; of a clock that stood still it is not taken', () => {
    expect([swapped(0, 0.0005, 0.001, 0.0009), swapped(0, 0.0005, 0.001, 0.0011)]).toEqual([
      ['outOfOrder'],
      ['retransmission'],
    ]);
    expect([swapped(0, 0, 0, 0.0029), swapped(0, 0, 0, 0.0031)]).toEqual([['outOfOrder'], ['retransmission']]);
  });

  test('is measured once: a SYN that comes again later changes it no more', () => {
    const c = conversation().at(0).client.syn().at(0.01).server.synAck().at(0.02).client.acks();
    c.at(1).client.syn({ seq: 1000 }).at(1.5).server.acks();
    expect(c.pass.connections.initialRttNs(0)).toBe(0.02e9);
  });

  test('ends with the first ACK of either side', () => {
    const c = conversation().at(0).client.syn().at(0.01).server.acks({ seq: 5001 });
    expect(c.pass.connections.initialRttNs(0)).toBe(0.01e9);
    c.at(0.03).client.acks();
    expect(c.pass.connections.initialRttNs(0)).toBe(0.01e9);
  });

  test('does not end with a RST that acknowledges nothing', () => {
    const c = conversation().at(0).client.syn().at(0.01).server.rst();
    expect(c.pass.connections.initialRttNs(0)).toBeNaN();
  });

  test('runs from the SYN that was sent last, whatever came between', () => {
    const c = conversation().at(0).client.syn().at(1).client.syn({ seq: 1000 });
    c.at(1.01).server.synAck().at(1.02).client.acks();
    expect(c.pass.connections.initialRttNs(0)).toBeCloseTo(0.02e9, 0);
  });
});
