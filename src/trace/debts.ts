import type { Moment } from '../capture/index.ts';
import { FLAG, type Segment } from '../decode/index.ts';
import { DID, isResent, LABEL, type Side } from '../tcp/index.ts';
import {
  DEBT_ATTEMPTS_MAX,
  DEBT_KEPT_NS,
  DEBT_KEPT_TRIES,
  DEBTS_LEAST,
  DEBTS_MAX,
  DEBTS_TOTAL,
  type LimitCounter,
} from './limits.ts';
import type { Debt, DebtEnd, Ref } from './model.ts';
import { grown, refOf, RefTable, roomFor } from './ref-table.ts';
import { LAST_SENT } from './sent.ts';
import { Share } from './share.ts';

/** What is owed in a row. `vain`: the bytes are acknowledged in this capture and sent again all the same. */
const OWED = { nothing: 0, anyPacket: 1, acknowledgement: 2, vain: 3 } as const;

/** A creditor that speaks so much later than its next try was due has stopped trying: its acknowledgement came. */
const VAIN_OVERDUE_GAPS = 4;
const VAIN_OVERDUE_MIN_NS = 2e9;

const COUNTS = {
  data: 0,
  retransmissions: 1,
  probes: 2,
  syns: 3,
  fins: 4,
  heard: 5,
  tries: 6,
  triesAfterHeard: 7,
  windowProbes: 8,
} as const;
const COUNTS_WIDTH = 9;

const REF = {
  firstElicit: 0,
  lastElicit: 1,
  previousTry: 2,
  heardBefore: 3,
  firstHeardDuring: 4,
  lastHeardDuring: 5,
} as const;
const REFS_COUNT = 6;
/** What a plain new data segment in flight did; it has no label, and neither SYN nor FIN. */
const SENDS_DATA: number = DID.elicit | DID.newData | DID.inFlight;
/** What any packet answers: a full window acknowledges nothing of a window probe (RFC 9293 §3.8.6.1), and says that its host lives. */
const PROBES: number = LABEL.keepAlive | LABEL.zeroWindowProbe;
const FIRST_ROWS = 256;

/**
 * Who owes whom an answer, one row per flow: row 2c + s holds what the other side owes to side s of connection c.
 *
 * A debt for sequence space is answered only by an acknowledgement that moves forward, not by any packet: in a path dead one way
 * both sides are heard and neither gets through. A debt of keep-alive probes alone is answered by any packet (RFC 1122 §4.2.3.6).
 */
export class DebtBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  #rows = 0;
  #owed = new Uint8Array(0);
  #counts = new Int32Array(0);
  readonly #refs = new RefTable(REFS_COUNT);
  readonly #attempts = new Map<number, Ref[]>();
  readonly #kept = new Map<number, Debt[]>();
  readonly #share = new Share(DEBTS_MAX, DEBTS_LEAST, DEBTS_TOTAL);

  constructor(moment: Moment, limits: LimitCounter) {
    this.#moment = moment;
    this.#limits = limits;
    this.#grow(FIRST_ROWS);
  }

  /** Makes the two rows of a connection. */
  opened(connection: number): void {
    const wanted = 2 * connection + 2;
    if (wanted > this.#rows) this.#grow(roomFor(this.#rows, wanted));
  }

  /** Forgets a connection. */
  release(connection: number): void {
    for (const row of [2 * connection, 2 * connection + 1]) {
      this.#owed[row] = OWED.nothing;
      this.#attempts.delete(row);
      for (let column = 0; column < REFS_COUNT; column++) this.#refs.clear(row, column);
    }
    this.#share.give(this.#kept.get(connection)?.length ?? 0);
    this.#kept.delete(connection);
  }

  /** Whether an answer is owed to either side. */
  isOpen(connection: number): boolean {
    return this.#owed[2 * connection] !== OWED.nothing || this.#owed[2 * connection + 1] !== OWED.nothing;
  }

  /** Whether a debt of it was worth keeping. */
  isNotable(connection: number): boolean {
    return this.#kept.has(connection);
  }

  /**
   * Accounts one segment.
   * @param lastHeard its column LAST_SENT: the last packet of each flow before this one
   */
  segment(connection: number, side: Side, labels: number, did: number, segment: Segment, lastHeard: RefTable): void {
    const own = 2 * connection + side;
    const other = own ^ 1;
    if ((did & DID.rstInWindow) !== 0) {
      this.#reset(own, other);
      return;
    }
    if (this.#owed[other] !== OWED.nothing) this.#hear(other, did, segment);
    if (this.#owed[own] === OWED.vain) this.#settleVain(own, did);
    if ((did & DID.elicit) !== 0) this.#elicit(own, other, labels, did, segment, lastHeard);
  }

  /**
   * The debts of a connection that are worth keeping, those still open included. Ordered by `firstElicit`.
   * Call when the last packet of the capture was read: `Moment` stands there.
   */
  finish(connection: number): Debt[] {
    for (const row of [2 * connection, 2 * connection + 1]) {
      if (this.#owed[row] === OWED.vain) this.#settleVain(row, 0);
      if (this.#owed[row] !== OWED.nothing) this.#close(row, 'open', null);
    }
    const debts = this.#kept.get(connection) ?? [];
    return debts.toSorted(
      (a, b) => a.firstElicit.timeNs - b.firstElicit.timeNs || a.firstElicit.packet - b.firstElicit.packet,
    );
  }

  #grow(rows: number): void {
    this.#rows = rows;
    this.#owed = grown(this.#owed, new Uint8Array(rows));
    this.#counts = grown(this.#counts, new Int32Array(rows * COUNTS_WIDTH));
    this.#refs.grow(rows);
  }

  /** The debtor of `row` speaks. */
  #hear(row: number, did: number, segment: Segment): void {
    const owed = this.#owed[row];
    const acknowledges = (did & DID.ackAdvanced) !== 0;
    if (owed === OWED.anyPacket ? (segment.flags & FLAG.rst) === 0 : owed === OWED.acknowledgement && acknowledges) {
      this.#close(row, 'answered', this.#moment);
      return;
    }
    if (this.#counted(row, COUNTS.heard) === 0) this.#refs.set(row, REF.firstHeardDuring, this.#moment);
    this.#count(row, COUNTS.heard);
    this.#refs.set(row, REF.lastHeardDuring, this.#moment);
  }

  #reset(own: number, other: number): void {
    if (this.#owed[own] !== OWED.nothing) this.#close(own, 'rst', this.#moment);
    if (this.#owed[other] !== OWED.nothing) this.#close(other, 'rst', this.#moment);
  }

  #settleVain(row: number, did: number): void {
    const lastNs = this.#refs.ns(row, REF.lastElicit);
    const gapNs = lastNs - this.#refs.ns(row, REF.previousTry);
    const overdueNs = Math.max(VAIN_OVERDUE_GAPS * gapNs, VAIN_OVERDUE_MIN_NS);
    const nowNs = this.#moment.ns[0] ?? 0;
    if ((did & DID.newData) !== 0 || nowNs - lastNs > overdueNs) this.#close(row, 'answered', this.#moment);
  }

  #elicit(own: number, other: number, labels: number, did: number, segment: Segment, lastHeard: RefTable): void {
    const isPlain = labels === 0 && (did & SENDS_DATA) === SENDS_DATA && (segment.flags & (FLAG.syn | FLAG.fin)) === 0;
    if (isPlain) this.#send(own, other, lastHeard);
    else this.#sendOddly(own, other, labels, did, segment, lastHeard);
  }

  /** New data: nearly every elicit there is. */
  #send(own: number, other: number, lastHeard: RefTable): void {
    if (this.#owed[own] === OWED.nothing) {
      this.#begin(own);
      this.#refs.set(own, REF.firstElicit, this.#moment);
      this.#refs.copy(own, REF.heardBefore, lastHeard, other, LAST_SENT);
    }
    this.#owed[own] = OWED.acknowledgement;
    this.#count(own, COUNTS.data);
    this.#refs.set(own, REF.lastElicit, this.#moment);
  }

  #sendOddly(own: number, other: number, labels: number, did: number, segment: Segment, lastHeard: RefTable): void {
    const resent = isResent(labels, did);
    const isProbe = (labels & PROBES) !== 0;
    const isOwed = resent || isProbe || (did & DID.inFlight) !== 0;
    if (isOwed) {
      if (this.#owed[own] === OWED.nothing) this.#open(own, other, labels, resent, lastHeard);
      else if (this.#owed[own] === OWED.anyPacket && !isProbe) this.#owed[own] = OWED.acknowledgement;
      this.#countElicit(own, labels, resent, segment);
      this.#refs.copy(own, REF.previousTry, this.#refs, own, REF.lastElicit);
      if (resent || isProbe || (segment.flags & FLAG.syn) !== 0) this.#try(own);
    } else if (this.#owed[own] === OWED.nothing) {
      // Bytes whose acknowledgement stands before them in the capture are owed nothing any more.
      this.#refs.copy(own, REF.heardBefore, lastHeard, other, LAST_SENT);
    }
    this.#refs.set(own, REF.lastElicit, this.#moment);
  }

  #begin(own: number): void {
    const from = own * COUNTS_WIDTH;
    // A loop: for eight cells the built-in call costs more than the work.
    for (let at = from; at < from + COUNTS_WIDTH; at++) this.#counts[at] = 0;
    this.#refs.clear(own, REF.firstHeardDuring);
    this.#refs.clear(own, REF.lastHeardDuring);
  }

  /** Opens a debt by anything but plain data. The row still has the last debt's packets: what is sent again in vain was sent then. */
  #open(own: number, other: number, labels: number, resent: boolean, lastHeard: RefTable): void {
    this.#begin(own);
    const vain = resent && (labels & LABEL.spuriousRetransmission) !== 0;
    this.#owed[own] = (labels & PROBES) !== 0 ? OWED.anyPacket : vain ? OWED.vain : OWED.acknowledgement;
    if (vain && this.#refs.has(own, REF.lastElicit)) {
      // Nothing that answers it has arrived since, behind the tap: `heardBefore` is that debt's too.
      this.#refs.copy(own, REF.firstElicit, this.#refs, own, REF.lastElicit);
      return;
    }
    this.#refs.set(own, REF.lastElicit, this.#moment);
    this.#refs.set(own, REF.firstElicit, this.#moment);
    this.#refs.copy(own, REF.heardBefore, lastHeard, other, LAST_SENT);
  }

  #countElicit(row: number, labels: number, resent: boolean, segment: Segment): void {
    if ((labels & LABEL.keepAlive) !== 0) this.#count(row, COUNTS.probes);
    else if ((segment.flags & FLAG.syn) !== 0) this.#count(row, COUNTS.syns);
    else if (resent) this.#count(row, COUNTS.retransmissions);
    else if ((labels & LABEL.zeroWindowProbe) !== 0) this.#count(row, COUNTS.windowProbes);
    else if ((segment.flags & FLAG.fin) !== 0) this.#count(row, COUNTS.fins);
    else this.#count(row, COUNTS.data);
  }

  #try(row: number): void {
    this.#count(row, COUNTS.tries);
    if (this.#counted(row, COUNTS.heard) > 0) this.#count(row, COUNTS.triesAfterHeard);
    const attempts = this.#attempts.get(row);
    if (attempts === undefined) this.#attempts.set(row, [refOf(this.#moment)]);
    else if (attempts.length < DEBT_ATTEMPTS_MAX) attempts.push(refOf(this.#moment));
  }

  #count(row: number, what: number): void {
    const at = row * COUNTS_WIDTH + what;
    this.#counts[at] = (this.#counts[at] ?? 0) + 1;
  }

  #counted(row: number, what: number): number {
    return this.#counts[row * COUNTS_WIDTH + what] ?? 0;
  }

  #close(row: number, end: DebtEnd, at: Moment | null): void {
    const vain = this.#owed[row] === OWED.vain;
    this.#owed[row] = OWED.nothing;
    const endNs = at === null ? Infinity : (at.ns[0] ?? 0);
    const long = endNs - this.#refs.ns(row, REF.firstElicit) >= DEBT_KEPT_NS;
    const tries = this.#counted(row, COUNTS.tries);
    // A single packet sent twice by mistake is no debt, however long ago its first sending was.
    if (vain ? tries >= DEBT_KEPT_TRIES : long || tries >= DEBT_KEPT_TRIES)
      this.#keep(row, end, vain, at === null ? null : refOf(at));
    if (tries > 0) this.#attempts.delete(row);
  }

  #keep(row: number, end: DebtEnd, acknowledgedInVain: boolean, endAt: Ref | null): void {
    const connection = row >> 1;
    const kept = this.#kept.get(connection) ?? [];
    const firstElicit = this.#refs.get(row, REF.firstElicit);
    const lastElicit = this.#refs.get(row, REF.lastElicit);
    if (firstElicit === null || lastElicit === null) return;
    const debt: Debt = {
      owedBy: (row & 1) === 0 ? 1 : 0,
      lastHeard: this.#refs.get(row, REF.heardBefore),
      firstElicit,
      lastElicit,
      elicits: {
        data: this.#counted(row, COUNTS.data),
        retransmissions: this.#counted(row, COUNTS.retransmissions),
        probes: this.#counted(row, COUNTS.probes),
        windowProbes: this.#counted(row, COUNTS.windowProbes),
        syns: this.#counted(row, COUNTS.syns),
        fins: this.#counted(row, COUNTS.fins),
      },
      tries: this.#counted(row, COUNTS.tries),
      attempts: this.#attempts.get(row) ?? [],
      heard: this.#counted(row, COUNTS.heard),
      firstHeardDuring: this.#refs.get(row, REF.firstHeardDuring),
      lastHeardDuring: this.#refs.get(row, REF.lastHeardDuring),
      triesAfterHeard: this.#counted(row, COUNTS.triesAfterHeard),
      acknowledgedInVain,
      end,
      endAt,
    };
    if (this.#share.allows(kept.length)) {
      this.#share.take();
      kept.push(debt);
    } else this.#replaceLeast(kept, debt);
    this.#kept.set(connection, kept);
  }

  /** A leg that stutters for ever may die all the same: the debt with the fewest tries makes room, one still open first of all. */
  #replaceLeast(kept: Debt[], debt: Debt): void {
    this.#limits.hit('debts-per-connection', this.#share.bound);
    const least = kept.reduce((least, candidate, at) => (weightOf(candidate) < weightOf(kept[least]) ? at : least), 0);
    if (weightOf(debt) > weightOf(kept[least])) kept[least] = debt;
  }
}

function weightOf(debt: Debt | undefined): number {
  if (debt === undefined) return 0;
  return debt.end === 'open' ? Infinity : debt.tries;
}
