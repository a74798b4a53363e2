import { ProxiedClient, readProxyHeader, type Side } from '../tcp/index.ts';
import type { KeyLog } from './key-log.ts';
import { CONTENT } from './record-reader.ts';
import { Session } from './session.ts';

/** What the tls stage tells its right: the bytes of connections without TLS as they are, of others what was said inside it. */
export interface TlsSink {
  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void;
  /** `lostBytes` are missing; of TLS content nobody knows how many: UNKNOWN_BYTES. */
  gap(connection: number, side: Side, lostBytes: number): void;
  /** A connection speaks TLS and is read with its secrets. Told at most once. */
  decrypted(connection: number): void;
}

/** More than any frame holds, so that whatever it lies in is lost. */
const UNKNOWN_BYTES: number = 2 ** 31;
/** A ClientHello in pieces is kept so far, until it tells whether there are secrets for the connection. */
const HELLO_MAX_BYTES: number = 2 ** 14;

/** What is known of a connection: nothing yet, that its bytes go on as they are, or a session that is decrypted. */
interface State {
  session: Session | null;
  /** The client's first bytes, while the session may yet turn out to have no secrets. */
  kept: Uint8Array;
}

/**
 * The tls stage: takes the bytes of flows in order. Only connections whose first bytes are a ClientHello, and whose secrets were given, are
 * followed; all other bytes pass through untouched, and without any secrets at all the stage costs one comparison a call.
 */
export class TlsPass {
  readonly #sink: TlsSink;
  readonly #keyLog: KeyLog;
  /** Connections that may be, or are, decrypted. */
  readonly #states = new Map<number, State>();
  readonly #client = new ProxiedClient();

  constructor(keyLog: KeyLog, sink: TlsSink) {
    this.#keyLog = keyLog;
    this.#sink = sink;
  }

  opened(connection: number): void {
    if (!this.#keyLog.isEmpty) this.#states.set(connection, { session: null, kept: new Uint8Array(0) });
  }

  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    const state = this.#states.size === 0 ? undefined : this.#states.get(connection);
    if (state === undefined) this.#sink.bytes(connection, side, view, at, end);
    else if (state.session === null) this.#first(connection, state, side, view, at, end);
    else if (state.session.hasSecrets) state.session.read(side, view, at, end);
    else this.#hello(connection, state, state.session, side, view, at, end);
  }

  gap(connection: number, side: Side, lostBytes: number): void {
    const state = this.#states.size === 0 ? undefined : this.#states.get(connection);
    if (state?.session?.hasSecrets === true) {
      state.session.gap(side);
      return;
    }
    if (state !== undefined) this.#passOn(connection, state, side);
    this.#sink.gap(connection, side, lostBytes);
  }

  closed(connection: number): void {
    this.#states.delete(connection);
  }

  #first(connection: number, state: State, side: Side, view: DataView, at: number, end: number): void {
    // A PROXY header stands before the hello, and is for the http stage; one cut by a segment's end is too rare to be waited for.
    const helloAt = at + Math.max(0, readProxyHeader(view, at, end, this.#client));
    if (helloAt > at) this.#sink.bytes(connection, side, view, at, helloAt);
    if (helloAt === end) return;
    if (view.getUint8(helloAt) !== CONTENT.handshake) {
      this.#states.delete(connection);
      this.#sink.bytes(connection, side, view, helloAt, end);
      return;
    }
    state.session = new Session(this.#keyLog, {
      content: (from, bytes) => {
        const inner = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
        this.#sink.bytes(connection, from, inner, 0, bytes.length);
      },
      lost: (from) => this.#sink.gap(connection, from, UNKNOWN_BYTES),
    });
    this.#hello(connection, state, state.session, side, view, helloAt, end);
  }

  #hello(
    connection: number,
    state: State,
    session: Session,
    side: Side,
    view: DataView,
    at: number,
    end: number,
  ): void {
    const piece = new Uint8Array(view.buffer, view.byteOffset + at, end - at);
    const kept = new Uint8Array(state.kept.length + piece.length);
    kept.set(state.kept);
    kept.set(piece, state.kept.length);
    state.kept = kept;
    session.read(side, view, at, end);
    if (session.hasSecrets) {
      state.kept = new Uint8Array(0);
      this.#sink.decrypted(connection);
    } else if (session.hasClientHello || state.kept.length > HELLO_MAX_BYTES || session.directions[side].hasGap) {
      this.#passOn(connection, state, side);
    }
  }

  /** There is nothing to decrypt it with. */
  #passOn(connection: number, { kept }: State, side: Side): void {
    this.#states.delete(connection);
    if (kept.length > 0) this.#sink.bytes(connection, side, new DataView(kept.buffer), 0, kept.length);
  }
}
