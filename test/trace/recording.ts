import { Moment } from '../../src/capture/index.ts';
import { type Direction, DIRECTION, FLAG, Segment } from '../../src/decode/index.ts';
import { createKeptFields } from '../../src/http/headers.ts';
import type { KeptFields } from '../../src/http/index.ts';
import { TcpPass, type Side } from '../../src/tcp/index.ts';
import { Recorder, type Trace } from '../../src/trace/index.ts';

/** What a request or response says; all else is absent. */
export function fields(said: Partial<KeptFields>): KeptFields {
  return { ...createKeptFields(), ...said };
}

export interface SegmentShape {
  readonly flags?: number;
  readonly window?: number;
  readonly ttl?: number;
  readonly ipId?: number;
  readonly hasTimestamps?: 0 | 1;
  readonly direction?: Direction;
  readonly payloadBytes?: number;
  /** So far beyond where the side's next segment begins. */
  readonly seqAhead?: number;
  /** It acknowledges so much that the other side was not yet seen to send. */
  readonly ackAhead?: number;
}

/** Addresses of up to four words; IPv4 text, or the eight groups of an IPv6 address. */
interface Address {
  readonly version: 4 | 6;
  readonly words: readonly [number, number, number, number];
  readonly port: number;
}

/**
 * A recorder over a real tcp stage: `connect` makes connections, the rest calls the recorder as the http stage would. Times in seconds;
 * each call that names one is a packet of its own.
 */
export class Recording {
  readonly moment: Moment = new Moment();
  readonly recorder: Recorder;
  readonly #pass: TcpPass;
  readonly #view = new DataView(new ArrayBuffer(65_536));
  readonly #next = new Map<string, number>();
  readonly #ends: [Address, Address][] = [];

  constructor() {
    this.#pass = new TcpPass(this.moment, {
      opened: (connection) => this.recorder.opened(connection, false),
      segment: (...told) => this.recorder.tcp.segment(...told),
      bytes: (connection, side) => this.recorder.tcp.bytes(connection, side),
      gap: (...told) => this.recorder.tcp.gap(...told),
    });
    this.recorder = new Recorder(this.moment, this.#pass.connections);
  }

  at(seconds: number): this {
    this.moment.packet++;
    this.moment.ns[0] = Math.round(seconds * 1e9);
    this.recorder.packet();
    return this;
  }

  /** Two ends that may speak; no packet yet. @returns the number that their connection will have, if it is the next to speak */
  meet(from: string, to: string): number {
    return this.#ends.push([address(from), address(to)]) - 1;
  }

  /** A handshake at that time. @returns the connection's number; its side 0 is `from` */
  connect(from: string, to: string, seconds: number, shape: SegmentShape = {}): number {
    const connection = this.meet(from, to);
    this.packet(connection, 0, seconds, { ...shape, flags: FLAG.syn });
    const back = shape.direction === DIRECTION.fromUs ? DIRECTION.toUs : shape.direction;
    const backFrom = shape.direction === DIRECTION.toUs ? DIRECTION.fromUs : back;
    this.packet(connection, 1, seconds + 0.001, {
      ...shape,
      ...(backFrom === undefined ? {} : { direction: backFrom }),
      flags: FLAG.syn | FLAG.ack,
    });
    return connection;
  }

  /** One segment, in order; an ACK of all that was sent where `flags` do not say else. */
  packet(connection: number, side: Side, seconds: number, shape: SegmentShape = {}): this {
    this.at(seconds);
    const ends = this.#ends[connection];
    if (ends === undefined) throw new Error(`no connection ${connection}`);
    const from = ends[side];
    const to = ends[side === 0 ? 1 : 0];
    const flags = shape.flags ?? FLAG.ack;
    const payloadBytes = shape.payloadBytes ?? 0;
    const own = `${connection} ${side}`;
    const seq = this.#next.get(own) ?? 0;
    const ack = this.#next.get(`${connection} ${side === 0 ? 1 : 0}`) ?? 0;
    this.#next.set(own, seq + payloadBytes + ((flags & (FLAG.syn | FLAG.fin)) === 0 ? 0 : 1));
    const segment = Object.assign(new Segment(), {
      ipVersion: from.version,
      src0: from.words[0],
      src1: from.words[1],
      src2: from.words[2],
      src3: from.words[3],
      dst0: to.words[0],
      dst1: to.words[1],
      dst2: to.words[2],
      dst3: to.words[3],
      srcPort: from.port,
      dstPort: to.port,
      seq: seq + (shape.seqAhead ?? 0),
      ack: (flags & FLAG.ack) === 0 ? 0 : ack + (shape.ackAhead ?? 0),
      flags,
      window: shape.window ?? 501,
      ttl: shape.ttl ?? 64,
      ipId: shape.ipId ?? 0,
      hasTimestamps: shape.hasTimestamps ?? 0,
      direction: shape.direction ?? DIRECTION.unknown,
      payloadBytes,
      payloadEnd: payloadBytes,
    });
    this.#pass.segment(segment, this.#view);
    return this;
  }

  asks(connection: number, id: number, seconds: number, said: Partial<KeptFields> = {}, endStream = false): this {
    const request = { method: 'GET', path: '/api/v1/pods', authority: 'kubernetes', userAgent: 'kubectl', ...said };
    this.at(seconds).recorder.http.headers(connection, 0, id, fields(request), endStream);
    return this;
  }

  answers(connection: number, id: number, seconds: number, status: number | null = 200, endStream = false): this {
    this.at(seconds).recorder.http.headers(connection, 1, id, fields({ status }), endStream);
    return this;
  }

  data(connection: number, side: Side, id: number, seconds: number, fingerprint = 0, dataBytes = 100): this {
    this.at(seconds).recorder.http.data(connection, side, id, dataBytes, fingerprint, false);
    return this;
  }

  /** Both sides end the stream. */
  ends(connection: number, id: number, seconds: number): this {
    this.at(seconds);
    this.recorder.http.data(connection, 0, id, 0, 0, true);
    this.recorder.http.data(connection, 1, id, 0, 0, true);
    return this;
  }

  finish(): Trace {
    this.#pass.finish();
    return this.recorder.finish([]);
  }

  /** `0/7 > 1/3 request`: streams that carried the same, nearer the client first. */
  partners(): string[] {
    return this.finish().streams.flatMap(({ connection, id, partners }) =>
      partners
        .filter(({ nearerClient }) => nearerClient)
        .map((partner) => `${connection}/${id} > ${partner.connection}/${partner.streamId} ${partner.method}`),
    );
  }
}

function address(text: string): Address {
  const colon = text.lastIndexOf(':');
  const ip = text.slice(0, colon);
  const port = Number(text.slice(colon + 1));
  if (!ip.includes(':')) {
    const word = ip.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
    return { version: 4, words: [0, 0, 0xffff, word], port };
  }
  const groups = ip.split(':').map((group) => Number.parseInt(group, 16));
  const word = (at: number): number => ((groups[at] ?? 0) << 16) | (groups[at + 1] ?? 0);
  return { version: 6, words: [word(0), word(2), word(4), word(6)], port };
}
