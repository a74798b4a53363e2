import type { Side } from '../tcp/index.ts';
import { Budget } from './budget.ts';
import { hexOf } from './hello.ts';
import { type KeyLog, SECRET } from './key-log.ts';
import { nextSecret, protectionFrom, protectionTls12 } from './keys.ts';
import type { Suite } from './ciphers.ts';
import type { Protection, Sealed } from './protection.ts';
import { RecordBuffers } from './record-buffers.ts';
import { HEADER_BYTES } from './record.ts';
import { Session } from './session.ts';
import type { StandInRandoms } from './stand-in-randoms.ts';
import type { RecordKeys, SessionWatcher } from './watcher.ts';

/** A record for which another of the same length is to be written. */
export interface OpenedRecord {
  /** Of its header, counted as the reader's caller counts. */
  readonly position: number;
  readonly type: number;
  readonly version: number;
  readonly fragmentBytes: number;
  /** What it holds, of a sealed one without its padding; null where it did not open. */
  readonly content: Uint8Array | null;
  /** The type of the content: in TLS 1.3 that inside. */
  readonly contentType: number;
  /** Content was lost before it. */
  readonly isBehindGap: boolean;
  /** @returns the fragment with this content, as long as its own, under a stand-in secret; null where there is none */
  readonly seal: (content: Uint8Array) => Uint8Array | null;
}

/** Records are read whole into memory in any case: the bounds are those of one extract. */
const BUFFERS_BYTES: number = 2 ** 20;
const TRIALS_MAX = 4096;
const MASTER_BYTES = 48;

interface Twin {
  readonly protection: Protection | null;
  /** Of TLS 1.3, with the suite that it is for. */
  readonly traffic: { readonly secret: Uint8Array; readonly suite: Suite } | null;
}

/** A session read with its secrets, so that it can be written again under secrets that open nothing else. */
export class ResealedSession implements SessionWatcher {
  readonly records: readonly [OpenedRecord[], OpenedRecord[]] = [[], []];
  readonly #session: Session;
  readonly #randoms: StandInRandoms;
  readonly #lines = new Set<string>();
  readonly #twins: [Twin | null, Twin | null] = [null, null];
  readonly #isBehindGap: [boolean, boolean] = [false, false];
  #client = '';
  #server = '';
  /** What is added to an offset in the view that is being read. */
  #origin = 0;

  constructor(keyLog: KeyLog, randoms: StandInRandoms) {
    this.#randoms = randoms;
    const sink = {
      content: (): void => {},
      alert: (): void => {},
      lost: (side: Side): void => {
        this.#isBehindGap[side] = true;
      },
    };
    const trials = new Budget(TRIALS_MAX);
    this.#session = new Session(
      keyLog,
      new RecordBuffers(BUFFERS_BYTES),
      new Budget(BUFFERS_BYTES),
      trials,
      sink,
      this,
    );
  }

  get hasSecrets(): boolean {
    return this.#session.hasSecrets;
  }

  /** Stand-in secrets, in lines of a key log. */
  get secrets(): Iterable<string> {
    return this.#lines;
  }

  /** @param position  of the byte at `at` in what `side` sent */
  read(side: Side, view: DataView, at: number, end: number, position: number): void {
    this.#origin = position - at;
    this.#session.read(side, view, at, end);
  }

  gap(side: Side): void {
    this.#session.gap(side);
  }

  hello(random: string, isClient: boolean): void {
    if (isClient) this.#client = random;
    else this.#server = random;
  }

  keys(side: Side, keys: RecordKeys): void {
    switch (keys.by) {
      case 'traffic':
        this.#twins[side] = trafficTwin(keys.suite, this.#secret(keys.label, keys.bytes));
        break;
      case 'update':
        this.#twins[side] = updatedTwin(this.#twins[side]);
        break;
      default:
        this.#twins[side] = this.#masterTwin(keys);
    }
  }

  record(side: Side, record: Sealed, end: number, content: Uint8Array | null, sequence: number | null): void {
    const { type, version, fragment } = record;
    const isTls13 = sequence !== null && this.#twins[side]?.traffic != null;
    const bytes = content === null || !isTls13 ? content : withoutPadding(content);
    const contentType = isTls13 && bytes !== null ? (content?.[bytes.length] ?? type) : type;
    this.records[side].push({
      position: this.#origin + end - fragment.length - HEADER_BYTES,
      type,
      version,
      fragmentBytes: fragment.length,
      content: bytes === null ? null : bytes.slice(),
      contentType,
      isBehindGap: this.#isBehindGap[side],
      seal: content === null ? () => null : this.#sealer(side, record, content, sequence),
    });
    this.#isBehindGap[side] = false;
  }

  #sealer(
    side: Side,
    { type, version, fragment }: Sealed,
    original: Uint8Array,
    sequence: number | null,
  ): (content: Uint8Array) => Uint8Array | null {
    if (sequence === null) return (content) => content;
    const protection = this.#twins[side]?.protection ?? null;
    const like = fragment.slice();
    // The type inside, and padding.
    const tail = this.#twins[side]?.traffic == null ? 0 : original.length - withoutPadding(original).length;
    const end = original.slice(original.length - tail);
    return (content) => {
      const whole = new Uint8Array(content.length + end.length);
      whole.set(content);
      whole.set(end, content.length);
      return protection?.seal({ type, version, content: whole, like, sequence }) ?? null;
    };
  }

  #secret(label: string, bytes: number): Uint8Array {
    const secret = this.#randoms.secret(this.#client, label, bytes);
    this.#lines.add(`${label} ${hexOf(this.#randoms.of(this.#client))} ${hexOf(secret)}`);
    return secret;
  }

  #masterTwin({ suite, encryptThenMac, isClient }: Extract<RecordKeys, { by: 'master' }>): Twin {
    const master = this.#secret(SECRET.master, MASTER_BYTES);
    const client = this.#randoms.of(this.#client);
    const server = this.#randoms.of(this.#server);
    const protection = protectionTls12(suite, master, client, server, encryptThenMac, isClient);
    return { protection, traffic: null };
  }
}

function trafficTwin(suite: Suite, secret: Uint8Array): Twin {
  return { protection: protectionFrom(suite, secret), traffic: { secret, suite } };
}

function updatedTwin(twin: Twin | null): Twin | null {
  if (twin === null || twin.traffic === null) return null;
  const { secret, suite } = twin.traffic;
  return trafficTwin(suite, nextSecret(suite, secret));
}

/** RFC 8446 §5.2: the type is the last byte that is not zero. */
function withoutPadding(content: Uint8Array): Uint8Array {
  let end = content.length;
  while (end > 0 && content[end - 1] === 0) end--;
  return content.subarray(0, Math.max(end - 1, 0));
}
