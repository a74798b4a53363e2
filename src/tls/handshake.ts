import { otherSide, type Side } from '../tcp/index.ts';
import { type Suite, suiteOf } from './ciphers.ts';
import type { Direction } from './direction.ts';
import { EarlyData } from './early-data.ts';
import type { GatheredFacts } from './facts.ts';
import { type Hello, hexOf, readClientHello, readEncryptedExtensions, readServerHello } from './hello.ts';
import { type KeyLog, SECRET, type SecretLabel, type Secrets } from './key-log.ts';
import { nextSecret, protectionFrom, protectionTls12 } from './keys.ts';
import type { Protection } from './protection.ts';
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
/** Whether a message says anything of the keys. */
export const isWanted = (type: number): boolean => WANTED.has(type);
const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;

/** What the messages of a handshake agree on (RFC 8446 §4, RFC 5246 §7.4): which keys each direction's records are under, and since when. */
export class Handshake {
  readonly #keyLog: KeyLog;
  readonly #directions: readonly [Direction, Direction];
  readonly #facts: GatheredFacts;
  readonly #lost: (side: Side) => void;
  readonly #watcher: SessionWatcher | null;
  #clientSide: Side = 0;
  #client: Hello | null = null;
  #server: Hello | null = null;
  #suite: Suite | null = null;
  #secrets: Secrets | null = null;
  #hasSecrets = false;
  /** Of the session that the client offers to go on with, while the server has not said whether it does. */
  #offered: Uint8Array | null = null;

  /** @param lost  content of a side was not for the server */
  constructor(
    keyLog: KeyLog,
    directions: readonly [Direction, Direction],
    facts: GatheredFacts,
    lost: (side: Side) => void,
    watcher: SessionWatcher | null,
  ) {
    this.#keyLog = keyLog;
    this.#directions = directions;
    this.#facts = facts;
    this.#lost = lost;
    this.#watcher = watcher;
  }

  /** Enough of the hellos was read to know whether the connection can be decrypted. */
  get isDecided(): boolean {
    return this.#client !== null && this.#offered === null;
  }

  get hasSecrets(): boolean {
    return this.#hasSecrets;
  }

  /** The server has said so, or that it is an older version, which has the same messages. */
  get isTls12(): boolean {
    return this.#server !== null && !this.#isTls13;
  }

  /** Whether the side says things under keys of an earlier session (RFC 8446 §4.2.10). */
  offersEarlyData(side: Side): boolean {
    return side === this.#clientSide && this.#client?.hasEarlyData === true;
  }

  message(direction: Direction, type: number, body: Uint8Array): void {
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
    this.#facts.client(direction.side, hello);
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
    const client = this.#directions[this.#clientSide];
    if (client.early !== null && client.early.opened > 0) this.#lost(client.side);
    client.early = null;
  }

  #serverHello(direction: Direction, hello: Hello | null): void {
    if (hello === null) return;
    this.#clientSide = otherSide(direction.side);
    if (hello.isRetryRequest || !hello.hasPreSharedKey) this.#refuseEarlyData();
    if (hello.isRetryRequest) return;
    this.#server = hello;
    this.#watcher?.hello(hexOf(hello.random), false);
    this.#facts.server(hello);
    this.#suite = isRead(hello) ? (suiteOf(hello.cipherSuite) ?? null) : null;
    this.#facts.isUnsupported = this.#suite === null;
    this.#settleOffer(hello);
    if (this.#isTls13) for (const each of this.#directions) this.#beginTls13(each);
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

  /** What records are under behind the next message that changes the keys of TLS 1.3: Finished, or a KeyUpdate; null where that is not known. */
  nextProtection(direction: Direction): Protection | null {
    const { secret } = direction;
    if (!this.#isTls13 || secret === null || this.#suite === null) return null;
    if (!isUnderHandshake(direction)) return protectionFrom(this.#suite, nextSecret(this.#suite, secret));
    const traffic = this.#secrets?.get(this.#labels(direction).traffic);
    return traffic === undefined ? null : protectionFrom(this.#suite, traffic);
  }

  /** That message went by, also where it is missing. */
  changeKeys(direction: Direction): void {
    if (isUnderHandshake(direction)) this.#finished(direction);
    else this.#updateKeys(direction);
  }

  #beginTls13(direction: Direction): void {
    const { handshake, traffic } = this.#labels(direction);
    direction.isProtected = true;
    direction.isBehindHandshake = this.#secrets?.has(handshake) !== true;
    this.#use(direction, direction.isBehindHandshake ? traffic : handshake);
  }

  #encryptedExtensions(body: Uint8Array): void {
    const { protocols, hasEarlyData } = readEncryptedExtensions(body);
    this.#facts.chosen ??= protocols[0] ?? null;
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
  protectTls12(direction: Direction): void {
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

/** Under the handshake's own keys of TLS 1.3. */
function isUnderHandshake({ isFinished, isBehindHandshake }: Direction): boolean {
  return !isFinished && !isBehindHandshake;
}

/** Older versions make keys and records in other ways (RFC 4346 §5, §6.2.3). */
function isRead({ version, isCompressed }: Hello): boolean {
  return !isCompressed && (version === TLS_1_2 || version === TLS_1_3);
}
