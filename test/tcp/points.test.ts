import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { planPoints, type PointPlan, Points, Sightings } from '../../src/tcp/index.ts';

const MS = 1e6;
const SECOND = 1e9;
const EMPTY = 0;
const AT_GATEWAY = 0;
const AT_UPSTREAM = 1;

interface End {
  readonly address: number;
  readonly port: number;
}

const CLIENT = { address: 1, port: 50_000 };
const GATEWAY = { address: 9, port: 80 };
const GATEWAY_OUT = { address: 9, port: 40_000 };
const UPSTREAM = { address: 5, port: 8080 };

/** The files of two hosts: a gateway, and an upstream host whose clock is ahead. */
class TwoHosts {
  readonly moment = new Moment();
  readonly sightings = new Sightings(this.moment, 2);
  readonly #aheadNs: number;
  readonly #wayNs: number;

  constructor(aheadNs: number, wayNs = MS) {
    this.#aheadNs = aheadNs;
    this.#wayNs = wayNs;
  }

  segment(file: number, ns: number, from: End, to: End, seq: number, shape: Partial<Segment> = {}): Segment {
    this.moment.file = file;
    this.moment.ns[0] = ns;
    const ends = { ipVersion: 4, src2: 0xffff, dst2: 0xffff, src3: from.address, dst3: to.address };
    const ports = { srcPort: from.port, dstPort: to.port };
    return Object.assign(new Segment(), ends, ports, { seq, flags: FLAG.ack, ttl: 64, payloadBytes: 100, ...shape });
  }

  /** Packet and answer of the connection to the upstream, at the gateway at `ns` and on each host's own clock. */
  exchange(
    ns: number,
    seq: number,
    where: readonly number[] = [AT_GATEWAY, AT_UPSTREAM],
    flags: number = FLAG.ack,
  ): this {
    const asked = { flags, ack: 7 * seq };
    const answer = { ack: seq + 100, flags: flags | FLAG.ack };
    if (where.includes(AT_GATEWAY)) {
      this.sightings.note(this.segment(AT_GATEWAY, ns, GATEWAY_OUT, UPSTREAM, seq, asked));
      const backNs = ns + 2 * this.#wayNs;
      this.sightings.note(this.segment(AT_GATEWAY, backNs, UPSTREAM, GATEWAY_OUT, 7 * seq, { ...answer, ttl: 63 }));
    }
    if (where.includes(AT_UPSTREAM)) {
      const there = ns + this.#wayNs + this.#aheadNs;
      this.sightings.note(this.segment(AT_UPSTREAM, there, GATEWAY_OUT, UPSTREAM, seq, { ...asked, ttl: 63 }));
      this.sightings.note(this.segment(AT_UPSTREAM, there + 1000, UPSTREAM, GATEWAY_OUT, 7 * seq, answer));
    }
    return this;
  }

  /** The client's own connection, seen at the gateway alone. */
  served(ns: number, seq: number): this {
    this.sightings.note(this.segment(AT_GATEWAY, ns, CLIENT, GATEWAY, seq, { ttl: 63 }));
    this.sightings.note(this.segment(AT_GATEWAY, ns + 1000, GATEWAY, CLIENT, seq, { ack: seq + 100 }));
    return this;
  }

  points(): Points {
    const plan = planPoints(this.sightings);
    if (plan === undefined) throw new Error('nothing is left out');
    return new Points(this.moment, plan);
  }

  /** Whether a packet of the connection to the upstream, at this time of its file, is left out. */
  isOut(points: Points, file: number, ns: number): boolean {
    return points.isElsewhere(this.segment(file, ns, GATEWAY_OUT, UPSTREAM, EMPTY));
  }
}

function recorded(aheadNs: number): TwoHosts {
  const hosts = new TwoHosts(aheadNs);
  hosts.exchange(0, 1000, undefined, FLAG.syn);
  for (let n = 1; n <= 20; n++) hosts.served(n * SECOND, 1000 * n).exchange(n * SECOND + 5 * MS, 1000 * n + 1);
  return hosts;
}

describe('a connection that was seen at the gateway and at its upstream', () => {
  test.each([0, 5 * SECOND, -3600 * SECOND])(
    'is counted at the gateway, whose clock the other is ahead of by %d ns',
    (aheadNs) => {
      const hosts = recorded(aheadNs);
      const points = hosts.points();
      expect([points.isFar(AT_GATEWAY), points.isFar(AT_UPSTREAM)]).toEqual([false, true]);
      expect(Math.abs(points.aheadNs(AT_UPSTREAM) - aheadNs)).toBeLessThanOrEqual(2 * MS);
      expect(points.aheadNs(AT_GATEWAY)).toBe(0);
      expect(hosts.isOut(points, AT_UPSTREAM, 10 * SECOND)).toBe(true);
      expect(hosts.isOut(points, AT_GATEWAY, 10 * SECOND)).toBe(false);
    },
  );

  test('is counted at the upstream where the gateway had stopped, or not begun, to capture', () => {
    const hosts = recorded(5 * SECOND);
    for (let n = 21; n <= 30; n++) hosts.exchange(n * SECOND, 1000 * n + 1, [AT_UPSTREAM]);
    const points = hosts.points();
    expect([20, 21, 30].map((second) => hosts.isOut(points, AT_UPSTREAM, second * SECOND))).toEqual([
      true,
      false,
      false,
    ]);
    // As far as the clocks are apart, the beginning is left out too.
    expect(hosts.isOut(points, AT_UPSTREAM, -6 * SECOND)).toBe(false);
  });

  test('what is left out is counted; what a file alone shows is not left out', () => {
    const hosts = recorded(0);
    const points = hosts.points();
    for (let n = 0; n < 3; n++) points.leavesOut(hosts.segment(AT_UPSTREAM, SECOND, UPSTREAM, GATEWAY_OUT, EMPTY));
    points.leavesOut(hosts.segment(AT_UPSTREAM, SECOND, CLIENT, GATEWAY, EMPTY));
    points.leavesOut(hosts.segment(AT_GATEWAY, SECOND, CLIENT, GATEWAY, EMPTY));
    expect(points.count).toBe(3);
  });
});

describe('nothing is left out', () => {
  const plan = (fill: (hosts: TwoHosts) => void): PointPlan | undefined => {
    const hosts = new TwoHosts(0);
    fill(hosts);
    return planPoints(hosts.sightings);
  };

  test('where the second file goes on where the first one ends', () => {
    const rotated = plan((hosts) => {
      for (let n = 0; n < 10; n++) hosts.exchange(n * SECOND, 1000 * n, [n < 5 ? AT_GATEWAY : AT_UPSTREAM]);
    });
    expect(rotated).toBeUndefined();
  });

  test('where one file shows it all', () => {
    expect(plan((hosts) => void hosts.served(0, 1).exchange(SECOND, 1000, [AT_GATEWAY]))).toBeUndefined();
  });
});

test('connections beyond the bound are each counted wherever they are seen, and those before are found still', () => {
  const moment = new Moment();
  const sightings = new Sightings(moment, 1);
  const of = (n: number): Segment =>
    Object.assign(new Segment(), { ipVersion: 4, src3: n, dst3: 1, srcPort: 1000, dstPort: 80, flags: FLAG.ack });
  for (let n = 2; n < 12_000; n++) sightings.note(of(n));
  expect(sightings.count).toBeLessThan(12_000);
  expect(sightings.refused).toBe(12_000 - 2 - sightings.count);
  expect([2, 5000].map((n) => sightings.find(of(n), 0))).toEqual([0, 4998]);
  expect(sightings.find(of(11_999), 0)).toBe(-1);
  expect(sightings.find(of(2), 1)).toBe(-1);
});
