import { ProxiedClient, readProxyHeader, type Side } from '../tcp/index.ts';
import { Budget } from './budget.ts';
import type { KeyLog } from './key-log.ts';
import { HELLOS_MAX_BYTES, Outline, type OutlineSink } from './outline.ts';
import { CONTENT } from './record-reader.ts';
import { Session } from './session.ts';

/** What the tls stage tells its right: the bytes of connections without TLS as they are, of others what was said inside it. */
export interface TlsSink extends OutlineSink {
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

/** What all sessions together may keep of records that segments cut, and of hellos: for 900 flows a whole record each, for far more what is usual. */
const SESSIONS_MAX_BYTES: number = 32 * 2 ** 20;

/** The stage's bounds, for a report. */
export const TLS_BOUNDS: { readonly bytes: number } = { bytes: SESSIONS_MAX_BYTES + HELLOS_MAX_BYTES };

/** What is known of a connection: nothing yet, that its bytes go on as they are, or a session that is decrypted. */
interface State {
  session: Session | null;
  /** The client's first bytes, while the session may yet turn out to have no secrets. */
  kept: Uint8Array;
}

/**
 * The tls stage: takes the bytes of flows in order. Only connections whose first bytes are a ClientHello, and whose secrets were given, are
 * followed; all other bytes pass through untouched, with no more than an outline of their records told beside them.
 */
export class TlsPass {
  readonly #sink: TlsSink;
  readonly #keyLog: KeyLog;
  /** Connections that may be, or are, decrypted. */
  readonly #states = new Map<number, State>();
  readonly #client = new ProxiedClient();
  readonly #budget = new Budget(SESSIONS_MAX_BYTES);
  readonly #outline: Outline;

  constructor(keyLog: KeyLog, sink: TlsSink) {
    this.#keyLog = keyLog;
    this.#sink = sink;
    this.#outline = new Outline(sink, () => !keyLog.isEmpty);
  }

  /** How often there was no room for a record that a segment cut, or for a hello. */
  get refused(): number {
    return this.#budget.refused + this.#outline.refusedHellos;
  }

  opened(connection: number): void {
    this.#release(connection);
    this.#outline.opened(connection);
    if (!this.#keyLog.isEmpty) this.#states.set(connection, { session: null, kept: new Uint8Array(0) });
  }

  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    const state = this.#states.size === 0 ? undefined : this.#states.get(connection);
    if (state === undefined) this.#clear(connection, side, view, at, end);
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
    this.#outline.gap(connection, side, lostBytes);
  }

  closed(connection: number): void {
    this.#release(connection);
    this.#outline.closed(connection);
  }

  /** Bytes that are not decrypted here. */
  #clear(connection: number, side: Side, view: DataView, at: number, end: number): void {
    this.#sink.bytes(connection, side, view, at, end);
    this.#outline.bytes(connection, side, view, at, end);
  }

  #release(connection: number): void {
    this.#states.get(connection)?.session?.release();
    this.#states.delete(connection);
  }

  #first(connection: number, state: State, side: Side, view: DataView, at: number, end: number): void {
    // A PROXY header stands before the hello, and is for the http stage; one cut by a segment's end is too rare to be waited for.
    const helloAt = at + Math.max(0, readProxyHeader(view, at, end, this.#client));
    if (helloAt > at) this.#sink.bytes(connection, side, view, at, helloAt);
    if (helloAt === end) return;
    if (view.getUint8(helloAt) !== CONTENT.handshake) {
      this.#states.delete(connection);
      this.#clear(connection, side, view, helloAt, end);
      return;
    }
    state.session = new Session(this.#keyLog, this.#budget, {
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
      this.#sink.facts?.(connection, session.facts);
    } else if (session.hasClientHello || state.kept.length > HELLO_MAX_BYTES || session.directions[side].hasGap) {
      this.#passOn(connection, state, side);
    }
  }

  /** There is nothing to decrypt it with. */
  #passOn(connection: number, { kept }: State, side: Side): void {
    this.#release(connection);
    if (kept.length > 0) this.#clear(connection, side, new DataView(kept.buffer), 0, kept.length);
  }
}
