import type { Moment } from '../capture/index.ts';
import { FragmentStore, type Pieces } from './fragments.ts';
import { INNER_LINK_BASE } from './inner.ts';
import { isLinkTypeKnown } from './link/table.ts';
import { decodeInner, decodePacket } from './packet.ts';
import { readProtocol } from './protocol.ts';
import { Segment } from './segment.ts';
import { isSegment, STOP, type StopCode } from './stop.ts';
import { readQuote } from './quote.ts';

/** Fragments within fragments: a tunnel's packets in pieces, carrying pieces. */
const JOINS_MAX = 4;

/**
 * Takes the segment in the first fragment of a packet whose others have not come: the moment stands at that fragment meanwhile, so it
 * is earlier than the packet that is being read.
 */
export type LateSegment = (segment: Segment, view: DataView) => void;

/** The decode stage with what it has to remember: fragments. `decodePacket` is the part of it that remembers nothing. */
export class Decoder {
  /** What the last call of `decode` told. */
  readonly segment: Segment = new Segment();
  /** For STOP.icmpQuote: the connection of the quoted packet, as its sender sent it; `icmp…` are in `segment`. See `readQuote`. */
  readonly quoted: Segment = new Segment();
  /** Fragments of packets that never became whole, but for first ones that told a segment. */
  lostFragments = 0;
  readonly #moment: Moment;
  readonly #late: LateSegment;
  readonly #store = new FragmentStore();
  readonly #lateSegment = new Segment();
  #reassembled: DataView;

  constructor(moment: Moment, late: LateSegment) {
    this.#moment = moment;
    this.#late = late;
    this.#reassembled = new DataView(new ArrayBuffer(0));
  }

  /** For STOP.reassembled: the bytes in which the segment's payload lies; valid until the next call. */
  get reassembled(): DataView {
    return this.#reassembled;
  }

  /**
   * Decodes one captured packet; parameters and results as `decodePacket`, and besides:
   * @returns STOP.reassembled where it is the last missing fragment of a TCP segment; STOP.fragmentHeld; STOP.icmpQuote
   */
  decode(view: DataView, at: number, end: number, originalBytes: number, linkType: number): StopCode {
    const stop = decodePacket(view, at, end, originalBytes, linkType, this.segment);
    if (stop === STOP.none) return stop;
    if (stop === STOP.ipFragment) return this.#fragment(view);
    return stop === STOP.icmpQuote ? readQuote(view, this.segment, this.quoted) : stop;
  }

  /**
   * The LINKTYPE_ number that has no reader, after STOP.linkTypeUnknown.
   * @param linkType  what `decode` was given: a header of that type may have announced another one
   */
  strangeLinkType(linkType: number): number {
    return isLinkTypeKnown(linkType) ? this.segment.innerType - INNER_LINK_BASE : linkType;
  }

  /** End of the capture: first fragments whose others have not come are told. */
  finish(): void {
    for (let pieces = this.#store.oldest(); pieces !== undefined; pieces = this.#store.oldest()) this.#giveUp(pieces);
  }

  #fragment(from: DataView): StopCode {
    let view = from;
    for (let joins = 0; joins < JOINS_MAX; joins++) {
      if (!FragmentStore.isSound(this.segment)) return this.#alone(view);
      const pieces = this.#keep(view);
      if (!pieces.isWhole) return STOP.fragmentHeld;
      const stop = this.#join(pieces);
      if (stop === STOP.icmpQuote) return readQuote(pieces.view, this.segment, this.quoted);
      if (stop !== STOP.ipFragment) return isSegment(stop) ? STOP.reassembled : stop;
      // A fragment within may be kept in the very place that its own packet has just left.
      view = new DataView(pieces.view.buffer.slice(0, Math.max(0, this.segment.innerEnd)));
    }
    return STOP.layersMany;
  }

  /** A fragment that cannot be kept: the first one is read as far as it goes. */
  #alone(view: DataView): StopCode {
    const { segment } = this;
    const { innerAt, innerEnd, innerWireEnd, fragmentProtocol } = segment;
    const isFirst = segment.fragmentOffset === 0;
    const stop = isFirst
      ? this.#resume(view, innerAt, innerEnd, innerWireEnd, fragmentProtocol, segment)
      : STOP.ipFragment;
    if (stop !== STOP.none) {
      this.lostFragments++;
      return STOP.ipFragment;
    }
    this.#reassembled = view;
    return STOP.reassembled;
  }

  #keep(view: DataView): Pieces {
    const { segment } = this;
    const now = this.#moment.ns[0] ?? 0;
    for (let old = this.#store.expired(now); old !== undefined; old = this.#store.expired(now)) this.#giveUp(old);
    const known = this.#store.find(segment);
    const pieces = known ?? this.#vacant();
    if (known === undefined) pieces.begin(segment);
    pieces.add(view, segment, this.#moment);
    return pieces;
  }

  #vacant(): Pieces {
    const free = this.#store.vacant();
    if (free !== undefined) return free;
    const oldest = this.#store.oldest();
    if (oldest === undefined) throw new Error('no place for fragments, and none is taken');
    this.#giveUp(oldest);
    return oldest;
  }

  /** Reads a packet whose fragments are all there, in the place of the last one. Its bytes stay until its place is taken again. */
  #join(pieces: Pieces): StopCode {
    const { segment } = this;
    pieces.isUsed = false;
    const { totalBytes } = pieces;
    const captured = Math.min(totalBytes, pieces.capturedEnd);
    this.#reassembled = pieces.view;
    return this.#resume(pieces.view, 0, captured, totalBytes, pieces.protocol, segment);
  }

  #resume(view: DataView, at: number, end: number, wireEnd: number, protocol: number, into: Segment): StopCode {
    const stop = readProtocol(view, at, end, wireEnd, protocol, into);
    return stop === STOP.inner ? decodeInner(view, wireEnd, into) : stop;
  }

  /** What never became whole: its first fragment tells ports and sequence number, at its own place in the capture. */
  #giveUp(pieces: Pieces): void {
    pieces.isUsed = false;
    this.lostFragments += pieces.count;
    if (!pieces.hasFirst) return;
    const late = this.#lateSegment;
    pieces.describe(late);
    const { view, firstEnd, firstBytes, protocol } = pieces;
    if (this.#resume(view, 0, firstEnd, firstBytes, protocol, late) !== STOP.none) return;
    this.lostFragments--;
    const moment = this.#moment;
    const { packet, file } = moment;
    const now = moment.ns[0] ?? 0;
    moment.packet = pieces.firstPacket;
    moment.file = pieces.firstFile;
    moment.ns[0] = pieces.firstNs[0] ?? 0;
    this.#late(late, view);
    moment.packet = packet;
    moment.file = file;
    moment.ns[0] = now;
  }
}
