import { FINGERPRINT_BYTES } from '../../http/index.ts';
import { type Fate, levelOf, type Level, RANKS, THINNINGS } from './rank.ts';

/** What an extract takes unpacked. A packed one is a fifth to a third of it: far below what GitHub (25 MB) and Jira (10 MB) take. */
const EXTRACT_MAX_BYTES = 16 * 1024 * 1024;

/** What a packet's block takes besides its bytes: head, fixed fields and tail (32), and a comment that names its origin. */
const BLOCK_BYTES = 64;
/** Data by which a frame is known again on another leg, and a little for its header and for one before it, where they were not told. */
const START_BYTES = FINGERPRINT_BYTES + 64;
/** A payload as small as this stays to the last: a PING, WINDOW_UPDATE, RST_STREAM, GOAWAY. */
const SMALL_BYTES = 64;

/** A packet as the capture has it, and where. */
export interface HeldPacket {
  /** Index of the file in the capture, and the packet's number there. */
  readonly file: number;
  readonly packet: number;
  readonly vantage: number;
  readonly linkType: number;
  /** Nanoseconds since 1970. */
  readonly epochNs: bigint;
  readonly originalBytes: number;
  readonly capturedBytes: number;
  readonly rank: number;
  /** How many of the first bytes are headers; all where that is not known. */
  readonly headerBytes: number;
  /** How many of the first bytes tell its frames: behind them is nothing but data of the last one. As `headerBytes` where that is not known. */
  readonly frameBytes: number;
  /** Somebody's own comment on it; wire text. */
  readonly comment: string | null;
  bytes: Uint8Array;
  /** Its payload was left out or cut, for want of room. */
  isShortened: boolean;
}

/**
 * The packets of an extract while they are gathered, never more than a bound: when they take more, all packets of the least telling rank
 * lose their payload, or go, those to come included. So what is kept of a rank does not depend on when the room ran out.
 */
export class ExtractRoom {
  readonly #maxBytes: number;
  readonly #fates: Fate[] = Array.from({ length: RANKS }, () => 'whole');
  #held: HeldPacket[] = [];
  #bytes = 0;
  #thinnings = 0;
  /** Packets that were left out, by level. */
  readonly leftOut: Record<Level, number> = { 0: 0, 1: 0, 2: 0 };

  constructor(maxBytes: number = EXTRACT_MAX_BYTES) {
    this.#maxBytes = maxBytes;
  }

  /** Whether packets of this rank are still kept; a rank that is not is counted by asking. */
  takes(rank: number): boolean {
    if (this.#fates[rank] !== 'nothing') return true;
    this.leftOut[levelOf(rank)]++;
    return false;
  }

  /** Whether any packets of a level are still kept. */
  isOpen(level: Level): boolean {
    return this.#fates.some((fate, rank) => fate !== 'nothing' && levelOf(rank) === level);
  }

  /** @param packet  its bytes are the room's from now on */
  add(packet: HeldPacket): void {
    shorten(packet, this.#fates[packet.rank] ?? 'whole');
    this.#held.push(packet);
    this.#bytes += sizeOf(packet);
    while (this.#bytes > this.#maxBytes && this.#thinnings < THINNINGS.length) this.#thin();
  }

  /** The packets of a level and those before it, in the order in which they came. */
  upTo(level: Level): readonly HeldPacket[] {
    return this.#held.filter(({ rank }) => levelOf(rank) <= level);
  }

  #thin(): void {
    const thinning = THINNINGS[this.#thinnings++];
    if (thinning === undefined) return;
    const { rank, to } = thinning;
    this.#fates[rank] = to;
    const ofRank = this.#held.filter((packet) => packet.rank === rank);
    if (to !== 'nothing') {
      for (const packet of ofRank) {
        this.#bytes -= sizeOf(packet);
        shorten(packet, to);
        this.#bytes += sizeOf(packet);
      }
      return;
    }
    this.#held = this.#held.filter((packet) => packet.rank !== rank);
    this.#bytes -= ofRank.reduce((sum, packet) => sum + sizeOf(packet), 0);
    this.leftOut[levelOf(rank)] += ofRank.length;
  }
}

function shorten(packet: HeldPacket, fate: Fate): void {
  const { bytes } = packet;
  const kept = keptBytes(packet, fate);
  if (bytes.length <= kept) return;
  // Bytes of its own: a view would keep the whole.
  packet.bytes = bytes.slice(0, kept);
  packet.isShortened = true;
}

function keptBytes({ capturedBytes, headerBytes, frameBytes }: HeldPacket, fate: Fate): number {
  switch (fate) {
    case 'start':
      return frameBytes + START_BYTES;
    case 'frames':
      return frameBytes;
    case 'headers':
      return capturedBytes - headerBytes <= SMALL_BYTES ? capturedBytes : headerBytes;
    default:
      return capturedBytes;
  }
}

function sizeOf({ bytes }: HeldPacket): number {
  return bytes.length + BLOCK_BYTES;
}
