import { FLAG, type Segment } from '../decode/index.ts';
import { seqDiff, type Side } from '../tcp/index.ts';

/** A segment this long after a RST had not been under way when that came. */
const CROSSED_NS = 1e9;

/**
 * A RST that the peer would accept by its number, and what follows it: a peer that accepted it speaks no more (RFC 9293 §3.10.7.4). That
 * it only goes on sending proves nothing, since a firewall may have kept the RST from it behind the point of capture.
 */
export class DoubtfulReset {
  readonly #by: Side;
  readonly #seq: number;
  readonly #isExpected: boolean;
  readonly #atNs: number;
  /** Its side spoke on: some other host made it, or it was of no consequence there either. */
  #senderWentOn = false;
  /** What the peer's challenge ACK asked for (RFC 5961 §3.2). */
  #challenge: number | null = null;

  /** @param isExpected  it stood where the peer expected the next byte: no challenge is due */
  constructor(by: Side, seq: number, isExpected: boolean, atNs: number) {
    this.#by = by;
    this.#seq = seq;
    this.#isExpected = isExpected;
    this.#atNs = atNs;
  }

  /** Its side sent something that was not under way when it came. */
  get senderWentOn(): boolean {
    return this.#senderWentOn;
  }

  /** Whether a segment that came after it shows that the peer did not accept it. */
  isRefutedBy(side: Side, segment: Segment, nowNs: number): boolean {
    return side === this.#by ? this.#isRefutedBySender(segment, nowNs) : this.#isRefutedByPeer(segment, nowNs);
  }

  #isRefutedBySender({ flags, seq }: Segment, nowNs: number): boolean {
    const challenge = this.#challenge;
    // The challenge ACK's whole purpose: who really has no such connection answers it with a RST at the number it asks for.
    if ((flags & FLAG.rst) !== 0) return challenge !== null && seq === challenge;
    this.#senderWentOn ||= nowNs - this.#atNs > CROSSED_NS;
    return challenge !== null;
  }

  #isRefutedByPeer({ flags, ack, payloadBytes }: Segment, nowNs: number): boolean {
    if ((flags & (FLAG.ack | FLAG.rst)) !== FLAG.ack) return false;
    // It expects what stands behind the RST, so that the RST is out of its window now, and was accepted at no time.
    if (seqDiff(this.#seq, ack) > 0) return true;
    if (this.#senderWentOn && nowNs - this.#atNs > CROSSED_NS) return true;
    if (!this.#isExpected && payloadBytes === 0 && ack !== this.#seq) this.#challenge = ack;
    return false;
  }
}
