import { concat } from './h2.ts';
import { latin1 } from './hpack.ts';
import { type TcpPacket, tcpPacket } from './packet.ts';
import { buildPcap, LINKTYPE, type PcapRecord } from './pcap.ts';
import { interfaceBlock, packetBlock, secretsBlock, section, unitsAt } from './pcapng.ts';

const NS = 1_000_000_000;
const HOP_SECONDS = 0.000_1;
const COPY_SECONDS = 0.000_02;

export type Payload = string | Uint8Array;

/**
 * Whole captures, written packet by packet in Linux cooked framing as `tcpdump -i any` does in the gateway:
 *
 *     const wire = new Wire('10.9.0.2');
 *     const client = wire.connect('10.9.1.2:50001', '10.9.0.2:80', 0);
 *     client.asks(1, 'GET / HTTP/1.1\r\n\r\n').answers(1.1, 'HTTP/1.1 204 x\r\n\r\n');
 *     const bytes = wire.pcap(60);
 */
export class Wire {
  /** Addresses of the capturing host, as its cooked headers tell. */
  readonly #local: readonly string[];
  readonly #packets: { readonly seconds: number; readonly data: Uint8Array }[] = [];
  #ipId = 1;
  #connections = 0;

  constructor(...local: readonly string[]) {
    this.#local = local;
  }

  /** A handshake at that second. */
  connect(from: string, to: string, seconds: number): Tcp {
    return new Tcp([{ wire: this, from, to }], ++this.#connections).opens(seconds);
  }

  /** A connection that the capture shows once more, before or after an end of it was translated. */
  connectTranslated(
    ends: readonly [from: string, to: string],
    seenAs: readonly [from: string, to: string],
    seconds: number,
  ): Tcp {
    const points = [ends, seenAs].map(([from, to]) => ({ wire: this, from, to }));
    return new Tcp(points, ++this.#connections).opens(seconds);
  }

  /** A connection that is captured here and on other hosts, under whatever names it has there; with timestamps, as Linux sends them. */
  connectAcross(points: readonly Point[], seconds: number): Tcp {
    return new Tcp(points, ++this.#connections, true).opens(seconds);
  }

  packet(seconds: number, packet: TcpPacket): void {
    const cookedType = this.#local.some((ip) => packet.from.startsWith(`${ip}:`)) ? 4 : 0;
    const data = tcpPacket({ link: 'LINUX_SLL', cookedType, ipId: this.#ipId++, ttl: 64, ...packet });
    this.#packets.push({ seconds, data });
  }

  /**
   * @param until the second at which the last packet is seen, of a connection that has nothing to do with anybody
   * @param from  the second at which the capture begins
   */
  pcap(until: number, from = 0): Uint8Array {
    return buildPcap(this.records(until, from), { linkType: LINKTYPE.LINUX_SLL });
  }

  /** The same as pcapng, with a Decryption Secrets Block. */
  pcapng(until: number, keyLog: string): Uint8Array {
    const packets = this.records(until).map(({ bytes, timeNs }) =>
      packetBlock({ units: unitsAt(timeNs, 1_000_000n), bytes }),
    );
    return section([interfaceBlock({ linkType: 'LINUX_SLL' }), secretsBlock(latin1(keyLog)), ...packets]);
  }

  /** What `pcap` writes, for captures of the same packets that are taken otherwise. */
  records(until: number, from = 0): PcapRecord[] {
    this.packet(until, { from: '192.0.2.1:9', to: '192.0.2.2:9', flags: 'RST', seq: 1, cookedType: 3 });
    const captured = this.#packets.filter(({ seconds }) => seconds >= from);
    const sorted = captured.toSorted((a, b) => a.seconds - b.seconds);
    return sorted.map(({ seconds, data }): PcapRecord => ({ bytes: data, timeNs: Math.round(seconds * NS) }));
  }
}

/** Where a connection is captured, and under which names. */
export interface Point {
  readonly wire: Wire;
  readonly from: string;
  readonly to: string;
}

/** One TCP connection; what either side sends is acknowledged at once unless it is sent in vain. */
export class Tcp {
  readonly #points: readonly Point[];
  readonly #next: [number, number];
  readonly #hasTimestamps: boolean;
  #seenAt: readonly number[] | undefined;

  constructor(points: readonly Point[], nth: number, hasTimestamps = false) {
    this.#points = points;
    this.#next = [nth * 7_654_321, nth * 9_876_543];
    this.#hasTimestamps = hasTimestamps;
  }

  /** From here on packets come by these points only, by their index. */
  only(...points: readonly number[]): this {
    this.#seenAt = points;
    return this;
  }

  opens(seconds: number): this {
    this.#send(seconds, 0, 'SYN');
    this.#send(seconds + HOP_SECONDS, 1, 'SYN,ACK');
    return this.#acknowledges(seconds + 2 * HOP_SECONDS, 0);
  }

  /** The opener sends, and the other side acknowledges. */
  asks(seconds: number, ...payload: readonly Payload[]): this {
    this.#send(seconds, 0, 'PSH,ACK', bytesOf(payload));
    return this.#acknowledges(seconds + HOP_SECONDS, 1);
  }

  answers(seconds: number, ...payload: readonly Payload[]): this {
    this.#send(seconds, 1, 'PSH,ACK', bytesOf(payload));
    return this.#acknowledges(seconds + HOP_SECONDS, 0);
  }

  /** Sent by side 0 or 1 at each of these seconds, the same bytes again and again, and never acknowledged. */
  inVain(side: 0 | 1, payload: Payload, ...seconds: readonly number[]): this {
    const seq = this.#next[side];
    for (const at of seconds) {
      this.#next[side] = seq;
      this.#send(at, side, 'PSH,ACK', bytesOf([payload]));
    }
    return this;
  }

  /** So many bytes of a side went by uncaptured. */
  skips(side: 0 | 1, bytes: number): this {
    this.#next[side] = (this.#next[side] + bytes) >>> 0;
    return this;
  }

  resets(seconds: number, side: 0 | 1): this {
    this.#send(seconds, side, 'RST,ACK');
    return this;
  }

  /** Both sides' FINs, `first` being the one that closes. */
  closes(seconds: number, first: 0 | 1): this {
    const other = first === 0 ? 1 : 0;
    this.#send(seconds, first, 'FIN,ACK');
    this.#send(seconds + HOP_SECONDS, other, 'FIN,ACK');
    return this.#acknowledges(seconds + 2 * HOP_SECONDS, first);
  }

  #acknowledges(seconds: number, side: 0 | 1): this {
    this.#send(seconds, side, 'ACK');
    return this;
  }

  #send(seconds: number, side: 0 | 1, flags: string, payload: Uint8Array = new Uint8Array(0)): void {
    const other = side === 0 ? 1 : 0;
    const ack = flags === 'SYN' ? 0 : this.#next[other];
    const options = this.#hasTimestamps ? { timestamps: [Math.round(seconds * 1000) + 7 * side, 0] as const } : {};
    for (const [copy, { wire, from, to }] of this.#points.entries()) {
      if (this.#seenAt?.includes(copy) === false) continue;
      const ends = [from, to] as const;
      const packet = { from: ends[side], to: ends[other], flags, seq: this.#next[side], ack, payload, options };
      wire.packet(seconds + copy * COPY_SECONDS, packet);
    }
    const space = payload.length + (flags.includes('SYN') || flags.includes('FIN') ? 1 : 0);
    this.#next[side] = (this.#next[side] + space) >>> 0;
  }
}

function bytesOf(payload: readonly Payload[]): Uint8Array {
  return concat(...payload.map((part) => (typeof part === 'string' ? latin1(part) : part)));
}
