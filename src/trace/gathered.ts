import type { Moment } from '../capture/index.ts';
import { DIRECTION, FLAG, type Segment } from '../decode/index.ts';
import type { Protocol } from '../http/index.ts';
import { DID, LABEL, otherSide, type Side } from '../tcp/index.ts';
import { CLOSES_MAX, GOAWAYS_MAX, type LimitCounter, SILENCES_MAX, SLOW_PINGS_MAX } from './limits.ts';
import { MARK, MarkLog } from './marks.ts';
import type { Close, Goaway, Ref, Silence, SlowPing } from './model.ts';
import { refOf } from './ref-table.ts';

const TTL_END = 256;

/** What one connection gathers beside the recorder's hot columns. Every list is bounded; what is beyond is counted. */
export class Gathered {
  protocol: Protocol = 'unknown';
  readonly marks: MarkLog = new MarkLog();
  readonly closes: Close[] = [];
  readonly silences: Silence[] = [];
  readonly goaways: Goaway[] = [];
  readonly slowPings: SlowPing[] = [];
  readonly gapBytes: [number, number] = [0, 0];
  readonly snaplenBytes: [number, number] = [0, 0];
  readonly lostByCapture: [number, number] = [0, 0];
  readonly zeroWindowSince: [Ref | null, Ref | null] = [null, null];
  syn: Ref | null = null;
  synAck: Ref | null = null;
  synBy: Side | null = null;
  readonly #limits: LimitCounter;
  /** Bit s: side s is an address of the capturing host. */
  #localSides = 0;
  readonly #ttlMin: [number, number] = [TTL_END, TTL_END];
  readonly #ttlMax: [number, number] = [-1, -1];
  #finsSeen = 0;

  constructor(limits: LimitCounter) {
    this.#limits = limits;
  }

  /** What every segment tells beside its sequence numbers. */
  note(side: Side, labels: number, segment: Segment, moment: Moment): void {
    const { ttl, flags, direction, window } = segment;
    // A reset may come from a middlebox: its TTL says nothing of the peer's.
    if ((flags & FLAG.rst) === 0) {
      if (ttl < this.#ttlMin[side]) this.#ttlMin[side] = ttl;
      if (ttl > this.#ttlMax[side]) this.#ttlMax[side] = ttl;
    }
    if ((labels & LABEL.ackLostSegment) !== 0) this.lostByCapture[otherSide(side)]++;
    if (direction === DIRECTION.fromUs) this.#localSides |= 1 << side;
    else if (direction === DIRECTION.toUs) this.#localSides |= 1 << otherSide(side);
    if ((labels & LABEL.zeroWindow) !== 0) this.zeroWindowSince[side] ??= refOf(moment);
    else if (this.zeroWindowSince[side] !== null && window > 0) this.zeroWindowSince[side] = null;
  }

  /** A segment with SYN, FIN or RST. */
  handshakeOrClose(side: Side, did: number, segment: Segment, moment: Moment): void {
    if ((segment.flags & FLAG.rst) !== 0) this.#rst(side, did, segment, moment);
    else if ((segment.flags & FLAG.syn) !== 0) this.#syn(side, segment, moment);
    else this.#fin(side, segment, moment);
  }

  silence(silence: Silence): void {
    if (this.silences.length < SILENCES_MAX) this.silences.push(silence);
    else {
      this.#limits.hit('silences-per-connection', SILENCES_MAX);
      // The one that the capture ends in says more than any before it.
      if (silence.to === null) this.silences[SILENCES_MAX - 1] = silence;
    }
  }

  goaway(goaway: Goaway): void {
    if (this.goaways.length < GOAWAYS_MAX) this.goaways.push(goaway);
    else this.#limits.hit('goaways-per-connection', GOAWAYS_MAX);
  }

  slowPing(ping: SlowPing): void {
    if (this.slowPings.length < SLOW_PINGS_MAX) this.slowPings.push(ping);
    else this.#limits.hit('slow-pings-per-connection', SLOW_PINGS_MAX);
  }

  /** Whether `side` has an address of the capturing host, as far as cooked headers told. */
  isLocal(side: Side): boolean {
    return (this.#localSides & (1 << side)) !== 0;
  }

  get localSide(): Side | 'both' | null {
    if (this.isLocal(0)) return this.isLocal(1) ? 'both' : 0;
    return this.isLocal(1) ? 1 : null;
  }

  ttlRange(side: Side): { min: number; max: number } | null {
    return this.#ttlMax[side] < 0 ? null : { min: this.#ttlMin[side], max: this.#ttlMax[side] };
  }

  #rst(side: Side, did: number, segment: Segment, moment: Moment): void {
    this.marks.add(MARK.rst, side, moment);
    const answersSyn = this.syn !== null && this.synAck === null && this.synBy !== side;
    const accepted = (did & DID.rstInWindow) !== 0;
    this.#close({ kind: 'rst', by: side, at: refOf(moment), accepted, answersSyn, ttl: segment.ttl });
  }

  #syn(side: Side, segment: Segment, moment: Moment): void {
    const answer = (segment.flags & FLAG.ack) !== 0;
    this.marks.add(answer ? MARK['syn-ack'] : MARK.syn, side, moment);
    if (answer) this.synAck ??= refOf(moment);
    else this.syn ??= refOf(moment);
    this.synBy ??= answer ? otherSide(side) : side;
  }

  #fin(side: Side, segment: Segment, moment: Moment): void {
    this.marks.add(MARK.fin, side, moment);
    if ((this.#finsSeen & (1 << side)) !== 0) return;
    this.#finsSeen |= 1 << side;
    this.#close({ kind: 'fin', by: side, at: refOf(moment), accepted: true, answersSyn: false, ttl: segment.ttl });
  }

  #close(close: Close): void {
    if (this.closes.length < CLOSES_MAX) this.closes.push(close);
    else {
      this.#limits.hit('closes-per-connection', CLOSES_MAX);
      // Resets may come in floods; each side has one first FIN.
      if (close.kind === 'fin') this.closes[CLOSES_MAX - 1] = close;
    }
  }
}
