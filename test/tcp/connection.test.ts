import { describe, expect, test } from 'vitest';
import { OPENING } from '../../src/tcp/index.ts';
import { conversation } from '../build/conversation.ts';

describe('opening', () => {
  test('a handshake: the SYN tells the side, the SYN-ACK that it opened', () => {
    const c = conversation().handshake();
    expect(c.opened).toEqual([0]);
    expect(c.pass.connections.synSide(0)).toBe(0);
    expect(c.pass.connections.opening(0)).toBe(OPENING.handshake);
  });

  test('the SYN-ACK alone tells who sent the SYN', () => {
    const c = conversation().established();
    c.client.syn({ hidden: true });
    c.server.synAck();
    c.client.acks();
    expect(c.pass.connections.synSide(0)).toBe(1);
    expect(c.pass.connections.opening(0)).toBe(OPENING.handshake);
    expect(c.opened).toEqual([0]);
  });

  test('a SYN and anything behind it but a RST is a handshake, where the SYN-ACK was not captured', () => {
    const c = conversation().client.syn().client.acks();
    expect(c.pass.connections.opening(0)).toBe(OPENING.handshake);
    const ignored = conversation().client.syn().server.rst({ seq: 0 });
    expect(ignored.pass.connections.opening(0)).toBe(OPENING.unanswered);
  });

  test('a RST after the handshake is no refusal', () => {
    expect(conversation().handshake().server.rst().pass.connections.opening(0)).toBe(OPENING.handshake);
  });

  test('of two SYNs that cross, the first tells the side', () => {
    expect(conversation().client.syn().server.syn().pass.connections.synSide(0)).toBe(0);
  });

  test('a connection that was open when the capture began has no SYN side', () => {
    const c = conversation().established().client.sends('abc');
    expect(c.pass.connections.synSide(0)).toBeUndefined();
    expect(c.pass.connections.opening(0)).toBe(OPENING.beforeCapture);
  });

  test('a ladder of SYNs with one number is one unanswered attempt, its repeats retransmissions', () => {
    const c = conversation();
    c.at(0).client.syn();
    for (const second of [1, 3, 7]) c.at(second).client.syn({ seq: 1000 });
    expect(c.opened).toEqual([0]);
    expect(c.pass.connections.opening(0)).toBe(OPENING.unanswered);
    expect(c.labels).toEqual(['retransmission']);
    expect(c.pass.connections.retransmissions(0, 0)).toBe(3);
    expect(c.did).toEqual(['elicit', 'ackedAll', 'inFlight']);
  });

  test('a SYN answered by a RST that acknowledges it is refused', () => {
    const c = conversation().client.syn().server.rstAck();
    expect(c.did).toContain('rstInWindow');
    expect(c.pass.connections.opening(0)).toBe(OPENING.refused);
  });

  test('after a refusal a SYN with another number is a new incarnation, the same number is not', () => {
    const same = conversation().client.syn().server.rstAck().client.syn({ seq: 1000 });
    expect(same.opened).toEqual([0]);
    const other = conversation().client.syn().server.rstAck().client.syn({ seq: 99_000 });
    expect(other.opened).toEqual([0, 1]);
    expect(other.labels).toContain('reusedPorts');
    expect(other.pass.connections.incarnation(1)).toBe(1);
    expect(other.pass.connections.previous(1)).toBe(0);
  });

  test('a simultaneous open (RFC 9293 §3.5) is one connection and opens', () => {
    const c = conversation();
    c.client.syn();
    c.server.syn();
    c.client.synAck({ seq: 1000 });
    c.server.synAck({ seq: 5000 });
    expect(c.opened).toEqual([0]);
    expect(c.pass.connections.synSide(0)).toBe(0);
    expect(c.pass.connections.opening(0)).toBe(OPENING.handshake);
    expect(c.labels).not.toContain('reusedPorts');
    c.client.sends('abc').server.sends('xyz');
    expect([c.stream(0), c.stream(1)]).toEqual(['abc', 'xyz']);
  });

  test('a SYN that stands in the file behind its SYN-ACK opens nothing new', () => {
    const c = conversation().established();
    c.client.syn({ hidden: true });
    c.server.synAck();
    c.client.syn({ seq: 1000 });
    c.client.acks();
    expect(c.opened).toEqual([0]);
    expect(c.pass.connections.synSide(0)).toBe(1);
  });

  test('a SYN-ACK with a new number still answers the SYN that it acknowledges', () => {
    const c = conversation().client.syn().server.synAck().server.synAck({ seq: 77_777 });
    expect(c.opened).toEqual([0]);
    expect(c.labels).toContain('reusedPorts');
    expect(c.pass.connections.initialSeq(0, 1)).toBe(77_777);
  });
});

describe('incarnations', () => {
  test('a SYN with a new number on a used 4-tuple is a new connection', () => {
    const c = conversation().handshake().client.sends('abc').server.acks();
    c.client.syn({ seq: 3_000_000 });
    expect(c.opened).toEqual([0, 1]);
    expect(c.last.connection).toBe(1);
    expect(c.labels).toEqual(['reusedPorts']);
  });

  test('so is a third one, and one behind a RST of a peer of which nothing else was seen', () => {
    const third = conversation().handshake().client.syn({ seq: 3_000_000 }).client.syn({ seq: 6_000_000 });
    expect(third.opened).toEqual([0, 1, 2]);
    expect([third.pass.connections.previous(2), third.pass.connections.incarnation(2)]).toEqual([1, 2]);
    expect(conversation().established().server.rst().client.syn().opened).toEqual([0, 1]);
    expect(conversation().established().server.sends('abc').client.syn({ seq: 999 }).opened).toEqual([0]);
    expect(conversation().established().server.sends('abc').client.syn({ seq: 777_777 }).opened).toEqual([0, 1]);
  });

  test('a SYN-ACK with another number that acknowledges no SYN of it, or comes behind data, is of a new one', () => {
    const answered = () => conversation().client.syn().server.synAck();
    expect(answered().server.synAck({ seq: 3_000_000, ack: 1001 }).opened).toEqual([0]);
    expect(answered().server.synAck({ seq: 3_000_000, ack: 1002 }).opened).toEqual([0, 1]);
    const busy = conversation().handshake().server.sends('abc');
    expect(busy.server.synAck({ seq: 3_000_000, ack: 1001 }).opened).toEqual([0, 1]);
  });

  test('where only the answering direction was captured, its SYN-ACK tells the reuse', () => {
    const c = conversation().established().server.sends('abc');
    c.server.synAck({ seq: 3_000_000, ack: 70_001 });
    expect(c.opened).toEqual([0, 1]);
    expect(c.labels).toEqual(['reusedPorts']);
    const asked = conversation().handshake();
    asked.client.syn({ seq: 3_000_000 });
    asked.server.synAck({ seq: 9_000_000, ack: 3_000_001 });
    expect(asked.opened).toEqual([0, 1]);
    expect(asked.labels).toEqual([]);
    const crossed = conversation().handshake().client.syn({ seq: 3_000_000 }).server.syn({ seq: 9_000_000 });
    expect(crossed.opened).toEqual([0, 1]);
    expect(crossed.labels).toEqual([]);
  });

  test('an old SYN that comes late belongs to its own incarnation', () => {
    const c = conversation().handshake();
    c.client.syn({ seq: 3_000_000 });
    c.client.syn({ seq: 1000 });
    expect(c.opened).toEqual([0, 1]);
    expect(c.last.connection).toBe(0);
  });

  test('data of the old incarnation that come after the new SYN are not taken for the new one', () => {
    const c = conversation().handshake().client.sends('abc').server.acks();
    c.client.syn({ seq: 3_000_000 });
    c.server.sends('late', { seq: 5001, ack: 1004 });
    expect(c.last.connection).toBe(0);
    expect(c.stream(1)).toBe('late');
    expect(c.opened).toEqual([0, 1]);
  });

  test('a SYN-ACK with another number is of this connection within one window of where it stands, and of a new one beyond', () => {
    const late = (bytes: number) => {
      const c = conversation().handshake().server.sends('abc');
      return c.server.synAck({ seq: 5004 - bytes, ack: 77 });
    };
    expect(late(65_535).opened).toEqual([0]);
    expect(late(65_536).opened).toEqual([0, 1]);
  });

  test('what comes late is of the connection before within one window of where that one stood', () => {
    const late = (bytes: number) => {
      const c = conversation().handshake().client.sends('abc').server.acks();
      c.client.syn({ seq: 3_000_000 });
      return c.client.sends('late', { seq: 1004 - bytes, ack: 5001 }).last.connection;
    };
    expect(late(65_535)).toBe(0);
    expect(late(65_536)).toBe(1);
  });

  describe('while the new one has not opened', () => {
    const reopened = (seq = 3_000_000) => {
      const c = conversation().handshake().client.sends('abc').server.sends('xyz').client.acks();
      return c.client.syn({ seq });
    };

    test('late packets are of the old one up to its handshake, and of the new one behind it', () => {
      const c = reopened();
      c.server.synAck({ seq: 9_000_000, ack: 3_000_001 });
      expect(c.client.sends('late', { seq: 1004, ack: 5004 }).last.connection).toBe(0);
      c.client.acks({ seq: 3_000_001, ack: 9_000_001 });
      expect(c.last.connection).toBe(1);
      expect(c.client.sends('late', { seq: 1004, ack: 5004 }).last.connection).toBe(1);
    });

    test('what is near both is of the new one', () => {
      const c = reopened(1004 + 40_000);
      expect(c.client.acks({ seq: 1005 + 40_000, ack: 9_000_001 }).last.connection).toBe(1);
      expect(c.client.acks({ seq: 1004, ack: 5004 }).last.connection).toBe(1);
    });

    test('its answering side is told by what it acknowledges, and a RST without ACK is of the new one', () => {
      const near = (ack: number) => reopened().server.sends('new', { seq: 5004, ack }).last.connection;
      expect([near(3_000_001), near(1004)]).toEqual([1, 0]);
      expect([near(3_000_001 + 65_535), near(3_000_001 + 65_536)]).toEqual([1, 0]);
      expect(reopened().server.rst({ seq: 5004 }).last.connection).toBe(1);
    });

    test('sides may have changed places: late packets keep the ones of their own connection', () => {
      const c = conversation().handshake().client.sends('abc').server.acks();
      c.server.syn({ seq: 42_000_000 });
      expect(c.last).toMatchObject({ connection: 1, side: 0 });
      c.client.sends('late', { seq: 1004, ack: 5001 });
      expect(c.last).toMatchObject({ connection: 0, side: 0 });
      expect(c.stream(0)).toBe('abclate');
    });
  });

  test('the peer may be the one that opens the next incarnation', () => {
    const c = conversation().handshake();
    c.server.syn({ seq: 42_000_000 });
    expect(c.opened).toEqual([0, 1]);
    expect(c.last.side).toBe(0);
    expect(c.pass.connections.port(1, 0)).toBe(80);
  });

  test('TIME-WAIT reuse (RFC 9293 §3.6.1): after both FINs a SYN with a higher number is a new incarnation on used ports', () => {
    const finished = () => conversation().handshake().client.sends('abc').client.fin().server.fin().client.acks();
    const c = finished();
    c.client.syn({ seq: 70_000 });
    expect(c.opened).toEqual([0, 1]);
    expect(c.labels).toEqual(['reusedPorts']);
    expect(c.pass.connections.previous(1)).toBe(0);
    c.server.synAck({ seq: 90_000, ack: 70_001 });
    expect(c.opened).toEqual([0, 1]);
    c.client.acks({ seq: 70_001, ack: 90_001 });
    c.client.sends('new', { seq: 70_001, ack: 90_001 });
    expect(c.pass.connections.opening(1)).toBe(OPENING.handshake);
    expect([c.stream(0, 0), c.stream(0, 1)]).toEqual(['abc', 'new']);
    const old = finished();
    old.client.syn({ seq: 1000 });
    expect(old.opened).toEqual([0]);
  });

  test('connections beyond the limit are counted and ignored', () => {
    const c = conversation({ bounds: { connectionsMax: 1 } });
    c.client.syn();
    c.fromPort(1).client.syn({ seq: 5 });
    expect(c.told).toHaveLength(1);
    expect(c.pass.limits.ignoredPackets).toBe(1);
  });
});

describe('FIN', () => {
  test('each side has one first FIN; the same one again is a retransmission', () => {
    const c = conversation().handshake().client.fin();
    expect(c.did).toContain('firstFin');
    c.at(1).client.fin({ seq: c.client.sndNxt - 1 });
    expect(c.did).not.toContain('firstFin');
    expect(c.labels).toEqual(['retransmission']);
    c.server.fin();
    expect(c.did).toContain('firstFin');
  });

  test("the connection is over with the second side's first one, and only then", () => {
    const c = conversation().handshake().client.fin();
    expect(c.did).not.toContain('over');
    c.client.fin({ seq: c.client.sndNxt - 1 });
    expect(c.did).not.toContain('over');
    c.server.fin();
    expect(c.did).toContain('over');
    c.server.fin({ seq: c.server.sndNxt - 1 });
    expect(c.did).not.toContain('over');
  });

  test('acknowledged, it tells at once that nothing before it will come any more', () => {
    const ended = (fin: boolean) => {
      const c = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def');
      if (fin) c.client.fin();
      return c.server.acks();
    };
    expect(ended(true).stream(0)).toBe('[gap 3 lost]def');
    expect(ended(false).stream(0)).toBe('');
    const unacked = conversation().handshake().client.sends('abc', { hidden: true }).client.sends('def').client.fin();
    expect(unacked.server.acks({ ack: 1007 }).stream(0)).toBe('');
  });

  test('after a half-close the other side still delivers', () => {
    const c = conversation().handshake().client.fin().server.acks().server.sends('more');
    expect(c.stream(1)).toBe('more');
    expect(c.did).toContain('payload');
  });

  test('half-closed is open: its data are acknowledged, the second FIN is the first of its side, and a RST still counts', () => {
    const c = conversation().handshake().client.sends('abc').client.fin().server.acks();
    c.server.sends('more');
    c.client.acks();
    expect(c.did).toEqual(expect.arrayContaining(['ackAdvanced', 'ackedAll']));
    c.server.sends('last');
    c.server.fin();
    expect(c.did).toContain('firstFin');
    expect([c.stream(0), c.stream(1)]).toEqual(['abc', 'morelast']);
    expect(c.opened).toEqual([0]);
    const cut = conversation().handshake().client.fin().server.acks().server.sends('more').server.rst();
    expect(cut.did).toContain('rstInWindow');
    expect(cut.pass.connections.hasReset(0, 1)).toBe(true);
  });
});

describe('challenge ACK (RFC 5961)', () => {
  const open = () => conversation().handshake({ windowShift: 0 }).client.sends('abc').server.acks({ window: 100 });

  test('§4: a stray SYN that gets an ACK leaves the connection as it was', () => {
    const c = open();
    c.client.syn({ seq: 1000 });
    c.server.acks();
    expect(c.last.connection).toBe(0);
    expect(c.labels).toContain('duplicateAck');
    c.client.sends('def');
    expect(c.opened).toEqual([0]);
    expect(c.stream(0)).toBe('abcdef');
  });

  test('§3: a RST elsewhere in the window is not where the peer expects it, and the stream goes on', () => {
    const c = open();
    c.client.rst({ seq: 1004 + 50 });
    expect(c.did).toContain('rstInWindow');
    expect(c.did).not.toContain('rstExpected');
    expect(c.did).not.toContain('over');
    expect(open().client.rst().did).toEqual(expect.arrayContaining(['rstExpected', 'over']));
    c.server.acks({ ack: 1004 });
    c.client.sends('def');
    expect(c.did).not.toContain('rstInWindow');
    expect(c.stream(0)).toBe('abcdef');
  });
});

describe('RST (RFC 9293 §3.10.7)', () => {
  const open = () => conversation().handshake({ windowShift: 0 }).client.sends('abc').server.acks({ window: 100 });

  test('at the expected number it is accepted', () => {
    const c = open().client.rst();
    expect(c.did).toContain('rstInWindow');
    expect(c.pass.connections.hasReset(0, 0)).toBe(true);
  });

  test('it ends the connection at once at the last number acknowledged and at the last one sent, and nowhere between', () => {
    const inFlight = () => open().client.sends('defg');
    expect(inFlight().client.rst({ seq: 1004 }).did).toContain('over');
    expect(inFlight().client.rst({ seq: 1008 }).did).toContain('over');
    expect(inFlight().client.rst({ seq: 1006 }).did).not.toContain('over');
    expect(inFlight().client.rst({ seq: 1006 }).did).toContain('rstInWindow');
    expect(conversation().client.syn().server.rstAck().did).toContain('over');
    expect(conversation().client.rst({ seq: 7 }).did).toContain('over');
  });

  test('a window that nobody told, or whose scale is unknown, is the largest that it can be', () => {
    const untold = (ahead: number) =>
      conversation()
        .established()
        .client.sends('abc')
        .client.rst({ seq: 1000 + ahead });
    // Nothing of it is acknowledged: what the peer expects may be its first byte.
    expect(untold(65_535 * 2 ** 14).did).toContain('rstInWindow');
    expect(untold(65_535 * 2 ** 14 + 1).did).not.toContain('rstInWindow');
    const midway = (ahead: number) => {
      const c = conversation().established().client.sends('abc').server.acks({ window: 100 });
      return c.client.rst({ seq: 1003 + ahead });
    };
    expect(midway(100 * 2 ** 14).did).toContain('rstInWindow');
    expect(midway(100 * 2 ** 14 + 1).did).not.toContain('rstInWindow');
  });

  test('inside the window it counts, one beyond the edge it does not', () => {
    expect(open().client.rst({ seq: 1004 + 100 }).did).toContain('rstInWindow');
    expect(open().client.rst({ seq: 1004 + 101 }).did).not.toContain('rstInWindow');
  });

  test('the window is scaled as the handshake agreed, and 0 leaves the expected number alone', () => {
    const scaled = () => conversation().handshake({ windowShift: 2 }).client.sends('abc').server.acks({ window: 100 });
    expect(scaled().client.rst({ seq: 1004 + 400 }).did).toContain('rstInWindow');
    expect(scaled().client.rst({ seq: 1004 + 401 }).did).not.toContain('rstInWindow');
    const closed = () => scaled().server.acks({ window: 0 });
    expect(closed().client.rst().did).toContain('rstInWindow');
    expect(closed().client.rst({ seq: 1005 }).did).not.toContain('rstInWindow');
  });

  test('the one who sent the SYN may take it back; that is no refusal', () => {
    const c = conversation().client.syn().client.rst({ seq: 1001 });
    expect(c.did).toContain('rstInWindow');
    expect(c.pass.connections.opening(0)).toBe(OPENING.unanswered);
  });

  test('below the window it is ignored', () => {
    const c = open().client.rst({ seq: 1003 });
    expect(c.did).not.toContain('rstInWindow');
    expect(c.pass.connections.hasReset(0, 0)).toBe(false);
  });

  test('in SYN-SENT it must acknowledge the SYN', () => {
    expect(conversation().client.syn().server.rst({ seq: 0 }).did).not.toContain('rstInWindow');
    expect(conversation().client.syn().server.rstAck({ ack: 1000 }).did).not.toContain('rstInWindow');
    expect(conversation().client.syn().server.rstAck({ ack: 1002 }).did).not.toContain('rstInWindow');
    expect(conversation().client.syn().server.rstAck({ ack: 1001 }).did).toContain('rstInWindow');
  });

  test('the client may give its own attempt up', () => {
    const c = conversation().client.syn().server.synAck().client.rst({ seq: 1001 });
    expect(c.did).toContain('rstInWindow');
    expect(c.pass.connections.opening(0)).toBe(OPENING.handshake);
  });

  test('sent while data are in flight it is accepted at the last number sent, whatever the window', () => {
    const c = open();
    c.server.acks({ window: 0 });
    c.client.sends('defg').client.rst();
    expect(c.did).toContain('rstInWindow');
  });

  test('without ACK flag it is judged by its number alone, whatever stands in the ACK field (§3.10.7.4)', () => {
    const odd = (seq: number) => {
      const c = open();
      return c.client.rst({ seq, ack: 123_456_789 });
    };
    expect(odd(1004).did).toContain('rstInWindow');
    expect(odd(1003).did).not.toContain('rstInWindow');
    expect(odd(1004).labels).toEqual([]);
    expect(odd(1004).did).not.toContain('ackAdvanced');
  });

  test('of a connection of which nothing else is known it is taken as accepted', () => {
    expect(conversation().client.rst({ seq: 7 }).did).toContain('rstInWindow');
  });
});
