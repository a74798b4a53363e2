import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import type { Protocol } from '../http/index.ts';
import { DID, LABEL, otherSide, type Side } from '../tcp/index.ts';
import type { TlsFacts } from '../tls/index.ts';
import { DoubtfulReset } from './doubtful-reset.ts';
import {
  CLOSES_MAX,
  GOAWAYS_MAX,
  ICMP_ERRORS_MAX,
  type LimitCounter,
  SLOW_PINGS_MAX,
  TLS_ALERTS_MAX,
} from './limits.ts';
import type { Close, Endpoint, Goaway, IcmpError, Ref, ResetMarks, SaidAlert, Silence, SlowPing } from './model.ts';
import { refOf } from './ref-table.ts';
import type { Share } from './share.ts';

const NOTHING: readonly never[] = [];

/** The episodes of one connection. Every list is bounded; what is beyond is counted. */
export class Gathered {
  #protocol: Protocol = 'unknown';
  /** Every frame and message of it is marked; of other protocols only that something was said. */
  isFramed = false;
  zeroWindowSince0: Ref | null = null;
  zeroWindowSince1: Ref | null = null;
  syn: Ref | null = null;
  synAck: Ref | null = null;
  synBy: Side | null = null;
  /** Read with the secrets of its TLS session. */
  isDecrypted = false;
  /** A side began with nothing but zeros. */
  isBlanked = false;
  tls: TlsFacts | null = null;
  proxiedFor: Endpoint | null = null;
  /** Both FINs, or a RST that the peer would accept, went by; also where it turned out later that the peer did not accept it. */
  isOver = false;
  readonly #limits: LimitCounter;
  readonly #share: Share;
  /** Made when the first entry comes: most connections have none of these episodes, and there may be very many connections. */
  #closes: readonly Close[] | null = null;
  /** RSTs in there that ended nothing: one came before, or the peer would not accept them. */
  #idleResets = 0;
  #isReset = false;
  /** RSTs that count as accepted until something shows that they were not. */
  #doubts: Doubt[] | null = null;
  #silences: Silence[] | null = null;
  #goaways: Goaway[] | null = null;
  #slowPings: SlowPing[] | null = null;
  #tlsAlerts: SaidAlert[] | null = null;
  #icmpErrors: IcmpError[] | null = null;
  #finsSeen = 0;

  /** @param share of the silences of all connections */
  constructor(limits: LimitCounter, share: Share) {
    this.#limits = limits;
    this.#share = share;
  }

  get protocol(): Protocol {
    return this.#protocol;
  }

  set protocol(protocol: Protocol) {
    this.#protocol = protocol;
    this.isFramed = protocol === 'h2' || protocol === 'http1';
  }

  /** Notes when a side's receive window closed, until it opens again. */
  window(side: Side, labels: number, window: number, moment: Moment): void {
    const since = side === 0 ? this.zeroWindowSince0 : this.zeroWindowSince1;
    if ((labels & LABEL.zeroWindow) !== 0) this.#setZeroWindow(side, since ?? refOf(moment));
    else if (since !== null && window > 0) this.#setZeroWindow(side, null);
  }

  get hasZeroWindow(): boolean {
    return this.zeroWindowSince0 !== null || this.zeroWindowSince1 !== null;
  }

  #setZeroWindow(side: Side, since: Ref | null): void {
    if (side === 0) this.zeroWindowSince0 = since;
    else this.zeroWindowSince1 = since;
  }

  /** @param isFirst  no packet of the connection came before */
  rst(side: Side, did: number, segment: Segment, moment: Moment, marks: ResetMarks, isFirst = false): void {
    const answersSyn = isFirst
      ? refusesUnseen(segment)
      : this.syn !== null && this.synAck === null && this.synBy !== side;
    const accepted = (did & DID.rstInWindow) !== 0;
    const close: Close = { kind: 'rst', by: side, at: refOf(moment), accepted, answersSyn, ttl: segment.ttl, marks };
    if (!this.#close(close) || !accepted || answersSyn) return;
    const reset = new DoubtfulReset(side, segment.seq, (did & DID.rstExpected) !== 0, close.at.timeNs);
    (this.#doubts ??= []).push({ close, reset });
  }

  /** Whether something may still show that a RST was not accepted: then each segment is to be told to `afterReset`, before its own RST. */
  get isDoubtful(): boolean {
    return this.#doubts !== null;
  }

  /** Takes back that RSTs were accepted where this segment shows that they were not. */
  afterReset(side: Side, segment: Segment, moment: Moment): void {
    const nowNs = moment.ns[0] ?? 0;
    const doubts = this.#doubts?.filter((doubt) => {
      const { reset } = doubt;
      const wentOn = reset.senderWentOn;
      const isRefuted = reset.isRefutedBy(side, segment, nowNs);
      if (reset.senderWentOn && !wentOn)
        doubt.close = this.#replace(doubt.close, { ...doubt.close, spokeOn: refOf(moment) });
      if (isRefuted) this.#takeBack(doubt.close);
      return !isRefuted;
    });
    this.#doubts = doubts === undefined || doubts.length === 0 ? null : doubts;
  }

  handshake(side: Side, segment: Segment, moment: Moment): void {
    const answer = (segment.flags & FLAG.ack) !== 0;
    if (answer) this.synAck ??= refOf(moment);
    else this.syn ??= refOf(moment);
    this.synBy ??= answer ? otherSide(side) : side;
  }

  fin(side: Side, segment: Segment, moment: Moment): void {
    if ((this.#finsSeen & (1 << side)) !== 0) return;
    this.#finsSeen |= 1 << side;
    this.#close({ kind: 'fin', by: side, at: refOf(moment), accepted: true, answersSyn: false, ttl: segment.ttl });
  }

  silence(silence: Silence): void {
    const silences = (this.#silences ??= []);
    if (this.#share.allows(silences.length)) {
      this.#share.take();
      silences.push(silence);
      return;
    }
    this.#limits.hit('silences-per-connection', this.#share.bound);
    const shortest = silences.reduce(
      (least, { from, to }, at) => (spanOf(from, to) < spanAt(silences, least) ? at : least),
      0,
    );
    if (spanOf(silence.from, silence.to) <= spanAt(silences, shortest)) return;
    silences.splice(shortest, 1);
    silences.push(silence);
  }

  goaway(goaway: Goaway): void {
    const goaways = (this.#goaways ??= []);
    if (goaways.length < GOAWAYS_MAX) goaways.push(goaway);
    else this.#limits.hit('goaways-per-connection', GOAWAYS_MAX);
  }

  tlsAlert(alert: SaidAlert): void {
    const alerts = (this.#tlsAlerts ??= []);
    if (alerts.length < TLS_ALERTS_MAX) alerts.push(alert);
    else this.#limits.hit('tls-alerts-per-connection', TLS_ALERTS_MAX);
  }

  icmpError(error: IcmpError): void {
    const errors = (this.#icmpErrors ??= []);
    if (errors.length < ICMP_ERRORS_MAX) errors.push(error);
    else this.#limits.hit('icmp-errors-per-connection', ICMP_ERRORS_MAX);
  }

  get icmpErrors(): readonly IcmpError[] {
    return this.#icmpErrors ?? NOTHING;
  }

  slowPing(ping: SlowPing): void {
    const slowPings = (this.#slowPings ??= []);
    if (slowPings.length < SLOW_PINGS_MAX) slowPings.push(ping);
    else this.#limits.hit('slow-pings-per-connection', SLOW_PINGS_MAX);
  }

  /** How many silences are given back when the connection is forgotten. */
  get silencesKept(): number {
    return this.#silences?.length ?? 0;
  }

  get closes(): readonly Close[] {
    return this.#closes ?? NOTHING;
  }

  get silences(): readonly Silence[] {
    return this.#silences ?? NOTHING;
  }

  get goaways(): readonly Goaway[] {
    return this.#goaways ?? NOTHING;
  }

  get tlsAlerts(): readonly SaidAlert[] {
    return this.#tlsAlerts ?? NOTHING;
  }

  get slowPings(): readonly SlowPing[] {
    return this.#slowPings ?? NOTHING;
  }

  #takeBack(reset: Close): void {
    const others = this.closes.filter((close) => close !== reset);
    this.#isReset = others.some(({ kind, accepted }) => kind === 'rst' && accepted);
    this.#idleResets = others.filter(({ kind }) => kind === 'rst').length - (this.#isReset ? 1 : 0);
    if (this.#idleResets >= CLOSES_MAX) {
      this.#limits.hit('closes-per-connection', CLOSES_MAX);
      this.#closes = others;
    } else {
      this.#idleResets++;
      this.#replace(reset, { ...reset, accepted: false });
    }
  }

  #replace(close: Close, by: Close): Close {
    this.#closes = this.closes.map((each) => (each === close ? by : each));
    return by;
  }

  /** @returns whether it is kept */
  #close(close: Close): boolean {
    const isIdle = close.kind === 'rst' && (this.#isReset || !close.accepted);
    if (isIdle && this.#idleResets >= CLOSES_MAX) {
      // Resets may come in floods, forged ones too: what really ended the connection has its place all the same.
      this.#limits.hit('closes-per-connection', CLOSES_MAX);
      return false;
    }
    if (isIdle) this.#idleResets++;
    else if (close.kind === 'rst') this.#isReset = true;
    // Not pushed: an array that grows has room for sixteen more, and nearly every connection has two of these.
    this.#closes = [...this.closes, close];
    return true;
  }
}

/** RFC 9293 §3.10.7.1: what has no ACK, which is a SYN, is answered by a RST whose sequence number is 0, and which acknowledges it. */
function refusesUnseen({ flags, seq }: Segment): boolean {
  return (flags & FLAG.ack) !== 0 && seq === 0;
}

interface Doubt {
  close: Close;
  readonly reset: DoubtfulReset;
}

/** The silence that the capture ends in says more than any before it. */
function spanOf(from: Ref, to: Ref | null): number {
  return to === null ? Infinity : to.timeNs - from.timeNs;
}

function spanAt(silences: readonly Silence[], at: number): number {
  const silence = silences[at];
  return silence === undefined ? Infinity : spanOf(silence.from, silence.to);
}
