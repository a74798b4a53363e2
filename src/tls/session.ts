import { otherSide, type Side } from '../tcp/index.ts';
import type { Budget } from './budget.ts';
import { type Suite, suiteOf } from './ciphers.ts';
import { Direction } from './direction.ts';
import { EarlyData } from './early-data.ts';
import { GatheredFacts } from './facts.ts';
import { type Hello, hexOf, readClientHello, readEncryptedExtensions, readServerHello } from './hello.ts';
import { type KeyLog, SECRET, type SecretLabel, type Secrets } from './key-log.ts';
import { nextSecret, protectionFrom, protectionTls12 } from './keys.ts';
import type { Protection, Sealed } from './protection.ts';
import type { RecordBuffers } from './record-buffers.ts';
import { CONTENT } from './record-reader.ts';
import type { SessionWatcher } from './watcher.ts';

/** Handshake messages (RFC 8446 §4). */
const MESSAGE = {
  clientHello: 1,
  serverHello: 2,
  newSessionTicket: 4,
  encryptedExtensions: 8,
  finished: 20,
  keyUpdate: 24,
} as const;
const WANTED: ReadonlySet<number> = new Set(Object.values(MESSAGE));
const isWanted = (type: number): boolean => WANTED.has(type);
const TLS_1_3 = 0x0304;
/** Sequence numbers tried behind a gap: so many records may be missing. */
const SKIPPED_MAX = 256;
/** Records in a row that open at none of them: no later one will. */
const FAILURES_MAX = 4;
/** Records of a handshake whose keys were not given: no server sends more. */
const HANDSHAKE_RECORDS_MAX = 32;

/** Tells what was said inside the records. */
export interface SessionSink {
  content(side: Side, bytes: Uint8Array): void;
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
  readonly #keyLog: KeyLog;
  readonly #sink: SessionSink;
  readonly #trials: Budget;
  readonly #watcher: SessionWatcher | null;
  #clientSide: Side = 0;
  #client: Hello | null = null;
  #server: Hello | null = null;
  #suite: Suite | null = null;
  #secrets: Secrets | null = null;
  #hasSecrets = false;
  /** Of the session that the client offers to go on with, while the server has not said whether it does. */
  #offered: Uint8Array | null = null;

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
    this.#keyLog = keyLog;
    this.#trials = trials;
    this.#sink = sink;
    this.#watcher = watcher;
    const direction = (side: Side): Direction =>
      new Direction(side, buffers, budget, isWanted, (...record) => this.#record(this.directions[side], ...record));
    this.directions = [direction(0), direction(1)];
  }

  /** Gives back what it keeps; nothing may be read after. */
  release(): void {
    for (const { records, handshake } of this.directions) {
      records.lose();
      handshake.restart();
    }
  }

  /** Enough of the hellos was read to know whether the connection can be decrypted. */
  get isDecided(): boolean {
    return this.#client !== null && this.#offered === null;
  }

  /** There are secrets for it; also where it goes on under others that were not given, after a renegotiation (RFC 5246 §7.4.1.2). */
  get hasSecrets(): boolean {
    return this.#hasSecrets;
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

  #record(direction: Direction, type: number, version: number, fragment: Uint8Array): void {
    const record = { type, version, fragment };
    const isSealed = type !== CONTENT.changeCipherSpec && (direction.isProtected || type === CONTENT.applicationData);
    const content = isSealed ? this.#open(direction, record) : fragment;
    this.#watch(direction, record, content, isSealed);
    if (type === CONTENT.changeCipherSpec) {
      // Before the server's hello, and in TLS 1.3 at any time, it only pleases middleboxes (RFC 8446 §D.4).
      if (this.#server !== null && !this.#isTls13) this.#protectTls12(direction);
    } else if (isSealed) {
      if (content !== null) this.#inner(direction, type, content);
    } else this.#content(direction, type, fragment);
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
    if (this.#server !== null && !this.#isTls13) {
      this.#content(direction, type, opened);
      return;
    }
    let end = opened.length;
    while (end > 0 && opened[end - 1] === 0) end--;
    if (end > 0) this.#content(direction, opened[end - 1] ?? 0, opened.subarray(0, end - 1));
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
    const opened = protection.open(record) ?? (direction.hasGap ? this.#openBehindGap(protection, record) : null);
    if (opened === null) this.#fail(direction);
    else this.#succeed(direction);
    return opened;
  }

  /** As many records may be missing as it takes until this one opens. */
  #openBehindGap(protection: Protection, record: Sealed): Uint8Array | null {
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
    return direction.side === this.#clientSide && direction.opened === 0 && this.#client?.hasEarlyData === true;
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

  #content(direction: Direction, type: number, bytes: Uint8Array): void {
    if (type === CONTENT.handshake) {
      direction.handshake.read(bytes, (message, body) => {
        this.#message(direction, message, body);
      });
    } else if (type === CONTENT.applicationData && bytes.length > 0) this.#sink.content(direction.side, bytes);
  }

  #message(direction: Direction, type: number, body: Uint8Array): void {
    switch (type) {
      case MESSAGE.clientHello:
        this.#clientHello(direction, readClientHello(body));
        break;
      case MESSAGE.serverHello:
        this.#serverHello(direction, readServerHello(body));
        break;
      case MESSAGE.encryptedExtensions:
        this.#encryptedExtensions(body);
        break;
      case MESSAGE.newSessionTicket:
        this.#ticket(body);
        break;
      case MESSAGE.finished:
        this.#finished(direction);
        break;
      case MESSAGE.keyUpdate:
        if (this.#isTls13) this.#updateKeys(direction);
        break;
      default:
    }
  }

  #clientHello(direction: Direction, hello: Hello | null): void {
    if (hello === null) return;
    this.#clientSide = direction.side;
    this.#client = hello;
    this.facts.client(direction.side, hello);
    const random = hexOf(hello.random);
    this.#watcher?.hello(random, true);
    this.#secrets = this.#keyLog.of(random) ?? null;
    this.#hasSecrets ||= this.#secrets !== null;
    this.#offered = this.#hasSecrets ? null : (this.#keyLog.sessions.offeredBy(hello) ?? null);
    const early = this.#secrets?.get(SECRET.clientEarly);
    if (hello.hasEarlyData && early !== undefined) direction.early ??= new EarlyData(early);
  }

  /** The client says it all again (RFC 8446 §4.2.10). */
  #refuseEarlyData(): void {
    const client = this.directions[this.#clientSide];
    if (client.early !== null && client.early.opened > 0) this.#sink.lost(client.side);
    client.early = null;
  }

  #serverHello(direction: Direction, hello: Hello | null): void {
    if (hello === null) return;
    this.#clientSide = otherSide(direction.side);
    if (hello.isRetryRequest || !hello.hasPreSharedKey) this.#refuseEarlyData();
    if (hello.isRetryRequest) return;
    this.#server = hello;
    this.#watcher?.hello(hexOf(hello.random), false);
    this.facts.server(hello);
    this.#suite = hello.isCompressed ? null : (suiteOf(hello.cipherSuite) ?? null);
    this.facts.isUnsupported = this.#suite === null;
    this.#settleOffer(hello);
    if (this.#isTls13) for (const each of this.directions) this.#beginTls13(each);
  }

  /** RFC 5246 §7.4.1.3, RFC 5077 §3.4: a server that goes on with the session says the client's session id again. */
  #settleOffer({ sessionId }: Hello): void {
    const isResumed = !this.#isTls13 && sessionId !== '' && sessionId === this.#client?.sessionId;
    if (this.#offered !== null && isResumed) {
      this.#secrets = new Map([[SECRET.master, this.#offered]]);
      this.#hasSecrets = true;
    }
    this.#offered = null;
    const master = this.#secrets?.get(SECRET.master);
    if (master !== undefined && !this.#isTls13) this.#keyLog.sessions.named(sessionId, master);
  }

  #ticket(body: Uint8Array): void {
    const master = this.#secrets?.get(SECRET.master);
    if (master !== undefined && !this.#isTls13) this.#keyLog.sessions.ticket(body, master);
  }

  #finished(direction: Direction): void {
    if (!this.#isTls13 || direction.isFinished) return;
    direction.isFinished = true;
    if (!direction.isBehindHandshake) this.#use(direction, this.#labels(direction).traffic);
  }

  #beginTls13(direction: Direction): void {
    const { handshake, traffic } = this.#labels(direction);
    direction.isProtected = true;
    direction.isBehindHandshake = this.#secrets?.has(handshake) !== true;
    this.#use(direction, direction.isBehindHandshake ? traffic : handshake);
  }

  #encryptedExtensions(body: Uint8Array): void {
    const { protocols, hasEarlyData } = readEncryptedExtensions(body);
    this.facts.chosen ??= protocols[0] ?? null;
    if (!hasEarlyData) this.#refuseEarlyData();
  }

  get #isTls13(): boolean {
    return this.#server?.version === TLS_1_3;
  }

  #labels(direction: Direction): { readonly handshake: SecretLabel; readonly traffic: SecretLabel } {
    return direction.side === this.#clientSide
      ? { handshake: SECRET.clientHandshake, traffic: SECRET.clientTraffic }
      : { handshake: SECRET.serverHandshake, traffic: SECRET.serverTraffic };
  }

  #use(direction: Direction, label: SecretLabel): void {
    this.#useSecret(direction, this.#secrets?.get(label) ?? null);
    if (this.#suite !== null && direction.secret !== null)
      this.#watcher?.keys(direction.side, { by: 'traffic', label, suite: this.#suite, bytes: direction.secret.length });
  }

  #useSecret(direction: Direction, secret: Uint8Array | null): void {
    direction.secret = secret;
    direction.protection = this.#suite === null || secret === null ? null : protectionFrom(this.#suite, secret);
  }

  #updateKeys(direction: Direction): void {
    if (direction.secret === null || this.#suite === null) return;
    this.#useSecret(direction, nextSecret(this.#suite, direction.secret));
    this.#watcher?.keys(direction.side, { by: 'update' });
  }

  /** RFC 5246 §7.1: what follows a ChangeCipherSpec is under the new keys. */
  #protectTls12(direction: Direction): void {
    direction.isProtected = true;
    direction.protection = null;
    const master = this.#secrets?.get(SECRET.master);
    if (master === undefined || this.#client === null || this.#server === null || this.#suite === null) return;
    const isClient = direction.side === this.#clientSide;
    const { random, encryptThenMac } = this.#server;
    direction.protection = protectionTls12(this.#suite, master, this.#client.random, random, encryptThenMac, isClient);
    this.#watcher?.keys(direction.side, { by: 'master', suite: this.#suite, encryptThenMac, isClient });
  }
}
