import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { type ConnectionFacts, TcpPass } from '../../src/tcp/index.ts';
import { conversation } from '../build/conversation.ts';

const SILENT = { opened() {}, segment() {}, bytes() {}, gap() {} };

type Words = readonly [number, number, number, number];

/** The facts after a SYN from each of these addresses to another one, each from another port. */
function opened(...pairs: readonly (readonly [from: Words, to: Words])[]): ConnectionFacts {
  const pass = new TcpPass(new Moment(), SILENT);
  for (const [n, [from, to]] of pairs.entries()) {
    const [src0, src1, src2, src3] = from;
    const [dst0, dst1, dst2, dst3] = to;
    const ends = { src0, src1, src2, src3, dst0, dst1, dst2, dst3, srcPort: 4000 + n, dstPort: 443 };
    const ipVersion = src0 === 0 && src2 === 0xffff ? 4 : 6;
    pass.segment(Object.assign(new Segment(), ends, { ipVersion, flags: FLAG.syn, seq: 100 * n }), EMPTY);
  }
  return pass.connections;
}

const EMPTY = new DataView(new ArrayBuffer(0));
const ipv4 = (address: number): Words => [0, 0, 0xffff, address | 0];

describe('ends', () => {
  test('have their own address and port, word by word', () => {
    const facts = opened(
      [ipv4(9), ipv4(8)],
      [
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ],
    );
    const words = ([0, 1] as const).map((side) => ([0, 1, 2, 3] as const).map((w) => facts.addressWord(1, side, w)));
    expect(words).toEqual([
      [1, 2, 3, 4],
      [5, 6, 7, 8],
    ]);
    expect([facts.port(1, 0), facts.port(1, 1)]).toEqual([4001, 443]);
    expect([facts.ipVersion(0), facts.ipVersion(1)]).toEqual([4, 6]);
  });

  test('are of one host where all words of their addresses are the same, whatever the ports', () => {
    const host: Words = [1, 2, 3, 4];
    const others: readonly Words[] = [
      [9, 2, 3, 4],
      [1, 9, 3, 4],
      [1, 2, 9, 4],
      [1, 2, 3, 9],
    ];
    const facts = opened([[7, 7, 7, 7], host], [host, [8, 8, 8, 8]], ...others.map((other) => [other, host] as const));
    expect(facts.isSameHost(0, 1, 1, 0)).toBe(true);
    expect(facts.isSameHost(1, 0, 0, 1)).toBe(true);
    expect(facts.isSameHost(0, 0, 1, 0)).toBe(false);
    expect(facts.isSameHost(0, 1, 1, 1)).toBe(false);
    for (const [n] of others.entries()) {
      expect(facts.isSameHost(2 + n, 0, 1, 0)).toBe(false);
      expect(facts.isSameHost(2 + n, 1, 1, 0)).toBe(true);
    }
  });

  test('are loopback in 127.0.0.0/8 and at ::1, and not in IPv6 addresses that end like them', () => {
    const facts = opened(
      [ipv4(0x7f000001), ipv4(0x7fffffff)],
      [ipv4(0x80000001), ipv4(0x7e000001)],
      [
        [1, 0, 0, 0x7f000001],
        [0, 0, 0, 1],
      ],
      [
        [0, 1, 0, 1],
        [0, 0, 0, 2],
      ],
    );
    const told = [0, 1, 2, 3].map((connection) => [facts.isLoopback(connection, 0), facts.isLoopback(connection, 1)]);
    expect(told).toEqual([
      [true, true],
      [false, false],
      [false, true],
      [false, false],
    ]);
  });
});

describe('connections', () => {
  test('are counted and numbered as they came, and a number used again is the newest', () => {
    let released = 0;
    const keeper = { spare: () => 0, released: () => void released++ };
    const c = conversation({ bounds: { connectionsMax: 2, keeper } });
    for (const port of [1, 2, 3]) c.fromPort(port).client.syn({ seq: port });
    const facts = c.pass.connections;
    expect([facts.count, facts.rows, released]).toEqual([3, 2, 1]);
    expect([facts.nth(0), facts.nth(1)]).toEqual([2, 1]);
    expect(facts.port(0, 0)).toBe(3);
  });

  test('of a side whose SYN was not seen begin one before the first number that was', () => {
    const c = conversation().established().client.sends('abc').client.sends('def').client.acks({ ack: 0 });
    expect(c.pass.connections.initialSeq(0, 0)).toBe(1000 - 1);
  });

  test('know the one before on their ports, or that there was none', () => {
    const c = conversation().handshake().client.syn({ seq: 9_000_000 });
    const facts = c.pass.connections;
    expect([facts.previous(0), facts.previous(1)]).toEqual([undefined, 0]);
    expect([facts.incarnation(0), facts.incarnation(1)]).toEqual([0, 1]);
  });

  test('know how long their handshake took, from the last SYN to the ACK that ends it', () => {
    const c = conversation();
    c.at(1).client.syn();
    c.at(3).client.syn({ seq: 1000 });
    c.at(3.02).server.synAck().at(3.05).client.acks();
    expect(c.pass.connections.initialRttNs(0)).toBeCloseTo(0.05 * 1e9, 0);
    expect(conversation().established().client.sends('abc').pass.connections.initialRttNs(0)).toBeNaN();
  });

  test('know which sides were seen, and where each began', () => {
    const c = conversation().established().client.sends('abc');
    const facts = c.pass.connections;
    expect([facts.isSeen(0, 0), facts.isSeen(0, 1)]).toEqual([true, false]);
    expect([facts.packets(0, 0), facts.packets(0, 1)]).toEqual([1, 0]);
    const shaken = conversation().handshake().pass.connections;
    expect([shaken.initialSeq(0, 0), shaken.initialSeq(0, 1)]).toEqual([1000, 5000]);
  });

  test('know whose window is shut; a RST, which has none, shuts it not', () => {
    const shut = conversation().handshake().server.acks({ window: 0 });
    expect([0, 1].map((side) => shut.pass.connections.isZeroWindow(0, side === 0 ? 0 : 1))).toEqual([false, true]);
    const opened = shut.server.acks({ window: 100 });
    expect(opened.pass.connections.isZeroWindow(0, 1)).toBe(false);
    expect(conversation().handshake().server.rst({ window: 0 }).pass.connections.isZeroWindow(0, 1)).toBe(false);
  });

  test('know which side reset', () => {
    const facts = conversation().handshake().server.rst().pass.connections;
    expect([facts.hasReset(0, 0), facts.hasReset(0, 1)]).toEqual([false, true]);
  });
});

describe('a segment that an ICMP error quotes', () => {
  test('is of the connection and the side that had sent it', () => {
    const c = conversation().handshake();
    const quoted = (from: number, to: number) => {
      const ends = { ipVersion: 4, src2: 0xffff, dst2: 0xffff, src3: from, dst3: to };
      const ports = from === 0x0a090102 ? { srcPort: 49_739, dstPort: 80 } : { srcPort: 80, dstPort: 49_739 };
      return c.pass.quoted(Object.assign(new Segment(), ends, ports));
    };
    expect(quoted(0x0a090102, 0x0a090002)).toEqual({ connection: 0, side: 0 });
    expect(quoted(0x0a090002, 0x0a090102)).toEqual({ connection: 0, side: 1 });
    expect(quoted(0x0a090003, 0x0a090102)).toBeUndefined();
    expect(c.told).toHaveLength(3);
  });
});

describe('where no more connections can be followed', () => {
  test('the one that the keeper names is given up: what both of its sides held is told first', () => {
    const released: number[] = [];
    const keeper = { spare: () => 0, released: (connection: number) => void released.push(connection) };
    const c = conversation({ bounds: { connectionsMax: 1, keeper } }).handshake();
    c.client.sends('abc', { hidden: true }).client.sends('def');
    c.server.sends('uvw', { hidden: true }).server.sends('xyz');
    expect([c.stream(0), c.stream(1)]).toEqual(['', '']);
    c.fromPort(1).client.syn({ seq: 7 });
    expect([c.stream(0), c.stream(1)]).toEqual(['[gap 3 limit]def', '[gap 3 limit]xyz']);
    expect(released).toEqual([0]);
    expect(c.opened).toEqual([0, 0]);
    expect(c.last).toMatchObject({ connection: 0, side: 0 });
    expect(c.pass.limits.ignoredPackets).toBe(0);
  });

  test('what the others hold goes on waiting', () => {
    const keeper = { spare: () => 1, released: () => {} };
    const c = conversation({ bounds: { connectionsMax: 3, keeper } });
    for (const port of [1, 2, 3]) {
      c.fromPort(port).feed(true, { seq: 0 }, FLAG.syn, '', 100);
      c.feed(true, { seq: 3, ack: 1 }, FLAG.ack, 'late', 100);
      c.feed(false, { seq: 0, ack: 1 }, FLAG.syn | FLAG.ack, '', 100);
      c.feed(false, { seq: 3, ack: 1 }, FLAG.ack, 'back', 100);
    }
    c.fromPort(4).feed(true, { seq: 0 }, FLAG.syn, '', 100);
    expect([0, 1, 2].map((connection) => [c.stream(0, connection), c.stream(1, connection)])).toEqual([
      ['', ''],
      ['[gap 2 limit]late', '[gap 2 limit]back'],
      ['', ''],
    ]);
  });

  test('and none can be spared, its packets are counted; those of the others are told as before', () => {
    const keeper = { spare: () => -1, released: () => expect.unreachable() };
    const c = conversation({ bounds: { connectionsMax: 1, keeper } }).handshake();
    c.fromPort(1).client.syn({ seq: 7 });
    expect(c.pass.limits.ignoredPackets).toBe(1);
    c.fromPort(49_739).client.sends('abc', { seq: 1001 });
    expect(c.stream(0)).toBe('abc');
  });

  test('the keeper is not asked while there is room', () => {
    const keeper = { spare: () => expect.unreachable(), released: () => expect.unreachable() };
    const c = conversation({ bounds: { connectionsMax: 2, keeper } });
    for (const port of [1, 2]) c.fromPort(port).client.syn({ seq: port });
    expect(c.opened).toEqual([0, 1]);
  });
});
