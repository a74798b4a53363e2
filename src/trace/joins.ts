import type { Moment } from '../capture/index.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import {
  type LimitCounter,
  LOOKED_AT_MAX,
  PASSED_ON_AT_ONCE_NS,
  PASSED_ON_LAST_NS,
  PASSED_ON_LATE_NS,
  PASSED_ON_SOON_NS,
  PAYLOAD_MIN_BYTES,
  PAYLOAD_PAUSE_NS,
  PARTNERS_MAX,
  PAYLOADS_FROM_START,
  PENDING_PAYLOAD_NS,
  PENDING_PAYLOADS_MAX,
} from './limits.ts';
import { FORWARDING, type JudgeForwarding } from './forwarding.ts';
import type { LiveStream } from './live-stream.ts';
import type { Join, JoinMethod } from './model.ts';
import { PendingRing } from './pending.ts';
import { TallyBook } from './tallies.ts';
import { hashOf, type WaitingLink, WaitingRequests } from './waiting-requests.ts';

interface PendingPayload {
  /** The stream may have been folded since: then it is another one, and its name tells. */
  readonly stream: LiveStream;
  readonly connection: number;
  readonly nth: number;
  readonly place: number;
  readonly streamId: number;
  readonly receiver: Side;
  readonly dataBytes: number;
  taken: boolean;
}

/**
 * Finds, while reading and without knowing roles, which streams of different connections carried the same thing:
 * the same request id, else the same request shortly after, else the same payload bytes shortly after.
 */
export class JoinBook {
  readonly #moment: Moment;
  readonly #judge: JudgeForwarding;
  readonly #byToken = new WaitingRequests();
  readonly #byPath = new WaitingRequests();
  readonly #byPayload: PendingRing<PendingPayload>;
  readonly #limits: LimitCounter;
  readonly #tallies: TallyBook;

  /** @param isHere whether a connection, given by its number and its nth, is still followed */
  constructor(
    moment: Moment,
    limits: LimitCounter,
    judge: JudgeForwarding,
    isHere: (connection: number, nth: number) => boolean,
  ) {
    this.#moment = moment;
    this.#limits = limits;
    this.#byPayload = new PendingRing(PENDING_PAYLOADS_MAX, PENDING_PAYLOAD_NS, limits, 'pending-payloads');
    this.#judge = judge;
    this.#tallies = new TallyBook(moment, limits, isHere);
  }

  /**
   * A request was read whole: joins it to the one it forwards, and keeps it for those that forward it.
   * @param wasHeld it stood behind bytes that never came, so that it was captured before now, nobody knows when
   */
  request(stream: LiveStream, wasHeld: boolean): void {
    const { path } = stream;
    const token = tokenOf(stream);
    if (token !== null) {
      const hash = hashOf(token);
      this.#joinRequest(stream, token, this.#byToken.chain(hash), 'request-id', wasHeld);
      this.#byToken.add(token, hash, stream.byToken);
    }
    // Whoever passes on what came with an id passes the id on too.
    if (path === null || stream.isForwarded) return;
    const hash = hashOf(path);
    this.#joinRequest(stream, path, this.#byPath.chain(hash), 'request', wasHeld);
    this.#byPath.add(path, hash, stream.byPath);
  }

  /** A stream is closed: nobody passes it on any more. Call before it may be used again. */
  closed(stream: LiveStream): void {
    this.#byToken.remove(stream.byToken);
    this.#byPath.remove(stream.byPath);
  }

  /** Whether a DATA frame of `side` that begins now would be looked up. */
  wantsPayload(stream: LiveStream, side: Side): boolean {
    if (stream.isJoinedByRequest) return false;
    return stream.payloadsSeen < PAYLOADS_FROM_START || stream.isPaused(side, this.#moment, PAYLOAD_PAUSE_NS);
  }

  /** A DATA frame that was wanted arrived: joins its stream to the one whose bytes it repeats. */
  payload(stream: LiveStream, sender: Side, dataBytes: number, fingerprint: number): void {
    if (dataBytes < PAYLOAD_MIN_BYTES) return;
    stream.payloadsSeen++;
    const nowNs = this.#moment.ns[0] ?? 0;
    const earlier = this.#byPayload.find(fingerprint, nowNs);
    if (earlier !== undefined) this.#joinPayload(stream, sender, dataBytes, earlier);
    const { connection, nth, place, id: streamId } = stream;
    this.#byPayload.add(
      fingerprint,
      { stream, connection, nth, place, streamId, receiver: otherSide(sender), dataBytes, taken: false },
      nowNs,
    );
  }

  /** A connection is given up: forgets what it had passed on to others. */
  release(connection: number): void {
    this.#tallies.release(connection);
  }

  /** @param idOf the id in the trace of a connection, given by its number and its nth; undefined where it was given up */
  all(idOf: (connection: number, nth: number) => number | undefined): Join[] {
    return this.#tallies.all(idOf);
  }

  /**
   * First asked, first passed on, among what was asked just now; only where nothing was, among what waits for longer.
   * One that was passed on already is taken last, as a retry, and only by a host that surely is the same.
   * Of a request that was held times say nothing: it is joined only where no other may be it.
   * @param newest the chain to search, newest first
   */
  #joinRequest(
    stream: LiveStream,
    key: string,
    newest: WaitingLink | null,
    method: JoinMethod,
    wasHeld: boolean,
  ): void {
    let best: LiveStream | undefined;
    let bestRank = 0;
    let candidates = 0;
    let looked = 0;
    let link = newest;
    for (; link !== null && looked < LOOKED_AT_MAX; link = link.older) {
      looked++;
      if (link.key !== key) continue;
      const rank = this.#rank(link.stream, stream, method, wasHeld);
      if (rank === 0 || rank < bestRank) continue;
      if (rank > bestRank) candidates = 0;
      bestRank = rank;
      best = link.stream;
      candidates++;
    }
    if (best !== undefined) {
      if (!wasHeld || candidates === 1) this.#note(best, stream, method, candidates);
    } else if (link !== null) this.#limits.hit('waiting-requests-looked-at', LOOKED_AT_MAX);
  }

  /** 0: cannot be. Else fresh before retry, soon before late, a surely forwarding host before a conceivable one, at once before what waited already. */
  #rank(near: LiveStream, far: LiveStream, method: JoinMethod, wasHeld: boolean): number {
    if (near.connection === far.connection || !isSameVerb(near, far) || near.askedBy === null || far.askedBy === null)
      return 0;
    if (method === 'request' && !sameAsker(near, far)) return 0;
    // Nobody passes on what he is asked later: where the file's order is not that of time, it says nothing.
    if (near.isAskedLater(this.#moment)) return 0;
    if (!near.isPassedOn && !this.#mayStillWait(near)) return 0;
    const forwarding = this.#judge(near.connection, otherSide(near.askedBy), far.connection, far.askedBy);
    if (forwarding === FORWARDING.impossible) return 0;
    // A retry or a second hop is believed only of a host that surely is the same: else a client that repeats itself would look like one. Nor where
    // it cannot be read who asked: else another client of one that waits would.
    const isAgain = near.isPassedOn || near.isForwarded;
    if (isAgain && forwarding !== FORWARDING.fitting) return 0;
    if (isAgain && method === 'request' && isUnreadOfOne(near.userAgent, far.userAgent)) return 0;
    const fresh = near.isPassedOn ? 0 : 8;
    if (wasHeld) return 1 + fresh + (forwarding === FORWARDING.fitting ? 2 : 0);
    const soon = near.isYoung(this.#moment, PASSED_ON_SOON_NS) ? 4 : 0;
    const atOnce = near.isYoung(this.#moment, PASSED_ON_AT_ONCE_NS) ? 1 : 0;
    return 1 + fresh + soon + atOnce + (forwarding === FORWARDING.fitting ? 2 : 0);
  }

  /** Behind what a dead upstream does not take a request may wait for long; who has an answer waits no more. */
  #mayStillWait(near: LiveStream): boolean {
    const waitsNs = near.status === undefined ? PASSED_ON_LAST_NS : PASSED_ON_LATE_NS;
    return near.isYoung(this.#moment, waitsNs);
  }

  #joinPayload(stream: LiveStream, sender: Side, dataBytes: number, earlier: readonly PendingPayload[]): void {
    let source: PendingPayload | undefined;
    let candidates = 0;
    for (const pending of earlier) {
      if (!this.#mayBeSource(pending, stream, sender, dataBytes)) continue;
      source ??= pending;
      candidates++;
    }
    if (source === undefined) return;
    source.taken = true;
    // Bytes that the asker sent travel towards the upstream, all others towards the client.
    if (stream.askedBy === sender) this.#note(source.stream, stream, 'payload', candidates);
    else this.#note(stream, source.stream, 'payload', candidates);
  }

  #mayBeSource(pending: PendingPayload, stream: LiveStream, sender: Side, dataBytes: number): boolean {
    const { stream: source, connection, nth, place } = pending;
    if (pending.taken || pending.dataBytes !== dataBytes || connection === stream.connection) return false;
    if (source.nth !== nth || source.place !== place || source.id !== pending.streamId) return false;
    if (source.isJoinedByRequest) return false;
    // Whoever passes a request on was asked first: two servers that answer alike pass nothing on.
    const [near, far] = stream.askedBy === sender ? [source, stream] : [stream, source];
    if (near.isAskedAfter(far)) return false;
    return this.#judge(connection, pending.receiver, stream.connection, sender) !== FORWARDING.impossible;
  }

  #note(near: LiveStream, far: LiveStream, method: JoinMethod, candidates: number): void {
    if (near.lacksRoomFor(far) || far.lacksRoomFor(near)) this.#limits.hit('partners-per-stream', PARTNERS_MAX);
    const fresh = near.join(far, method, true, candidates, this.#moment);
    far.join(near, method, false, candidates, this.#moment);
    if (fresh) this.#tallies.count(near, far, method, candidates === 1);
  }
}

/** An id that a gateway passes on unchanged; null where the request has none that can be read. */
function tokenOf({ requestId, traceparent }: LiveStream): string | null {
  return requestId ?? traceparent ?? null;
}

/** RFC 8441 §5: an Upgrade of HTTP/1.1 (GET; POST with SPDY) goes over HTTP/2 as CONNECT, and back, with the same path. */
function isSameVerb(near: LiveStream, far: LiveStream): boolean {
  return near.method === far.method || (near.method === 'CONNECT') !== (far.method === 'CONNECT');
}

/** Gateways may rewrite the authority, not the user agent; a field that is unknown contradicts nothing. */
function sameAsker(near: LiveStream, far: LiveStream): boolean {
  const agent = agreement(near.userAgent, far.userAgent);
  const authority = agreement(near.authority, far.authority);
  return (
    agent === 'same' ||
    (authority === 'same' && agent !== 'differs') ||
    (agent === 'unknown' && authority === 'unknown')
  );
}

/** One says it, and of the other it could not be read. */
function isUnreadOfOne(a: string | null | undefined, b: string | null | undefined): boolean {
  return (a === null && typeof b === 'string') || (b === null && typeof a === 'string');
}

function agreement(a: string | null | undefined, b: string | null | undefined): 'same' | 'differs' | 'unknown' {
  if (a == null || b == null) return 'unknown';
  return a === b ? 'same' : 'differs';
}
