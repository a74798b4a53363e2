import { otherSide, type Side } from '../tcp/index.ts';
import type { Budget } from './budget.ts';
import { type Suite, suiteOf } from './ciphers.ts';
import { expandLabel, keyBlock } from './derive.ts';
import { GatheredFacts } from './facts.ts';
import { HandshakeReader } from './handshake-reader.ts';
import { type Hello, hexOf, readClientHello, readServerHello } from './hello.ts';
import { type KeyLog, SECRET, type SecretLabel, type Secrets } from './key-log.ts';
import { AeadProtection, CbcProtection, type Protection, protectionFrom } from './protection.ts';
import { CONTENT, RecordReader } from './record-reader.ts';

/** Handshake messages (RFC 8446 §4). */
const MESSAGE = { clientHello: 1, serverHello: 2, finished: 20, keyUpdate: 24 } as const;
const WANTED: ReadonlySet<number> = new Set(Object.values(MESSAGE));
const TLS_1_3 = 0x0304;
const GCM_SALT_BYTES = 4;
const IV_BYTES = 12;
const HASH_BYTES = { sha256: 32, sha384: 48 } as const;
/** Sequence numbers tried behind a gap: so many records may be missing. */
const SKIPPED_MAX = 256;
/** Records in a row that open at none of them: no later one will. */
const FAILURES_MAX = 4;

/** Where one direction of a session stands. */
class Direction {
  readonly side: Side;
  readonly records: RecordReader;
  isProtected = false;
  protection: Protection | null = null;
  /** The traffic secret in use, TLS 1.3. */
  secret: Uint8Array | null = null;
  /** Records are missing before the next one: how many is found by trying. */
  hasGap = false;
  opened = 0;
  /** Records behind a gap that opened at no sequence number. */
  failures = 0;
  readonly handshake: HandshakeReader;

  constructor(side: Side, budget: Budget) {
    this.side = side;
    this.records = new RecordReader(budget);
    this.handshake = new HandshakeReader((type) => WANTED.has(type), budget);
  }
}

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
  #clientSide: Side = 0;
  #client: Hello | null = null;
  #server: Hello | null = null;
  #suite: Suite | null = null;
  #secrets: Secrets | null = null;

  /** @param budget of what all sessions keep of cut records and hellos */
  constructor(keyLog: KeyLog, budget: Budget, sink: SessionSink) {
    this.#keyLog = keyLog;
    this.#sink = sink;
    this.directions = [new Direction(0, budget), new Direction(1, budget)];
  }

  /** Gives back what it keeps; nothing may be read after. */
  release(): void {
    for (const { records, handshake } of this.directions) {
      records.release();
      handshake.restart();
    }
  }

  /** A ClientHello was read whole: whether the connection can be decrypted is known. */
  get hasClientHello(): boolean {
    return this.#client !== null;
  }

  get hasSecrets(): boolean {
    return this.#secrets !== null;
  }

  read(side: Side, view: DataView, at: number, end: number): void {
    const direction = this.directions[side];
    if (direction.records.isLost) direction.records.restart();
    direction.records.read(view, at, end, (type, version, fragment) =>
      this.#record(direction, type, version, fragment),
    );
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
    if (type === CONTENT.changeCipherSpec) {
      if (!this.#isTls13) this.#protectTls12(direction);
    } else if (!direction.isProtected) {
      // RFC 8446 §4.2.10: what comes before any keys stand can only be early data.
      if (type !== CONTENT.applicationData) this.#content(direction, type, fragment);
    } else {
      const opened = this.#open(direction, { type, version, fragment });
      if (opened !== null) this.#inner(direction, type, opened);
    }
  }

  /** RFC 8446 §5.2: the real type stands behind the content, before the padding. */
  #inner(direction: Direction, type: number, opened: Uint8Array): void {
    if (!this.#isTls13) {
      this.#content(direction, type, opened);
      return;
    }
    let end = opened.length;
    while (end > 0 && opened[end - 1] === 0) end--;
    if (end > 0) this.#content(direction, opened[end - 1] ?? 0, opened.subarray(0, end - 1));
  }

  #open(direction: Direction, record: { type: number; version: number; fragment: Uint8Array }): Uint8Array | null {
    const { protection } = direction;
    if (protection === null) {
      if (this.hasSecrets) this.facts.failed++;
      return null;
    }
    for (let skipped = 0; skipped <= (direction.hasGap ? SKIPPED_MAX : 0); skipped++) {
      const opened = protection.open(record);
      if (opened !== null) {
        direction.hasGap = false;
        direction.failures = 0;
        direction.opened++;
        this.facts.opened++;
        return opened;
      }
      protection.skip(1);
    }
    this.#fail(direction, protection);
    return null;
  }

  /** Early data (RFC 8446 §4.2.10) are under keys of their own, and come before anything that opens. */
  #fail(direction: Direction, protection: Protection): void {
    protection.skip(-1);
    if (direction.hasGap) protection.skip(-SKIPPED_MAX);
    const mayBeEarly = this.#isTls13 && direction.side === this.#clientSide && direction.opened === 0;
    if (mayBeEarly) return;
    this.facts.failed++;
    // Each costs SKIPPED_MAX attempts.
    if (++direction.failures >= FAILURES_MAX) direction.protection = null;
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
      case MESSAGE.finished:
        if (this.#isTls13) this.#use(direction, this.#labels(direction).traffic);
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
    this.facts.client(hello);
    this.#secrets = this.#keyLog.of(hexOf(hello.random)) ?? null;
  }

  #serverHello(direction: Direction, hello: Hello | null): void {
    if (hello === null || hello.isRetryRequest) return;
    this.#clientSide = otherSide(direction.side);
    this.#server = hello;
    this.facts.server(hello);
    this.#suite = hello.isCompressed ? null : (suiteOf(hello.cipherSuite) ?? null);
    this.facts.isUnsupported = this.#suite === null;
    if (!this.#isTls13) return;
    for (const each of this.directions) {
      each.isProtected = true;
      this.#use(each, this.#labels(each).handshake);
    }
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
  }

  #useSecret(direction: Direction, secret: Uint8Array | null): void {
    direction.secret = secret;
    direction.protection = this.#suite === null || secret === null ? null : protectionFrom(this.#suite, secret);
  }

  /** RFC 8446 §7.2. */
  #updateKeys(direction: Direction): void {
    if (direction.secret === null || this.#suite === null) return;
    const { hash } = this.#suite;
    this.#useSecret(direction, expandLabel(hash, direction.secret, 'traffic upd', HASH_BYTES[hash]));
  }

  /** RFC 5246 §7.1: what follows a ChangeCipherSpec is under the new keys. */
  #protectTls12(direction: Direction): void {
    direction.isProtected = true;
    direction.protection = this.#keysTls12(direction.side === this.#clientSide);
  }

  /** RFC 5246 §6.3: MAC keys, keys, initialisation vectors, the client's first. */
  #keysTls12(isClient: boolean): Protection | null {
    const master = this.#secrets?.get(SECRET.master);
    if (master === undefined || this.#client === null || this.#server === null || this.#suite === null) return null;
    const { cipher, hash } = this.#suite;
    const macBytes = cipher.kind === 'cbc' ? cipher.macBytes : 0;
    const ivBytes = cipher.kind === 'cbc' ? 0 : cipher.explicitNonceBytes > 0 ? GCM_SALT_BYTES : IV_BYTES;
    const block = keyBlock(
      hash,
      master,
      this.#client.random,
      this.#server.random,
      2 * (macBytes + cipher.keyBytes + ivBytes),
    );
    const part = (at: number, bytes: number): Uint8Array =>
      block.subarray(at + (isClient ? 0 : bytes)).subarray(0, bytes);
    const key = part(2 * macBytes, cipher.keyBytes);
    if (cipher.kind === 'aead')
      return new AeadProtection(cipher, key, part(2 * (macBytes + cipher.keyBytes), ivBytes), false);
    return new CbcProtection(this.#suite, cipher, key, part(0, macBytes), this.#server.encryptThenMac);
  }
}
