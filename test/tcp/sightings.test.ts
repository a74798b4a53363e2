import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { DIRECTION, FLAG, Segment } from '../../src/decode/index.ts';
import { Sightings } from '../../src/tcp/index.ts';
import { type Sighting, senderOf } from '../../src/tcp/sighting.ts';

const MS = 1e6;
const CLIENT = { address: [0, 0, 0xffff, 1], port: 50_000 };
const SERVER = { address: [0, 0, 0xffff, 2], port: 443 };

type End = typeof CLIENT;

/** Packets of connections, as files show them; each is an acknowledgement of 0 unless it says otherwise. */
class Files {
  readonly moment = new Moment();
  readonly sightings: Sightings;

  constructor(files = 1) {
    this.sightings = new Sightings(this.moment, files);
  }

  in(file: number): this {
    this.moment.file = file;
    return this;
  }

  at(ns: number, from: End, to: End, shape: Partial<Segment> = {}): this {
    this.moment.ns[0] = ns;
    const [src0 = 0, src1 = 0, src2 = 0, src3 = 0] = from.address;
    const [dst0 = 0, dst1 = 0, dst2 = 0, dst3 = 0] = to.address;
    const ends = { ipVersion: 6, src0, src1, src2, src3, dst0, dst1, dst2, dst3 };
    const ports = { srcPort: from.port, dstPort: to.port };
    this.sightings.note(Object.assign(new Segment(), ends, ports, { flags: FLAG.ack, ttl: 64 }, shape));
    return this;
  }

  /** What the only file shows of the only connection. */
  get only(): Sighting {
    const [sighting, ...others] = this.sightings.all();
    if (sighting === undefined || others.length > 0) throw new Error('not just one');
    return sighting;
  }
}

describe('who the server is', () => {
  test('the side that was sent a SYN, or sent a SYN-ACK', () => {
    expect(new Files().at(0, CLIENT, SERVER, { flags: FLAG.syn }).only.server).toBe(1);
    expect(new Files().at(0, SERVER, CLIENT).at(1, CLIENT, SERVER, { flags: FLAG.syn }).only.server).toBe(0);
    expect(new Files().at(0, SERVER, CLIENT, { flags: FLAG.syn | FLAG.ack }).only.server).toBe(0);
    expect(new Files().at(0, CLIENT, SERVER).at(1, SERVER, CLIENT, { flags: FLAG.syn | FLAG.ack }).only.server).toBe(1);
  });

  test('a SYN counts more than a low port', () => {
    expect(new Files().at(0, SERVER, CLIENT, { flags: FLAG.syn }).only.server).toBe(1);
  });

  test('without either, the side with the lower port', () => {
    expect(new Files().at(0, CLIENT, SERVER).only.server).toBe(1);
    expect(new Files().at(0, SERVER, CLIENT).only.server).toBe(0);
  });
});

describe('where a file stands', () => {
  test('is told by the direction of packets: those that the host sends are of its own side', () => {
    const { fromUs, toUs, other, unknown } = DIRECTION;
    expect(new Files().at(0, CLIENT, SERVER, { direction: fromUs }).only.localSide).toBe(0);
    expect(new Files().at(0, CLIENT, SERVER, { direction: toUs }).only.localSide).toBe(1);
    const both = new Files().at(0, CLIENT, SERVER, { direction: toUs }).at(1, SERVER, CLIENT, { direction: fromUs });
    expect(both.only.localSide).toBe(1);
    const passing = new Files().at(0, CLIENT, SERVER, { direction: toUs }).at(1, SERVER, CLIENT, { direction: toUs });
    expect(passing.only.localSide).toBeNull();
    expect(new Files().at(0, CLIENT, SERVER, { direction: other }).only.localSide).toBeNull();
    expect(new Files().at(0, CLIENT, SERVER, { direction: unknown }).only.localSide).toBeNull();
  });

  test('is told by the routers passed, by the highest TTL of each side; a reset may be of another host', () => {
    const files = new Files().at(0, CLIENT, SERVER, { ttl: 60 }).at(1, CLIENT, SERVER, { ttl: 62 });
    files.at(2, CLIENT, SERVER, { ttl: 61 }).at(3, CLIENT, SERVER, { ttl: 64, flags: FLAG.rst });
    expect(files.only.hops).toEqual([2, Number.NaN]);
    expect(files.at(4, SERVER, CLIENT, { ttl: 127 }).only.hops).toEqual([2, 1]);
  });
});

describe('how soon a side answers', () => {
  const request = { seq: 1000, payloadBytes: 100 };

  test('is from the first packet that asks until the acknowledgement of all of it', () => {
    const files = new Files().at(10 * MS, CLIENT, SERVER, request);
    expect(files.only.answerNs).toEqual([Infinity, Infinity]);
    files.at(12 * MS, SERVER, CLIENT, { ack: 1099 }).at(15 * MS, SERVER, CLIENT, { ack: 1100 });
    expect(files.only.answerNs).toEqual([Infinity, 5 * MS]);
  });

  test('is the least of all times, of each side for itself', () => {
    const files = new Files().at(0, CLIENT, SERVER, request).at(5 * MS, SERVER, CLIENT, { ack: 1100 });
    files.at(10 * MS, CLIENT, SERVER, { seq: 1100, payloadBytes: 1 }).at(13 * MS, SERVER, CLIENT, { ack: 1101 });
    files.at(20 * MS, CLIENT, SERVER, { seq: 1101, payloadBytes: 1 }).at(29 * MS, SERVER, CLIENT, { ack: 1102 });
    files.at(30 * MS, SERVER, CLIENT, { seq: 1, payloadBytes: 7 }).at(31 * MS, CLIENT, SERVER, { ack: 8 });
    expect(files.only.answerNs).toEqual([1 * MS, 3 * MS]);
  });

  test('what is sent meanwhile does not start it anew', () => {
    const files = new Files().at(0, CLIENT, SERVER, request).at(4 * MS, CLIENT, SERVER, { seq: 1100, payloadBytes: 1 });
    expect(files.at(5 * MS, SERVER, CLIENT, { ack: 1101 }).only.answerNs).toEqual([Infinity, 5 * MS]);
    // The one before was answered; nothing waits until the next one.
    expect(files.at(6 * MS, SERVER, CLIENT, { ack: 1101 }).only.answerNs).toEqual([Infinity, 5 * MS]);
  });

  test('a bare acknowledgement asks nothing, and what acknowledges nothing answers nothing', () => {
    const bare = new Files().at(0, CLIENT, SERVER, { seq: 1000 }).at(1 * MS, SERVER, CLIENT, { ack: 1000 });
    expect(bare.only.answerNs).toEqual([Infinity, Infinity]);
    const mute = new Files().at(0, CLIENT, SERVER, request).at(1 * MS, SERVER, CLIENT, { ack: 1100, flags: FLAG.rst });
    expect(mute.only.answerNs).toEqual([Infinity, Infinity]);
  });

  test('a clock that was set back between the two tells nothing', () => {
    const files = new Files().at(5 * MS, CLIENT, SERVER, request).at(4 * MS, SERVER, CLIENT, { ack: 1100 });
    expect(files.only.answerNs).toEqual([Infinity, Infinity]);
    expect(new Files().at(5, CLIENT, SERVER, request).at(5, SERVER, CLIENT, { ack: 1100 }).only.answerNs[1]).toBe(0);
  });
});

describe('the packets that are compared', () => {
  const many = Array.from({ length: 50 }, (_, n) => ({ seq: n * 100, fromClient: n % 3 !== 0, ns: n * MS }));

  function noted(packets: readonly (typeof many)[number][]): Sighting {
    const files = new Files().at(0, CLIENT, SERVER);
    for (const { seq, fromClient, ns } of packets)
      files.at(ns, fromClient ? CLIENT : SERVER, fromClient ? SERVER : CLIENT, { seq, ack: 7 });
    return files.only;
  }

  test('are eight, and the same ones in whatever order they come, with the time of each', () => {
    const { samples } = noted(many);
    expect(samples.size).toBe(8);
    expect(noted(many.toReversed()).samples).toEqual(samples);
    expect(noted([...many.slice(25), ...many.slice(0, 25)]).samples).toEqual(samples);
    expect([...samples.keys()]).toEqual([...samples.keys()].toSorted((a, b) => a - b));
  });

  test('are those with the smallest marks of all, each with its own time', () => {
    const each = many.map((packet) => {
      const [, ...others] = [...noted([]).samples];
      expect(others).toEqual([]);
      const found = [...noted([packet]).samples].find(([hash]) => !noted([]).samples.has(hash));
      return found ?? [Number.NaN, Number.NaN];
    });
    const all = [...noted([]).samples, ...each].toSorted(([a = 0], [b = 0]) => a - b);
    expect([...noted(many).samples]).toEqual(all.slice(0, 8));
  });

  test('count once where they are repeated, with the time of the first', () => {
    expect(noted(many.flatMap((packet) => [packet, { ...packet, ns: packet.ns + 1 }])).samples).toEqual(
      noted(many).samples,
    );
  });

  test('are marked with who sent them', () => {
    const bySender = (fromClient: boolean): Set<number> =>
      new Set([...noted(many.map((packet) => ({ ...packet, fromClient }))).samples.keys()].map(senderOf));
    expect(bySender(true)).toEqual(new Set([0]));
    // The connection's first packet, which tells the sides, is the client's.
    expect(bySender(false).has(1)).toBe(true);
  });

  test('are told apart by sequence number, acknowledgement and timestamp, and not by length, TTL or an absent timestamp', () => {
    const marks = (...shapes: Partial<Segment>[]): number => {
      const files = new Files();
      for (const shape of shapes) files.at(0, CLIENT, SERVER, { seq: 5, ack: 6, ...shape });
      return files.only.samples.size;
    };
    expect(marks({}, { seq: 6 }, { ack: 5 }, { seq: 6, ack: 5 })).toBe(4);
    expect(marks({ hasTimestamps: 1, tsVal: 1 }, { hasTimestamps: 1, tsVal: 2 })).toBe(2);
    expect(marks({}, { payloadBytes: 9 }, { ttl: 9 }, { tsVal: 9 })).toBe(1);
  });
});

describe('each file for itself', () => {
  test('has first and last time, in whatever order they stand', () => {
    const files = new Files(3)
      .in(1)
      .at(5, CLIENT, SERVER)
      .at(2, CLIENT, SERVER)
      .at(9, SERVER, CLIENT)
      .at(4, CLIENT, SERVER);
    files.in(2).at(7, CLIENT, SERVER);
    const spans = [0, 1, 2].map((file) => files.sightings.span(file));
    const none = { fromNs: Infinity, toNs: -Infinity };
    expect(spans).toEqual([none, { fromNs: 2, toNs: 9 }, { fromNs: 7, toNs: 7 }]);
  });

  test('has its own facts of a connection, whose number and sides are one through all files', () => {
    const files = new Files(2).at(0, CLIENT, SERVER, { payloadBytes: 10 }).at(1, SERVER, CLIENT, { payloadBytes: 5 });
    files.in(1).at(2, SERVER, CLIENT, { payloadBytes: 7, ttl: 60 });
    const [first, second] = files.sightings.all();
    expect([first?.file, second?.file]).toEqual([0, 1]);
    expect([first?.bytes, second?.bytes]).toEqual([15, 7]);
    expect([first?.hops, second?.hops]).toEqual([
      [0, 0],
      [Number.NaN, 4],
    ]);
    expect(second?.connection).toBe(first?.connection);
    expect(second?.addresses).toEqual(first?.addresses);
  });

  test('keeps what it shows of several connections apart', () => {
    const files = new Files();
    const clients = [1, 2, 3].map((n) => ({ ...CLIENT, port: 50_000 + n }));
    for (const [n, client] of clients.entries()) {
      files.at(0, client, SERVER, { seq: 0, payloadBytes: 10 + n, ttl: 60 - n, flags: FLAG.syn });
      files.at(0, SERVER, client, { payloadBytes: 100, ttl: 63 });
    }
    for (const [n, client] of clients.entries()) {
      files.at((3 - n) * MS, SERVER, client, { ack: 11 + n, ttl: 62 });
      files.at(9 * MS + n, client, SERVER, { ack: 100, ttl: 50 });
    }
    const all = files.sightings.all();
    expect(all.map(({ bytes }) => bytes)).toEqual([110, 111, 112]);
    expect(all.map(({ hops }) => hops)).toEqual([
      [4, 1],
      [5, 1],
      [6, 1],
    ]);
    expect(all.map(({ answerNs }) => answerNs)).toEqual([
      [9 * MS, 3 * MS],
      [9 * MS + 1, 2 * MS],
      [9 * MS + 2, MS],
    ]);
  });

  test('is found by a packet of either side, and no other', () => {
    const files = new Files(3).at(0, CLIENT, SERVER).in(2).at(0, CLIENT, SERVER);
    const other = { ...CLIENT, port: 50_001 };
    files.at(0, other, SERVER);
    const segment = (from: End, to: End): Segment =>
      Object.assign(
        new Segment(),
        { ipVersion: 6, src2: 0xffff, dst2: 0xffff },
        { src3: from.address[3], dst3: to.address[3] },
        { srcPort: from.port, dstPort: to.port },
      );
    const rows = [0, 1, 2].map((file) => files.sightings.find(segment(SERVER, CLIENT), file));
    expect(rows).toEqual([0, -1, 1]);
    // Asked again, and in turn: what was found or missed last stands in the way of nothing.
    for (const file of [1, 1, 0, 1, 2, 2, 1])
      expect(files.sightings.find(segment(CLIENT, SERVER), file)).toBe(rows[file]);
    expect(files.sightings.find(segment(other, SERVER), 2)).toBe(2);
    expect(files.sightings.find(segment(other, SERVER), 0)).toBe(-1);
    expect(files.sightings.find(segment(CLIENT, other), 0)).toBe(-1);
  });

  test('a file that had nothing of a connection is found when it has', () => {
    const files = new Files(2).at(0, CLIENT, SERVER);
    const segment = Object.assign(new Segment(), { ipVersion: 6, src2: 0xffff, src3: 1, dst2: 0xffff, dst3: 2 });
    Object.assign(segment, { srcPort: CLIENT.port, dstPort: SERVER.port });
    expect(files.sightings.find(segment, 1)).toBe(-1);
    files.in(1).at(0, CLIENT, SERVER);
    expect(files.sightings.find(segment, 1)).toBe(1);
  });

  test('addresses of other words are other addresses', () => {
    const files = new Files();
    const ends = [
      [0, 0, 1, 12],
      [0, 0, 11, 2],
      [0, 11, 2, 0],
      [1, 1, 2, 0],
    ].map((address) => ({ address, port: 1 }));
    for (const end of ends) files.at(0, end, SERVER).at(0, SERVER, end);
    expect(new Set(files.sightings.all().map(({ addresses: [one] }) => one)).size).toBe(4);
    expect(new Set(files.sightings.all().map(({ addresses: [, other] }) => other)).size).toBe(1);
  });
});
