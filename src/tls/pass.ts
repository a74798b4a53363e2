import { ProxiedClient, readProxyHeader, type Side } from '../tcp/index.ts';
import { Budget } from './budget.ts';
import { SESSIONS_MAX } from './earlier-sessions.ts';
import { KEY_LOG_CONNECTIONS_MAX, type KeyLog } from './key-log.ts';
import { HELLOS_MAX_BYTES, Outline, type OutlineSink } from './outline.ts';
import { RecordBuffers } from './record-buffers.ts';
import { CONTENT, isClientHello } from './record.ts';
import { Session } from './session.ts';

/** What the tls stage tells its right: the bytes of connections without TLS as they are, of others what was said inside it. */
export interface TlsSink extends OutlineSink {
  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void;
  /** `lostBytes` are missing; of TLS content nobody knows how many: UNKNOWN_BYTES. */
  gap(connection: number, side: Side, lostBytes: number): void;
  /** A connection speaks TLS and is read with its secrets. Told at most once. */
  decrypted(connection: number): void;
}

/** So much is missing where nobody knows how much: more than any frame or body holds, so that whatever it lies in is lost. */
export const UNKNOWN_BYTES: number = Infinity;
/** A ClientHello in pieces is kept so far, until it tells whether there are secrets for the connection. */
const HELLO_MAX_BYTES: number = 2 ** 14;

/** Records that segments cut, of all sessions: 1,000 flows may at one time be inside the longest ones, 8,000 inside usual ones. */
const CUT_RECORDS_MAX_BYTES: number = 32 * 2 ** 20;
/** Hellos of all sessions, until it is known whether there are secrets for them. */
const SESSION_HELLOS_MAX_BYTES: number = 16 * 2 ** 20;
/** Sequence numbers tried behind gaps, of all sessions: one second, since one that fails takes 5 us; three where all records are the longest. */
const TRIALS_MAX = 200_000;
/** What an unread hello is taken to cost at least: the session that reads it. */
const SESSION_BYTES = 2048;
/** And a piece of it, beside its bytes. */
const PIECE_BYTES = 128;

/** The stage's bounds, for a report. */
export const TLS_BOUNDS: {
  readonly bytes: number;
  readonly trials: number;
  readonly sessions: number;
  readonly keyLogConnections: number;
} = {
  bytes: CUT_RECORDS_MAX_BYTES + SESSION_HELLOS_MAX_BYTES + HELLOS_MAX_BYTES,
  trials: TRIALS_MAX,
  sessions: SESSIONS_MAX,
  keyLogConnections: KEY_LOG_CONNECTIONS_MAX,
};

/** What is known of a connection: nothing yet, that its bytes go on as they are, or a session that is decrypted. */
interface State {
  session: Session | null;
  /** The first bytes, while the session may yet turn out to have no secrets; and what they take of the budget. */
  kept: readonly KeptBytes[];
  budgeted: number;
  /** It was told that there are. */
  isTold: boolean;
  /** It began in the clear: TLS may come after a STARTTLS, or in a tunnel that a CONNECT opened. */
  isClear: boolean;
}

interface KeptBytes {
  readonly side: Side;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

const NOTHING: readonly never[] = [];

/**
 * The tls stage: takes the bytes of flows in order. Only connections whose first bytes are a ClientHello, and whose secrets were given, are
 * followed; all other bytes pass through untouched, with no more than an outline of their records told beside them. A number below 0 is that of a
 * tunnel in another connection, which is decrypted as well; its records are not outlined, since they are in frames of that one.
 */
export class TlsPass {
  readonly #sink: TlsSink;
  readonly #keyLog: KeyLog;
  /** Connections that may be, or are, decrypted. */
  readonly #states = new Map<number, State>();
  readonly #client = new ProxiedClient();
  readonly #buffers = new RecordBuffers(CUT_RECORDS_MAX_BYTES);
  readonly #budget = new Budget(SESSION_HELLOS_MAX_BYTES);
  readonly #trials = new Budget(TRIALS_MAX);
  readonly #outline: Outline;

  constructor(keyLog: KeyLog, sink: TlsSink) {
    this.#keyLog = keyLog;
    this.#sink = sink;
    this.#outline = new Outline(sink, () => !keyLog.isEmpty);
  }

  /** How often there was no room for a record that a segment cut, or for a hello. */
  get refused(): number {
    return this.#buffers.refused + this.#budget.refused + this.#outline.refusedHellos;
  }

  /** How often no sequence number could be tried behind a gap, since so many were. */
  get refusedTrials(): number {
    return this.#trials.refused;
  }

  opened(connection: number): void {
    this.#release(connection);
    if (connection >= 0) this.#outline.opened(connection);
    if (!this.#keyLog.isEmpty)
      this.#states.set(connection, { session: null, kept: NOTHING, budgeted: 0, isTold: false, isClear: false });
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
    if (state !== undefined) this.#passOn(connection, state);
    this.#sink.gap(connection, side, lostBytes);
    if (connection >= 0) this.#outline.gap(connection, side, lostBytes);
  }

  closed(connection: number): void {
    this.#release(connection);
    if (connection >= 0) this.#outline.closed(connection);
  }

  /** Bytes that are not decrypted here. */
  #clear(connection: number, side: Side, view: DataView, at: number, end: number): void {
    this.#sink.bytes(connection, side, view, at, end);
    if (connection >= 0) this.#outline.bytes(connection, side, view, at, end);
  }

  #release(connection: number): void {
    const state = this.#states.get(connection);
    if (state === undefined) return;
    state.session?.release();
    this.#forgetHello(state);
    this.#states.delete(connection);
  }

  #forgetHello(state: State): void {
    this.#budget.give(state.budgeted);
    state.budgeted = 0;
    state.kept = NOTHING;
  }

  /** @returns false where there is no room */
  #keepHello(state: State, side: Side, view: DataView, at: number, end: number): boolean {
    const last = state.kept.at(-1);
    const before = last?.side === side ? last.bytes : null;
    const costs = (state.kept === NOTHING ? SESSION_BYTES : 0) + (before === null ? PIECE_BYTES : 0) + end - at;
    if (!this.#budget.take(costs)) return false;
    state.budgeted += costs;
    const bytes = new Uint8Array((before?.length ?? 0) + end - at);
    if (before !== null) bytes.set(before);
    bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, end - at), bytes.length - (end - at));
    state.kept = [...(before === null ? state.kept : state.kept.slice(0, -1)), { side, bytes }];
    return true;
  }

  #first(connection: number, state: State, side: Side, view: DataView, at: number, end: number): void {
    // A PROXY header stands before the hello, and is for the http stage; one cut by a segment's end is too rare to be waited for.
    const helloAt = state.isClear ? at : at + Math.max(0, readProxyHeader(view, at, end, this.#client));
    if (helloAt > at) this.#sink.bytes(connection, side, view, at, helloAt);
    if (helloAt === end) return;
    const mayBeHello = state.isClear ? isClientHello(view, helloAt, end) : view.getUint8(helloAt) === CONTENT.handshake;
    if (!mayBeHello) {
      state.isClear = true;
      this.#clear(connection, side, view, helloAt, end);
      return;
    }
    const session = new Session(this.#keyLog, this.#buffers, this.#budget, this.#trials, {
      content: (from, bytes, length) => {
        this.#tell(connection, state, session);
        const inner = new DataView(bytes.buffer, bytes.byteOffset, length);
        this.#sink.bytes(connection, from, inner, 0, length);
      },
      lost: (from) => {
        if (!session.hasSecrets) return;
        this.#tell(connection, state, session);
        this.#sink.gap(connection, from, UNKNOWN_BYTES);
      },
      alert: (from, alert) => {
        // Without secrets the outline, which reads the same bytes, tells it.
        if (session.hasSecrets) this.#sink.alert?.(connection, from, alert);
      },
    });
    state.session = session;
    this.#hello(connection, state, session, side, view, helloAt, end);
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
    if (!this.#keepHello(state, side, view, at, end)) {
      this.#passOn(connection, state);
      this.#clear(connection, side, view, at, end);
      return;
    }
    session.read(side, view, at, end);
    if (session.hasSecrets) {
      this.#forgetHello(state);
      this.#tell(connection, state, session);
    } else if (
      session.isDecided ||
      state.budgeted > SESSION_BYTES + HELLO_MAX_BYTES ||
      session.directions[side].hasGap
    ) {
      this.#passOn(connection, state);
    }
  }

  /** Early data may come in the hello's own segment, and be told before it is read. */
  #tell(connection: number, state: State, session: Session): void {
    if (state.isTold) return;
    state.isTold = true;
    this.#sink.decrypted(connection);
    this.#sink.facts?.(connection, session.facts);
  }

  /** There is nothing to decrypt it with. */
  #passOn(connection: number, state: State): void {
    const { kept } = state;
    this.#release(connection);
    for (const { side, bytes } of kept) this.#clear(connection, side, new DataView(bytes.buffer), 0, bytes.length);
  }
}
