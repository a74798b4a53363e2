import { Moment } from '../../../capture/index.ts';
import { Decoder, FLAG, isSegment, type Segment, STOP } from '../../../decode/index.ts';
import { type Side, TcpPass, type TcpSink } from '../../../tcp/index.ts';
import { type KeyLog, StandInRandoms } from '../../../tls/index.ts';
import { addressText } from '../../../trace/index.ts';
import type { HeldPacket } from '../../extract/room.ts';
import type { Connection, Endpoint, Protocol } from '../../model.ts';
import type { StandIns } from '../stand-ins.ts';
import { Conversation, type Disguises } from './conversation.ts';
import type { FlowBytes } from './flow-bytes.ts';
import { Likeness } from './likeness.ts';
import { SizedNames } from './sized-names.ts';

/** Where a packet's payload stands in what its sender said. */
interface Place {
  readonly flow: FlowBytes;
  readonly position: number;
  readonly at: number;
}

interface Ends {
  readonly protocol: Protocol;
  readonly tunnels: ReadonlySet<number>;
  /** The first packet is the client's. */
  readonly isFromClient: boolean;
}

/**
 * What stands in for the payloads of an extract's TCP segments. All packets are read first: what was sent again has the same bytes again, and
 * what segments cut is put together. Nothing is told of connections that the report does not have.
 */
export class Payloads implements TcpSink {
  readonly #moment = new Moment();
  readonly #tcp: TcpPass;
  readonly #disguises: Disguises;
  /** By both ends, as stand-ins, the sender of the first packet first. */
  readonly #ends = new Map<string, Ends>();
  readonly #all: Conversation[] = [];
  readonly #byConnection = new Map<number, Conversation>();
  readonly #places = new Map<HeldPacket, Place>();
  #segment: Segment | null = null;
  #view: DataView | null = null;
  #packet: HeldPacket | null = null;

  /** @param connections  of the report with stand-ins */
  constructor(standIns: StandIns, connections: readonly Connection[], keyLog: KeyLog) {
    this.#tcp = new TcpPass(this.#moment, this);
    this.#disguises = {
      standIns,
      keyLog,
      names: new SizedNames(standIns.names),
      randoms: new StandInRandoms(),
      likeness: new Likeness(),
    };
    for (const { protocol, client, server, seenAs, streams } of connections) {
      const tunnels = new Set(streams.flatMap(({ tunnel }) => tunnel ?? []));
      for (const pair of [{ client, server }, ...seenAs]) {
        this.#ends.set(keyOf(pair.client, pair.server), { protocol, tunnels, isFromClient: true });
        this.#ends.set(keyOf(pair.server, pair.client), { protocol, tunnels, isFromClient: false });
      }
    }
  }

  /** Reads packets in the capture's order; once. */
  read(packets: readonly HeldPacket[]): void {
    const decoder = new Decoder(this.#moment, () => {});
    const base = packets[0]?.epochNs ?? 0n;
    for (const [nth, packet] of packets.entries()) {
      const { bytes, linkType, originalBytes, epochNs, vantage } = packet;
      this.#moment.packet = nth + 1;
      this.#moment.vantage = vantage;
      this.#moment.ns[0] = Number(epochNs - base);
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
      const stop = decoder.decode(view, 0, bytes.length, originalBytes, linkType);
      if (!isSegment(stop)) continue;
      const isWhole = stop === STOP.none;
      this.#segment = decoder.segment;
      this.#view = isWhole ? view : decoder.reassembled;
      this.#packet = isWhole ? packet : null;
      this.#tcp.segment(decoder.segment, this.#view);
    }
    this.#tcp.finish();
    for (const conversation of this.#all) conversation.rewrite();
  }

  /** Stand-in secrets, as a key log; empty where nothing is sealed. */
  get keyLog(): string {
    const lines = new Set(this.#all.flatMap((conversation) => [...conversation.secrets]));
    return [...lines].map((line) => `${line}\n`).join('');
  }

  /** Writes into a packet what is told in place of its payload, as far as there is something. */
  write(packet: HeldPacket, into: Uint8Array, payloadAt: number, end: number): void {
    const place = this.#places.get(packet);
    if (place?.at === payloadAt && end > payloadAt) place.flow.copy(place.position, end - payloadAt, into, payloadAt);
  }

  opened(connection: number, segment: Segment): void {
    const ends = this.#endsOf(segment);
    this.#byConnection.delete(connection);
    if (ends === undefined) return;
    const client = ends.isFromClient ? 0 : 1;
    const conversation = new Conversation(ends.protocol, client, ends.tunnels, this.#disguises);
    this.#all.push(conversation);
    this.#byConnection.set(connection, conversation);
  }

  segment(connection: number, side: Side, _labels: number, _did: number, segment: Segment): void {
    this.#note(connection, side, segment);
  }

  copy(connection: number, side: Side, segment: Segment): void {
    this.#note(connection, side, segment);
  }

  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    const conversation = this.#byConnection.get(connection);
    if (conversation === undefined) return;
    const isOwn = view === this.#view && this.#segment !== null && at >= this.#segment.payloadAt;
    const flow = conversation.flows[side];
    const position = isOwn ? flow.positionOf(this.#seqAt(at)) : flow.end;
    conversation.take(side, position, new Uint8Array(view.buffer, view.byteOffset + at, end - at).slice());
  }

  gap(connection: number, side: Side, lostBytes: number): void {
    this.#byConnection.get(connection)?.lose(side, lostBytes);
  }

  #seqAt(at: number): number {
    return this.#segment === null ? 0 : (this.#segment.seq + at - this.#segment.payloadAt) | 0;
  }

  #note(connection: number, side: Side, segment: Segment): void {
    const flow = this.#byConnection.get(connection)?.flows[side];
    if (flow === undefined) return;
    const isSyn = (segment.flags & FLAG.syn) !== 0;
    const seq = isSyn ? (segment.seq + 1) | 0 : segment.seq;
    if (isSyn || segment.payloadBytes > 0) flow.begin(seq, isSyn);
    if (this.#packet === null || segment.payloadBytes === 0) return;
    this.#places.set(this.#packet, { flow, position: flow.positionOf(seq), at: segment.payloadAt });
  }

  #endsOf(segment: Segment): Ends | undefined {
    const { ipVersion, src0, src1, src2, src3, srcPort, dst0, dst1, dst2, dst3, dstPort } = segment;
    const end = (words: readonly number[], port: number): Endpoint => ({
      ip: this.#disguises.standIns.address(addressText(ipVersion, words)),
      port,
    });
    return this.#ends.get(keyOf(end([src0, src1, src2, src3], srcPort), end([dst0, dst1, dst2, dst3], dstPort)));
  }
}

function keyOf(from: Endpoint, to: Endpoint): string {
  return `${from.ip} ${from.port} ${to.ip} ${to.port}`;
}
