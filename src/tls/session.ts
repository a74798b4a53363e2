import type { Side } from '../tcp/index.ts';
import { ALERT_BYTES, FATAL, type TlsAlert } from './alert.ts';
import type { Budget } from './budget.ts';
import { Direction } from './direction.ts';
import { GatheredFacts } from './facts.ts';
import { Handshake, isWanted } from './handshake.ts';
import type { KeyLog } from './key-log.ts';
import type { Protection, Sealed } from './protection.ts';
import type { RecordBuffers } from './record-buffers.ts';
import { CONTENT } from './record.ts';
import type { SessionWatcher } from './watcher.ts';

/** Sequence numbers tried behind a gap: so many records may be missing. */
const SKIPPED_MAX = 256;
/** Records in a row that open at none of them: no later one will. */
const FAILURES_MAX = 4;
/** Records of a handshake whose keys were not given: no server sends more. */
const HANDSHAKE_RECORDS_MAX = 32;

/** Tells what was said inside the records. */
export interface SessionSink {
  /** @param length  of `bytes`, how many are content: at least one */
  content(side: Side, bytes: Uint8Array, length: number): void;
  /** An alert; null where it did not open. */
  alert(side: Side, alert: TlsAlert | null): void;
  /** Content is missing, how much is not known. */
  lost(side: Side): void;
}

/**
 * One TLS connection that is followed from its handshake on (RFC 8446, RFC 5246), and decrypted with secrets that were given. Nothing of a
 * secret leaves it.
 */
export class Session {
  readonly directions: readonly [Direction, Direction];
  readonly facts: GatheredFacts = new GatheredFacts(true);
  readonly #handshake: Handshake;
  readonly #sink: SessionSink;
  readonly #trials: Budget;
  readonly #watcher: SessionWatcher | null;
  #isOver = false;

  /**
   * @param buffers of all sessions, for records that are cut
   * @param budget  of what all sessions keep of handshake messages
   * @param trials  of all sessions, at sequence numbers behind gaps
   */
  constructor(
    keyLog: KeyLog,
    buffers: RecordBuffers,
    budget: Budget,
    trials: Budget,
    sink: SessionSink,
    watcher: SessionWatcher | null = null,
  ) {
    this.#trials = trials;
    this.#sink = sink;
    this.#watcher = watcher;
    const direction = (side: Side): Direction =>
      new Direction(side, buffers, budget, isWanted, (type, version, fragment) => {
        this.#record(this.directions[side], { type, version, fragment });
      });
    this.directions = [direction(0), direction(1)];
    const lost = (side: Side): void => {
      sink.lost(side);
    };
    this.#handshake = new Handshake(keyLog, this.directions, this.facts, lost, watcher);
  }

  /** Gives back what it keeps; nothing may be read after. */
  release(): void {
    for (const { records, handshake } of this.directions) {
      records.lose();
      handshake.restart();
    }
  }

  /** Enough of the hellos was read to know whether the connection can be decrypted; after a fatal alert no more comes. */
  get isDecided(): boolean {
    return this.#isOver || this.#handshake.isDecided;
  }

  /** There are secrets for it; also where it goes on under others that were not given, after a renegotiation (RFC 5246 §7.4.1.2). */
  get hasSecrets(): boolean {
    return this.#handshake.hasSecrets;
  }

  read(side: Side, view: DataView, at: number, end: number): void {
    const direction = this.directions[side];
    if (direction.records.isLost) direction.records.restart();
    direction.records.read(view, at, end);
    if (direction.records.isLost) this.#lose(direction);
  }

  gap(side: Side): void {
    this.#lose(this.directions[side]);
    this.directions[side].records.lose();
  }

  #lose(direction: Direction): void {
    if (!direction.hasGap) this.#sink.lost(direction.side);
    direction.hasGap = true;
    direction.handshake.restart();
  }

  #record(direction: Direction, record: Sealed): void {
    const { type, fragment } = record;
    const isData = type === CONTENT.applicationData;
    if (isData && !direction.isProtected && this.#handshake.isTls12) this.#protectLate(direction);
    // In TLS 1.3 all that is protected looks like data (RFC 8446 §5.2); what does not is in clear: an alert of who cannot go on.
    const isOther = direction.isProtected && this.#handshake.isTls12 && type !== CONTENT.changeCipherSpec;
    const isSealed = isData || isOther;
    const content = isSealed ? this.#open(direction, record) : fragment;
    this.#watch(direction, record, content, isSealed);
    if (type === CONTENT.changeCipherSpec) {
      // Before the server's hello, and in TLS 1.3 at any time, it only pleases middleboxes (RFC 8446 §D.4).
      if (this.#handshake.isTls12 && direction.protection?.sequence !== 0) this.#handshake.protectTls12(direction);
    } else if (isSealed) {
      if (content !== null) this.#inner(direction, type, content);
      else if (type === CONTENT.alert) this.#sink.alert(direction.side, null);
    } else if (!direction.isProtected || type === CONTENT.alert)
      this.#content(direction, type, fragment, fragment.length);
  }

  /** Data come behind a ChangeCipherSpec and a Finished (RFC 5246 §7.1): those are missing, or were captured before the hello that they answer. */
  #protectLate(direction: Direction): void {
    this.#handshake.protectTls12(direction);
    direction.hasGap = true;
  }

  #watch(
    { side, records, protection, early }: Direction,
    record: Sealed,
    content: Uint8Array | null,
    isSealed: boolean,
  ): void {
    if (this.#watcher === null) return;
    // Early data are under keys that are not watched.
    const isTold = !isSealed || (early === null && protection !== null);
    const sequence = isSealed && protection !== null ? protection.sequence - 1 : null;
    this.#watcher.record(side, record, records.end, isTold ? content : null, sequence);
  }

  /** RFC 8446 §5.2: the real type stands behind the content, before the padding. */
  #inner(direction: Direction, type: number, opened: Uint8Array): void {
    // Early data come before it is said that this is TLS 1.3.
    if (this.#handshake.isTls12) {
      this.#content(direction, type, opened, opened.length);
      return;
    }
    let end = opened.length;
    while (end > 0 && opened[end - 1] === 0) end--;
    if (end > 0) this.#content(direction, opened[end - 1] ?? 0, opened, end - 1);
  }

  #open(direction: Direction, record: Sealed): Uint8Array | null {
    const early = direction.early?.open(record) ?? null;
    if (early !== null) {
      this.facts.opened++;
      return early;
    }
    const { protection } = direction;
    if (protection === null) {
      this.#failWithoutKeys(direction);
      return null;
    }
    const opened =
      protection.open(record) ?? (direction.hasGap ? this.#openBehindGap(direction, protection, record) : null);
    if (opened === null) this.#fail(direction);
    else this.#succeed(direction);
    return opened;
  }

  /** As many records may be missing as it takes until this one opens, and among them the message that changed the keys. */
  #openBehindGap(direction: Direction, protection: Protection, record: Sealed): Uint8Array | null {
    const opened = this.#openSkipping(protection, record);
    if (opened !== null || !this.#trials.take(1)) return opened;
    const next = this.#handshake.nextProtection(direction);
    const later = next === null ? null : (next.open(record) ?? this.#openSkipping(next, record));
    if (next === null || later === null) return null;
    this.#handshake.changeKeys(direction);
    direction.protection?.skip(next.sequence);
    return later;
  }

  #openSkipping(protection: Protection, record: Sealed): Uint8Array | null {
    let skipped = 0;
    while (skipped < SKIPPED_MAX && this.#trials.take(1)) {
      protection.skip(1);
      skipped++;
      const opened = protection.open(record);
      if (opened !== null) return opened;
    }
    protection.skip(-skipped);
    return null;
  }

  #succeed(direction: Direction): void {
    direction.early = null;
    direction.hasGap = false;
    direction.failures = 0;
    direction.opened++;
    this.facts.opened++;
  }

  #failWithoutKeys(direction: Direction): void {
    if (this.#mayBeEarly(direction)) this.#loseEarlyData(direction);
    else if (this.hasSecrets) {
      this.facts.failed++;
      this.#lose(direction);
    }
  }

  /** Early data are under keys of their own, and come before anything that opens with the session's. */
  #mayBeEarly(direction: Direction): boolean {
    return direction.opened === 0 && this.#handshake.offersEarlyData(direction.side);
  }

  #loseEarlyData(direction: Direction): void {
    if (!direction.hasLostEarlyData) this.#sink.lost(direction.side);
    direction.hasLostEarlyData = true;
  }

  #fail(direction: Direction): void {
    if (this.#mayBeEarly(direction)) {
      this.#loseEarlyData(direction);
      return;
    }
    direction.failures++;
    const mayBeHandshake = direction.isBehindHandshake && direction.opened === 0;
    if (mayBeHandshake && direction.failures <= HANDSHAKE_RECORDS_MAX) return;
    this.facts.failed++;
    if (direction.failures >= FAILURES_MAX) direction.protection = null;
    this.#lose(direction);
  }

  /** @param length  of `bytes`, how many are content: cutting off the rest costs more than saying so */
  #content(direction: Direction, type: number, bytes: Uint8Array, length: number): void {
    if (type === CONTENT.handshake) {
      const { protection } = direction;
      direction.handshake.read(bytes.subarray(0, length), (message, body) => {
        // RFC 8446 §5.1: nothing stands behind a change of keys in its record.
        if (direction.protection === protection) this.#handshake.message(direction, message, body);
      });
    } else if (type === CONTENT.alert) {
      const [level = 0, description = 0] = bytes;
      if (level === FATAL) this.#isOver = true;
      this.#sink.alert(direction.side, length === ALERT_BYTES ? { level, description } : null);
    } else if (type === CONTENT.applicationData && length > 0) this.#sink.content(direction.side, bytes, length);
  }
}
