import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { TcpPass, type TcpOptions } from '../../src/tcp/index.ts';
import { FLOW_HELD_NODES_MAX } from '../../src/tcp/held.ts';
import { NODE_BYTES } from '../../src/tcp/hold-pool.ts';
import { conversation } from '../build/conversation.ts';
import { runs } from '../build/runs.ts';

describe('in order', () => {
  test('bytes come as they were sent, one call a segment', () => {
    const c = conversation().handshake().client.sends('abc').client.sends('def').server.sends('xyz');
    expect(c.stream(0)).toBe('abcdef');
    expect(c.pieces(0)).toBe(2);
    expect(c.stream(1)).toBe('xyz');
  });

  test('bytes sent again come once', () => {
    const c = conversation().handshake().client.sends('abc').client.resends('abc').client.sends('def');
    expect(c.stream(0)).toBe('abcdef');
  });

  test('a retransmission with more than before adds only the rest', () => {
    const c = conversation().handshake().client.sends('abc').client.sends('abcdef', { seq: 1001 });
    expect(c.stream(0)).toBe('abcdef');
    expect(c.pass.connections.payloadBytes(0, 0)).toBe(6);
  });

  test('data on a SYN follow the SYN (RFC 7413)', () => {
    const c = conversation();
    c.feed(true, { seq: 1000 }, FLAG.syn, 'abc', 100);
    c.feed(true, { seq: 1004, ack: 5001 }, FLAG.ack, 'def', 100);
    expect(c.stream(0)).toBe('abcdef');
  });

  test('what a RST carries is no stream data (RFC 9293 §3.5.3)', () => {
    const c = conversation().handshake();
    c.feed(true, { seq: 1001, ack: 5001 }, FLAG.rst | FLAG.ack, 'reason', 100);
    expect(c.stream(0)).toBe('');
    expect(c.pass.connections.payloadBytes(0, 0)).toBe(0);
  });
});

describe('out of order', () => {
  test('a later segment waits for its turn', () => {
    const c = conversation().handshake().client.sends('def', { seq: 1004 });
    expect(c.stream(0)).toBe('');
    c.client.sends('abc', { seq: 1001 });
    expect(c.stream(0)).toBe('abcdef');
  });

  test('of overlapping copies the first wins, also where it had to wait', () => {
    const c = conversation().handshake();
    c.client.sends('DEF', { seq: 1004 });
    c.client.sends('abcdefghi', { seq: 1001 });
    expect(c.stream(0)).toBe('abcDEFghi');
  });

  test('a segment around two waiting ones fills what is between them', () => {
    const c = conversation().handshake();
    c.client.sends('C', { seq: 1003 });
    c.client.sends('E', { seq: 1005 });
    c.client.sends('bcdef', { seq: 1002 });
    expect(c.stream(0)).toBe('');
    c.client.sends('a', { seq: 1001 });
    expect(c.stream(0)).toBe('abCdEf');
  });

  test('a segment larger than a node of the pool is kept whole', () => {
    const long = 'x'.repeat(NODE_BYTES * 3 + 5);
    const c = conversation().handshake().client.sends(long, { seq: 1004 });
    c.client.sends('abc', { seq: 1001 });
    expect(c.stream(0)).toBe(`abc${long}`);
  });
});

describe('overlap with other bytes', () => {
  const overlaps = (...segments: readonly (readonly [seq: number, text: string, captured?: number])[]): number => {
    const c = conversation().handshake();
    for (const [seq, text, captured] of segments)
      c.client.sends(text, captured === undefined ? { seq } : { seq, captured });
    expect(c.pass.connections.differingOverlaps(0, 1)).toBe(0);
    return c.pass.connections.differingOverlaps(0, 0);
  };

  test('is counted where a segment fills the hole in front of what waits', () => {
    expect(overlaps([1004, 'DEF'], [1001, 'abcdefghi'])).toBe(1);
    expect(overlaps([1004, 'def'], [1001, 'abcdeX'])).toBe(1);
    expect(overlaps([1004, 'def'], [1001, 'abcdefghi'])).toBe(0);
  });

  test('is counted where both wait, whichever begins first, and once for each stretch', () => {
    expect(overlaps([1004, 'def'], [1004, 'dXf'])).toBe(1);
    expect(overlaps([1004, 'def'], [1006, 'Xgh'])).toBe(1);
    expect(overlaps([1004, 'def'], [1003, 'cX'])).toBe(1);
    expect(overlaps([1004, 'd'], [1006, 'f'], [1003, 'cXeX'])).toBe(2);
    expect(overlaps([1004, 'd'], [1006, 'f'], [1003, 'cdXf'])).toBe(0);
    expect(overlaps([1004, 'def'], [1006, 'fgh'], [1003, 'cdefghi'])).toBe(0);
  });

  test('is none where they only touch, or where the snap length cut what would differ', () => {
    expect(overlaps([1004, 'def'], [1007, 'XYZ'], [1001, 'UVW'])).toBe(0);
    expect(overlaps([1004, 'def', 1], [1004, 'dXX'])).toBe(0);
    expect(overlaps([1004, 'def'], [1004, 'dXX', 1])).toBe(0);
  });

  test('is counted where it was delivered, and begins as a segment did and with other bytes', () => {
    expect(overlaps([1001, 'abc'], [1001, 'Xbc'])).toBe(1);
    expect(overlaps([1001, 'abc'], [1001, 'abX'])).toBe(1);
    expect(overlaps([1001, 'abc'], [1001, 'abc'])).toBe(0);
    expect(overlaps([1001, 'abc'], [1004, 'def'], [1001, 'abX'])).toBe(1);
    expect(overlaps([1001, 'abc'], [1004, 'def'], [1004, 'def'])).toBe(0);
  });

  test.each([0, 1, 3, 4, 7, 8, 11, 12, 15])('is seen in byte %i of a long segment', (at) => {
    const text = 'HTTP/1.1 200 OK, and much more';
    const other = `${text.slice(0, at)}#${text.slice(at + 1)}`;
    expect(overlaps([1001, text], [1001, other])).toBe(1);
    expect(overlaps([1001, text], [1001, text.slice(0, 20)])).toBe(0);
    expect(overlaps([1001, text], [1001, other.slice(0, 20)])).toBe(1);
  });

  test('is none where a segment of just sixteen bytes comes again with more behind them', () => {
    expect(overlaps([1001, 'HTTP/1.1 200 OK,'], [1001, 'HTTP/1.1 200 OK, and more'])).toBe(0);
    expect(overlaps([1001, 'HTTP/1.1 200 OK,'], [1001, 'HTTP/1.1 500 NO, and more'])).toBe(1);
  });

  test('is counted where more follows that was not delivered, and once more where what waits behind has other bytes', () => {
    const text = 'HTTP/1.1 200 OK, and';
    const other = `http${text.slice(4)}`;
    expect(overlaps([1001, text], [1001, `${text} much more`])).toBe(0);
    expect(overlaps([1001, text], [1001, `${other} much more`])).toBe(1);
    expect(overlaps([1001, text], [1026, ' more'], [1001, `${text} much more`])).toBe(0);
    expect(overlaps([1001, text], [1026, ' more'], [1001, `${other} much more`])).toBe(1);
    expect(overlaps([1001, text], [1026, ' less'], [1001, `${other} much more`])).toBe(2);
  });

  test('is held against what was delivered, not against what came after', () => {
    expect(overlaps([1001, 'abc'], [1001, 'XYZ'], [1001, 'abc'])).toBe(1);
    expect(overlaps([1001, 'abc'], [1001, 'XYZ'], [1001, 'XYZ'])).toBe(2);
  });

  test('is not seen behind the sixteenth byte of what was delivered, nor where segments begin elsewhere, nor where one is cut or short', () => {
    expect(overlaps([1001, 'HTTP/1.1 200 OK, a'], [1001, 'HTTP/1.1 200 OK, b'])).toBe(0);
    expect(overlaps([1001, 'abcdef'], [1002, 'XYZ'])).toBe(0);
    expect(overlaps([1001, 'abcdef'], [1001, 'XYZ'])).toBe(0);
    expect(overlaps([1001, 'abcdef'], [1001, 'XYZXYZ', 3])).toBe(0);
  });

  test('is not seen when so many segments came in between that the first is forgotten', () => {
    const after = (segments: number): number => {
      const c = conversation().handshake().client.sends('abc');
      for (let n = 0; n < segments; n++) c.client.sends('x');
      return c.client.sends('XYZ', { seq: 1001 }).pass.connections.differingOverlaps(0, 0);
    };
    expect([after(126), after(127)]).toEqual([1, 0]);
  });

  test("is not what a probe's garbage, or a RST's text, stands beside", () => {
    const probed = conversation().handshake().client.sends('abc').client.probes('X').client.sends('def');
    expect(probed.at(1).client.sends('c', { seq: 1003 }).labels).toEqual(['retransmission']);
    expect(probed.pass.connections.differingOverlaps(0, 0)).toBe(0);
    const shut = conversation().handshake().server.acks({ window: 0 });
    shut.client.sends('?', { seq: 1001 });
    shut.server.acks({ window: 100 });
    shut.client.sends('a', { seq: 1001 }).client.sends('bcd', { seq: 1002 });
    expect(shut.at(1).client.sends('a', { seq: 1001 }).labels).toEqual(['retransmission']);
    expect(shut.stream(0)).toBe('abcd');
    expect(shut.pass.connections.differingOverlaps(0, 0)).toBe(0);
    const refused = conversation().handshake();
    refused.feed(true, { seq: 1001, ack: 5001 }, FLAG.rst | FLAG.ack, 'why', 100);
    refused.client.sends('abc', { seq: 1001 }).client.resends('abc', { seq: 1001 });
    expect(refused.pass.connections.differingOverlaps(0, 0)).toBe(0);
  });

  test('is of one flow: what another connection or the other side sent is not held against it', () => {
    const c = conversation({ serverIsn: 1000 })
      .handshake()
      .client.sends('abc')
      .server.sends('XYZ')
      .server.resends('XYZ');
    expect([c.pass.connections.differingOverlaps(0, 0), c.pass.connections.differingOverlaps(0, 1)]).toEqual([0, 0]);
  });
});

describe('gaps', () => {
  test('a hole becomes a gap when the peer has acknowledged beyond it and the grace for disorder is over', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def');
    c.at(1).server.acks({ ack: 1004 });
    expect(c.stream(0)).toBe('');
    c.at(1.0029).server.acks({ ack: 1007 });
    expect(c.stream(0)).toBe('');
    c.at(1.003).server.acks({ ack: 1007 });
    expect(c.stream(0)).toBe('[gap 3 lost]def');
  });

  test('several holes under one acknowledgement share its grace', () => {
    const c = conversation().handshake();
    c.client.sends('def', { seq: 1004 });
    c.client.sends('jkl', { seq: 1010 });
    c.at(1).server.acks({ ack: 1013 });
    c.at(1.01).server.acks({ ack: 1013 });
    expect(c.stream(0)).toBe('[gap 3 lost]def[gap 3 lost]jkl');
  });

  test('the grace of one that is filled meanwhile goes on for the next one under the same acknowledgement', () => {
    const c = conversation().handshake().client.sends('def', { seq: 1004 }).client.sends('jkl', { seq: 1010 });
    c.at(1).server.acks({ ack: 1013 });
    c.at(1.001).client.sends('abc', { seq: 1001 });
    c.at(1.0029).server.acks({ ack: 1013 });
    expect(c.stream(0)).toBe('abcdef');
    c.at(1.003).server.acks({ ack: 1013 });
    expect(c.stream(0)).toBe('abcdef[gap 3 lost]jkl');
  });

  test('one that is acknowledged later has a grace of its own, beside the one before it and after it', () => {
    const beside = conversation().handshake().client.sends('def', { seq: 1004 }).client.sends('jkl', { seq: 1010 });
    beside.at(1).server.acks({ ack: 1007 });
    beside.at(1.001).client.sends('abc', { seq: 1001 });
    beside.at(2).server.acks({ ack: 1013 });
    expect(beside.stream(0)).toBe('abcdef');
    beside.at(2.003).server.acks({ ack: 1013 });
    expect(beside.stream(0)).toBe('abcdef[gap 3 lost]jkl');
    const after = conversation().handshake().client.sends('def', { seq: 1004 });
    after.at(1).server.acks({ ack: 1007 });
    after.at(2).server.acks({ ack: 1007 });
    after.at(3).client.sends('jkl', { seq: 1010 });
    after.at(3.1).server.acks({ ack: 1013 });
    expect(after.stream(0)).toBe('[gap 3 lost]def');
    after.at(3.103).server.acks({ ack: 1013 });
    expect(after.stream(0)).toBe('[gap 3 lost]def[gap 3 lost]jkl');
  });

  test('a packet that stands in the file behind its acknowledgement still fills the hole', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true });
    c.at(1).client.sends('def');
    c.at(1.0001).server.acks({ ack: 1007 });
    c.at(0.9999).client.sends('abc', { seq: 1001 });
    expect(c.stream(0)).toBe('abcdef');
  });

  test('a hole that nobody acknowledged stays open until the end', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def');
    c.at(0.5).server.acks({ ack: 1001 });
    expect(c.stream(0)).toBe('');
    c.finish();
    expect(c.stream(0)).toBe('[gap 3 lost]def');
  });

  test('a hole that the receiver has too, as its acknowledgements a second later tell, is no loss of the capture: what is behind it was not said to it', () => {
    const blackHole = () => {
      const c = conversation().handshake().client.sends('abc', { hidden: true });
      c.at(1).client.sends('def');
      return c;
    };
    const late = blackHole();
    late.at(2).server.acks({ ack: 1001 });
    late.finish();
    expect(late.stream(0)).toBe('');
    const soon = blackHole();
    soon.at(1.999).server.acks({ ack: 1001 });
    soon.finish();
    expect(soon.stream(0)).toBe('[gap 3 lost]def');
  });

  /** `abc` gets lost on the way to the server, which goes on acknowledging what is before; `def` is held. */
  const blackHole = (bounds: TcpOptions = {}) => {
    const c = conversation({ bounds }).handshake().client.sends('abc', { hidden: true });
    c.at(1).client.sends('def');
    return c.at(2.1).server.acks({ ack: 1001 });
  };

  test('nor is it where a RST of either side, a new incarnation or a full table ends the connection', () => {
    expect(blackHole().client.rst().finish().stream(0)).toBe('');
    expect(blackHole().server.rst().finish().stream(0)).toBe('');
    expect(blackHole().client.syn({ seq: 9_000_000 }).finish().stream(0, 0)).toBe('');
    const keeper = { spare: () => 0, released: () => {} };
    expect(blackHole({ connectionsMax: 1, keeper }).fromPort(7).client.syn().finish().stream(0, 0)).toBe('');
  });

  test('what was held then is let go: the same numbers once more are held anew', () => {
    const c = blackHole().client.rst();
    c.at(3).client.sends('DEF', { seq: 1004 });
    c.client.sends('abc', { seq: 1001 });
    expect(c.stream(0)).toBe('abcDEF');
  });

  test("a RST acknowledges nothing, however late it is: the hole in front of it is the capture's", () => {
    const lossy = () => {
      const c = conversation().handshake().client.sends('abc', { hidden: true });
      return c.at(1).client.sends('def').at(9);
    };
    expect(lossy().server.rst().stream(0)).toBe('[gap 3 lost]def');
    expect(lossy().server.rstAck({ ack: 1001 }).stream(0)).toBe('[gap 3 lost]def');
  });

  test('a hole that was filled at last says nothing of the next one', () => {
    const c = blackHole();
    c.at(3).client.sends('jkl', { seq: 1010 });
    c.client.sends('abc', { seq: 1001 });
    expect(c.stream(0)).toBe('abcdef');
    expect(c.client.rst().stream(0)).toBe('abcdef[gap 3 lost]jkl');
    const later = blackHole();
    later.at(3).client.sends('abc', { seq: 1001 });
    later.client.sends('jkl', { seq: 1010 });
    expect(later.client.rst().stream(0)).toBe('abcdef[gap 3 lost]jkl');
  });

  test('a hole that the peer acknowledges at last was received', () => {
    const c = blackHole();
    c.at(3).server.acks({ ack: 1007 });
    expect(c.client.rst().stream(0)).toBe('[gap 3 lost]def');
  });

  test('it waits as long as that, and is filled by what comes at last', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true });
    c.at(1).client.sends('def');
    c.at(30).server.sends('x', { ack: 1001 });
    c.at(30.1).client.sends('ghi');
    expect(c.stream(0)).toBe('');
    c.at(31).client.sends('abc', { seq: 1001 });
    expect(c.stream(0)).toBe('abcdefghi');
  });

  test('with the acknowledgements hidden, a hole is given up when its retransmission is overdue', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true });
    c.at(1).client.sends('def');
    c.at(11).client.sends('ghi');
    expect(c.stream(0)).toBe('');
    c.at(11.001).client.sends('jkl');
    expect(c.stream(0)).toBe('[gap 3 lost]defghijkl');
  });

  test('what was delivered long ago and comes again leaves the time of the hole as it was', () => {
    const c = conversation().handshake().client.sends('xyz').client.sends('abc', { hidden: true });
    c.at(1).client.sends('def');
    c.at(9).client.sends('xyz', { seq: 1001 });
    c.at(11.001).client.sends('ghi');
    expect(c.stream(0)).toBe('xyz[gap 3 lost]defghi');
  });

  test('the end of the capture ends it for each connection', () => {
    const c = conversation();
    for (const port of [1, 2, 3]) {
      c.fromPort(port).feed(true, { seq: 0 }, FLAG.syn, '', 100);
      c.feed(true, { seq: 3, ack: 1 }, FLAG.ack, 'late', 100);
    }
    c.finish();
    expect([0, 1, 2].map((connection) => c.stream(0, connection))).toEqual(Array(3).fill('[gap 2 lost]late'));
  });

  test('an accepted RST ends the waiting', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def').server.rst();
    expect(c.stream(0)).toBe('[gap 3 lost]def');
  });

  test('so does the one that its own side sends, and a FIN that is acknowledged already', () => {
    const reset = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def').client.rst();
    expect(reset.stream(0)).toBe('[gap 3 lost]def');
    const ended = () => conversation().handshake().client.sends('abcdef', { hidden: true }).client.fin().server.acks();
    expect(ended().client.sends('def', { seq: 1004 }).stream(0)).toBe('[gap 3 lost]def');
    const open = conversation().handshake().client.sends('abcdef', { hidden: true }).client.fin();
    expect(open.client.sends('def', { seq: 1004 }).stream(0)).toBe('');
  });

  test('the next incarnation ends the waiting of the one before', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def');
    c.server.sends('uvw', { hidden: true }).server.sends('xyz');
    c.client.syn({ seq: 9_000_000 });
    expect([c.stream(0, 0), c.stream(1, 0)]).toEqual(['[gap 3 lost]def', '[gap 3 lost]xyz']);
    expect(c.opened).toEqual([0, 1]);
  });

  test('payload that the snap length cut is a gap of its own', () => {
    const c = conversation().handshake().client.sends('abcdef', { captured: 2 }).client.sends('ghi');
    expect(c.stream(0)).toBe('ab[gap 4 snaplen]ghi');
    expect(c.pass.connections.payloadBytes(0, 0)).toBe(9);
  });

  test('cut payload that waited for its turn is the same', () => {
    const c = conversation().handshake().client.sends('defghi', { seq: 1004, captured: 1 });
    c.client.sends('abc', { seq: 1001 });
    expect(c.stream(0)).toBe('abcd[gap 5 snaplen]');
  });

  test('a flow that holds too much gives its holes up, and counts it', () => {
    const c = conversation().handshake();
    for (let n = 0; n <= FLOW_HELD_NODES_MAX; n++) c.client.sends('x', { seq: 1002 + n * 2 });
    expect(c.pass.limits.flowHeld).toBe(1);
    expect(c.pass.limits.poolHeld).toBe(0);
    expect(c.stream(0).startsWith('[gap 1 limit]x[gap 1 limit]x')).toBe(true);
    c.client.sends('!', { seq: 1001 + FLOW_HELD_NODES_MAX * 2 + 2 });
    expect(c.stream(0).endsWith('x!')).toBe(true);
  });

  test('when all flows together hold too much, one gives way besides the one that wants more, another each time', () => {
    const c = conversation({ bounds: { heldNodesMax: 4 } });
    const early = (port: number) => {
      c.fromPort(port);
      c.feed(true, { seq: 0 }, FLAG.syn, '', 100);
      c.feed(true, { seq: 3, ack: 1 }, FLAG.ack, 'late', 100);
    };
    for (const port of [0, 1, 2, 3]) early(port);
    expect(c.pass.limits.poolHeld).toBe(1);
    const gave = '[gap 2 limit]late';
    expect([0, 1, 2, 3].map((connection) => c.stream(0, connection))).toEqual([gave, '', '', gave]);
    for (const port of [4, 5]) early(port);
    expect(c.pass.limits.poolHeld).toBe(2);
    expect([0, 1, 2, 3, 4, 5].map((connection) => c.stream(0, connection))).toEqual([gave, gave, '', gave, '', gave]);
  });
});

describe('a start in the middle', () => {
  test('the first payload begins the stream', () => {
    const c = conversation().established().client.sends('abc').client.sends('def');
    expect(c.stream(0)).toBe('abcdef');
  });

  test('a position told before by a bare ACK begins it, where the payload comes later', () => {
    const c = conversation().established();
    c.client.acks();
    c.client.sends('abc', { hidden: true }).client.sends('def').finish();
    expect(c.stream(0)).toBe('[gap 3 lost]def');
  });

  test('an acknowledgement of the peer alone does not', () => {
    const c = conversation().established();
    c.server.acks();
    c.client.sends('abc', { hidden: true }).client.sends('def');
    expect(c.peerStream(0)).toBe('def');
  });
});

describe('a start in the middle, and numbers', () => {
  test('are counted wherever they begin', () => {
    for (const clientIsn of [1000, 2 ** 31, 3_000_000_000])
      expect(conversation({ clientIsn }).established().client.sends('abc').pass.connections.payloadBytes(0, 0)).toBe(3);
  });

  test("a keep-alive probe's garbage byte begins nothing", () => {
    const c = conversation().established().client.acks().client.probes('X');
    expect(c.labels).toEqual(['keepAlive']);
    expect(c.client.sends('abc').stream(0)).toBe('abc');
  });

  test('a first payload further from a bare ACK than any window is no hole', () => {
    const c = conversation().established().client.acks();
    expect(c.client.sends('abc', { seq: 1000 + 2 ** 30 + 1 }).stream(0)).toBe('abc');
  });

  test('one number beyond the bare ACK, as after a probe: what is acknowledged counts from there', () => {
    const c = conversation().established().client.acks();
    c.client.sends('abc', { seq: 1001 }).client.sends('ghi', { seq: 1007 });
    for (const second of [1, 2]) c.at(second).server.acks({ ack: 1004 });
    expect(c.stream(0)).toBe('abc');
    for (const second of [3, 4]) c.at(second).server.acks({ ack: 1005 });
    expect(c.stream(0)).toBe('abc[gap 3 lost]ghi');
  });
});

describe('window probes', () => {
  test('the byte of a probe is delivered once when the sender repeats it', () => {
    const c = conversation().handshake().client.sends('abc').server.acks({ window: 0 });
    c.client.sends('d', { seq: 1004 });
    c.server.acks({ window: 100 });
    c.client.sends('def', { seq: 1004 });
    expect(c.stream(0)).toBe('abcdef');
  });

  test('it is kept where the stream goes on behind it', () => {
    const c = conversation().handshake().client.sends('abc').server.acks({ window: 0 });
    c.client.sends('d', { seq: 1004 });
    c.server.acks({ window: 100, ack: 1005 });
    c.client.sends('ef', { seq: 1005 });
    expect(c.stream(0)).toBe('abcdef');
  });

  test('it is the first byte of a hole that is given up, however long that is', () => {
    const c = conversation().handshake().client.sends('abc').server.acks({ window: 0 });
    c.client.sends('d', { seq: 1004 });
    c.at(1).server.acks({ window: 100, ack: 1005 });
    c.client.sends('fg', { seq: 1006 });
    expect(c.stream(0)).toBe('abc');
    for (const second of [2, 3]) c.at(second).server.acks({ ack: 1008 });
    expect(c.stream(0)).toBe('abcd[gap 1 lost]fg');
  });

  test('one that the snap length cut is missing there', () => {
    const c = conversation().handshake().client.sends('abc').server.acks({ window: 0 });
    c.client.sends('d', { seq: 1004, captured: 0 });
    c.at(1).server.acks({ window: 100, ack: 1005 });
    c.client.sends('ef', { seq: 1005 }).at(2).server.acks({ ack: 1007 });
    c.at(2.1).server.acks({ ack: 1007 });
    expect(c.stream(0)).toBe('abc[gap 1 lost]ef');
  });

  test('one behind a hole is not the byte that is missing in front of it', () => {
    const c = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def');
    c.server.acks({ window: 0, ack: 1001 });
    expect(c.client.sends('g', { seq: 1007 }).labels).toEqual(['zeroWindowProbe']);
    c.server.acks({ window: 100, ack: 1001 });
    c.client.sends('bc', { seq: 1002 });
    expect(c.stream(0)).toBe('');
    c.client.sends('a', { seq: 1001 });
    expect(c.stream(0)).toBe('abcdef');
  });

  test.each([
    ['def', 1004],
    ['cdef', 1003],
  ])('once the stream has gone on by %j it is not used for a later hole', (text, seq) => {
    const c = conversation({ bounds: { predicts: false } })
      .handshake()
      .client.sends('abc')
      .server.acks({ window: 0 });
    c.client.sends('d', { seq: 1004 });
    c.server.acks({ window: 100 });
    c.client.sends(text, { seq }).client.sends('hi', { seq: 1008 });
    expect(c.stream(0)).toBe('abcdef');
    c.client.sends('g', { seq: 1007 });
    expect(c.stream(0)).toBe('abcdefghi');
  });

  test('a byte that proves wrong is not', () => {
    const c = conversation().handshake().client.sends('abc').server.acks({ window: 0 });
    c.client.sends('?', { seq: 1004 });
    c.server.acks({ window: 100 });
    c.client.sends('def', { seq: 1004 });
    expect(c.stream(0)).toBe('abcdef');
  });
});

describe('numbers outside any window', () => {
  test('one forged segment changes nothing', () => {
    const c = conversation().handshake().client.sends('abc');
    c.client.sends('evil', { seq: 1004 + 2 ** 30 + 1 });
    c.client.sends('def').finish();
    expect(c.stream(0)).toBe('abcdef');
    expect(c.pass.connections.payloadBytes(0, 0)).toBe(6);
  });

  test('two that continue each other tell that the capture paused', () => {
    const c = conversation().handshake().client.sends('abc');
    const far = (1004 + 2.5 * 2 ** 30) | 0;
    c.client.sends('one', { seq: far });
    c.client.sends('two', { seq: far + 3 });
    c.client.sends('three', { seq: far + 6 });
    expect(c.stream(0)).toBe(`abc[gap ${2.5 * 2 ** 30 + 3} lost]twothree`);
    expect(c.pass.connections.bytesInFlight(0, 0)).toBe(8);
    expect(c.server.acks({ ack: far + 11 }).did).toContain('ackAdvanced');
    expect(c.pass.connections.bytesInFlight(0, 0)).toBe(0);
  });
});

/** A piece of the stream as one segment: which bytes, how many of them were captured, and of which copy of the stream. */
interface Piece {
  readonly from: number;
  readonly bytes: number;
  readonly captured: number;
  readonly copy: number;
}

const STREAM_BYTES = 96;
const COPIES = 2;

/** Byte k of a copy of the stream: of the true one, or of one that differs throughout. */
const byteOf = (copy: number, k: number): number => (k * 37 + 11 + copy) & 0xff;

/** The stream that came out, lost bytes as -1, and how many of its bytes count as sent. */
interface Outcome {
  readonly stream: readonly number[];
  readonly payloadBytes: number;
}

/** Feeds the pieces in their order. */
function reassemble(isn: number, pieces: readonly Piece[]): Outcome {
  const moment = new Moment();
  const stream: number[] = [];
  const pass = new TcpPass(moment, {
    opened: () => {},
    segment: () => {},
    bytes: (_connection, _side, view, at, end) => {
      for (let byte = at; byte < end; byte++) stream.push(view.getUint8(byte));
    },
    gap: (_connection, _side, lostBytes) => {
      for (let lost = 0; lost < lostBytes; lost++) stream.push(-1);
    },
  });
  const segment = Object.assign(new Segment(), { src3: 1, dst3: 2, srcPort: 3, dstPort: 4, window: 100 });
  const views = Array.from({ length: COPIES }, (_, copy) => {
    const bytes = Uint8Array.from({ length: STREAM_BYTES }, (__, k) => byteOf(copy, k));
    return new DataView(bytes.buffer);
  });
  Object.assign(segment, { flags: FLAG.syn, seq: isn | 0 });
  pass.segment(segment, new DataView(new ArrayBuffer(0)));
  for (const piece of pieces) {
    moment.ns[0] = (moment.ns[0] ?? 0) + 1000;
    Object.assign(segment, {
      flags: FLAG.ack,
      seq: (isn + 1 + piece.from) | 0,
      payloadAt: piece.from,
      payloadEnd: piece.from + piece.captured,
      payloadBytes: piece.bytes,
    });
    pass.segment(segment, views[piece.copy] ?? new DataView(new ArrayBuffer(0)));
  }
  pass.finish();
  return { stream, payloadBytes: pass.connections.payloadBytes(0, 0) };
}

/** The naive way: a map of bytes, the first of each, read up to the last one known. */
function naive(pieces: readonly Piece[]): Outcome {
  const map = new Map<number, number>();
  for (const { from, bytes, captured, copy } of pieces) {
    for (let k = from; k < from + bytes; k++) if (!map.has(k)) map.set(k, k < from + captured ? byteOf(copy, k) : -1);
  }
  const last = Math.max(-1, ...map.keys());
  return { stream: Array.from({ length: last + 1 }, (_, k) => map.get(k) ?? -1), payloadBytes: map.size };
}

const anyPiece: fc.Arbitrary<Piece> = fc
  .record({
    from: fc.integer({ min: 0, max: STREAM_BYTES - 1 }),
    bytes: fc.integer({ min: 1, max: STREAM_BYTES }),
    captured: fc.oneof({ weight: 3, arbitrary: fc.constant(STREAM_BYTES) }, fc.nat(STREAM_BYTES)),
    copy: fc.nat(COPIES - 1),
  })
  .map((piece) => {
    const bytes = Math.min(piece.bytes, STREAM_BYTES - piece.from);
    return { ...piece, bytes, captured: Math.min(piece.captured, bytes) };
  });

/** Anywhere, and often so that the data straddle 2^32. */
const anyIsn = fc.oneof(
  fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  fc.integer({ min: 2 ** 32 - STREAM_BYTES, max: 2 ** 32 - 2 }),
);

describe('properties', () => {
  test('any order, overlap, repetition, cut and loss, whatever the copies hold, at any number: first bytes win, as in a naive byte map', () => {
    fc.assert(
      fc.property(anyIsn, fc.array(anyPiece, { maxLength: 24 }), (isn, pieces) => {
        expect(reassemble(isn, pieces)).toEqual(naive(pieces));
      }),
      { numRuns: runs(3000) },
    );
  });

  test('the whole stream, cut anywhere and shuffled, comes out whole', () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: STREAM_BYTES - 1 }), { maxLength: 12 });
    fc.assert(
      fc.property(anyIsn, cuts, fc.infiniteStream(fc.nat()), (isn, at, random) => {
        const edges = [0, ...at.toSorted((a, b) => a - b), STREAM_BYTES];
        const pieces = edges.slice(1).map((end, n) => {
          const from = edges[n] ?? 0;
          return { from, bytes: end - from, captured: end - from, copy: 0 };
        });
        const shuffled = pieces
          .map((piece) => ({ piece, key: random.next().value ?? 0 }))
          .toSorted((a, b) => a.key - b.key)
          .map(({ piece }) => piece);
        expect(reassemble(isn, shuffled).stream).toEqual(Array.from({ length: STREAM_BYTES }, (_, k) => byteOf(0, k)));
      }),
      { numRuns: runs(1000) },
    );
  });
});
