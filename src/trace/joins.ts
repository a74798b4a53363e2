import type { Moment } from '../capture/index.ts';
import type { Side } from '../tcp/index.ts';
import {
  JOIN_SAMPLES_MAX,
  JOINS_MAX,
  type LimitCounter,
  PARTNER_CANDIDATES_MAX,
  PAYLOAD_MIN_BYTES,
  PAYLOAD_PAUSE_NS,
  PAYLOADS_FROM_START,
  PENDING_PAYLOAD_NS,
  PENDING_PAYLOADS_MAX,
  PENDING_REQUEST_NS,
  PENDING_REQUESTS_MAX,
} from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import type { Join, JoinMethod, Ref } from './model.ts';
import { PendingRing } from './pending.ts';
import { refOf } from './ref-column.ts';

/** How well "received on `near`, passed on over `far`" fits what is known of the two connections. */
export const FORWARDING = { impossible: 0, conceivable: 1, fitting: 2 } as const;
export type Forwarding = (typeof FORWARDING)[keyof typeof FORWARDING];

/**
 * Judges whether the host that got something on one connection may be the one that sent it on another.
 * @param receiver side of `near` that got it
 * @param sender   side of `far` that passed it on
 */
export type JudgeForwarding = (near: number, receiver: Side, far: number, sender: Side) => Forwarding;

interface PendingPayload {
  readonly stream: LiveStream;
  readonly receiver: Side;
  readonly dataBytes: number;
  taken: boolean;
}

interface JoinTally {
  near: number;
  far: number;
  method: JoinMethod;
  streams: number;
  unambiguous: number;
  samples: [number, number][];
  first: Ref;
  last: Ref;
}

/**
 * Finds, while reading and without knowing roles, which streams of different connections carried the same thing:
 * the same request id, else the same request shortly after, else the same payload bytes shortly after.
 */
export class JoinBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  readonly #judge: JudgeForwarding;
  readonly #byRequestId = new PendingRing<LiveStream, string>(PENDING_REQUESTS_MAX, PENDING_REQUEST_NS);
  readonly #byPath = new PendingRing<LiveStream, string>(PENDING_REQUESTS_MAX, PENDING_REQUEST_NS);
  readonly #byPayload = new PendingRing<PendingPayload, number>(PENDING_PAYLOADS_MAX, PENDING_PAYLOAD_NS);
  readonly #tallies = new Map<string, JoinTally>();

  constructor(moment: Moment, limits: LimitCounter, judge: JudgeForwarding) {
    this.#moment = moment;
    this.#limits = limits;
    this.#judge = judge;
  }

  /** A request was read whole: joins it to the one it forwards, and keeps it for those that forward it. */
  request(stream: LiveStream): void {
    const { request } = stream;
    if (request === null) return;
    const nowNs = this.#moment.ns[0] ?? 0;
    const token = request.requestId ?? request.traceparent;
    const joined = token != null && this.#joinRequest(stream, this.#byRequestId.find(token, nowNs), 'request-id');
    if (token != null) this.#byRequestId.add(token, stream, nowNs);
    if (request.path === null) return;
    if (!joined) this.#joinRequest(stream, this.#byPath.find(request.path, nowNs), 'request');
    this.#byPath.add(request.path, stream, nowNs);
  }

  /**
   * A DATA frame arrived: joins its stream to the one whose bytes it repeats.
   * @param pauseNs since the stream's frame before, of the same side
   */
  payload(stream: LiveStream, sender: Side, dataBytes: number, fingerprint: number, pauseNs: number): void {
    if (fingerprint === 0 || dataBytes < PAYLOAD_MIN_BYTES) return;
    if (stream.payloadsSeen >= PAYLOADS_FROM_START && pauseNs < PAYLOAD_PAUSE_NS) return;
    stream.payloadsSeen++;
    if (stream.isJoinedByRequest) return;
    const nowNs = this.#moment.ns[0] ?? 0;
    const earlier = this.#byPayload.find(fingerprint, nowNs);
    if (earlier !== undefined) this.#joinPayload(stream, sender, dataBytes, earlier);
    const receiver = sender === 0 ? 1 : 0;
    this.#byPayload.add(fingerprint, { stream, receiver, dataBytes, taken: false }, nowNs);
  }

  all(): Join[] {
    return [...this.#tallies.values()];
  }

  #joinRequest(stream: LiveStream, earlier: readonly LiveStream[] | undefined, method: JoinMethod): boolean {
    if (earlier === undefined) return false;
    const fitting: LiveStream[] = [];
    let best: Forwarding = FORWARDING.conceivable;
    for (const candidate of earlier) {
      if (fitting.length >= PARTNER_CANDIDATES_MAX) break;
      const forwarding = this.#forwards(candidate, stream, method);
      if (forwarding < best) continue;
      if (forwarding > best) fitting.length = 0;
      best = forwarding;
      fitting.push(candidate);
    }
    // First asked, first passed on. One that was passed on already is taken only as a retry, by a host that surely is the same.
    const fresh = fitting.filter((candidate) => !candidate.isPassedOn);
    const near = fresh[0] ?? (best === FORWARDING.fitting ? fitting[0] : undefined);
    if (near === undefined) return false;
    this.#note(near, stream, method, Math.max(fresh.length, 1));
    return true;
  }

  #forwards(near: LiveStream, far: LiveStream, method: JoinMethod): Forwarding {
    if (near.connection === far.connection || near.isClosed) return FORWARDING.impossible;
    if (near.request === null || far.request === null || near.askedBy === null || far.askedBy === null)
      return FORWARDING.impossible;
    if (near.request.method !== far.request.method) return FORWARDING.impossible;
    if (method === 'request' && !sameAsker(near.request, far.request)) return FORWARDING.impossible;
    const forwarding = this.#judge(near.connection, near.askedBy === 0 ? 1 : 0, far.connection, far.askedBy);
    // A second hop is believed only of a host that surely is the same: else a client that repeats a request would look like one.
    return near.isForwarded && forwarding === FORWARDING.conceivable ? FORWARDING.impossible : forwarding;
  }

  #joinPayload(stream: LiveStream, sender: Side, dataBytes: number, earlier: readonly PendingPayload[]): void {
    const fitting = earlier.filter(
      (pending) =>
        !pending.taken &&
        !pending.stream.isJoinedByRequest &&
        pending.dataBytes === dataBytes &&
        pending.stream.connection !== stream.connection &&
        this.#judge(pending.stream.connection, pending.receiver, stream.connection, sender) !== FORWARDING.impossible,
    );
    const source = fitting[0];
    if (source === undefined) return;
    source.taken = true;
    // Bytes that the asker sent travel towards the upstream, all others towards the client.
    const towardsUpstream = stream.askedBy === sender;
    if (towardsUpstream) this.#note(source.stream, stream, 'payload', fitting.length);
    else this.#note(stream, source.stream, 'payload', fitting.length);
  }

  #note(near: LiveStream, far: LiveStream, method: JoinMethod, candidates: number): void {
    const fresh = near.join(far.connection, far.id, method, true, candidates);
    far.join(near.connection, near.id, method, false, candidates);
    if (fresh) this.#tally(near, far, method, candidates);
  }

  #tally(near: LiveStream, far: LiveStream, method: JoinMethod, candidates: number): void {
    const key = `${near.connection} ${far.connection} ${method}`;
    const at = refOf(this.#moment);
    let tally = this.#tallies.get(key);
    if (tally === undefined) {
      if (this.#tallies.size >= JOINS_MAX) {
        this.#limits.hit('joins', JOINS_MAX);
        return;
      }
      tally = {
        near: near.connection,
        far: far.connection,
        method,
        streams: 0,
        unambiguous: 0,
        samples: [],
        first: at,
        last: at,
      };
      this.#tallies.set(key, tally);
    }
    tally.streams++;
    if (candidates === 1) tally.unambiguous++;
    if (tally.samples.length < JOIN_SAMPLES_MAX) tally.samples.push([near.id, far.id]);
    tally.last = at;
  }
}

/** Gateways may rewrite the authority or, rarely, the user agent, never both; a field that is unknown contradicts nothing. */
function sameAsker(near: NonNullable<LiveStream['request']>, far: NonNullable<LiveStream['request']>): boolean {
  const agent = agreement(near.userAgent, far.userAgent);
  const authority = agreement(near.authority, far.authority);
  return (
    agent === 'same' ||
    (authority === 'same' && agent !== 'differs') ||
    (agent === 'unknown' && authority === 'unknown')
  );
}

function agreement(a: string | null | undefined, b: string | null | undefined): 'same' | 'differs' | 'unknown' {
  if (a == null || b == null) return 'unknown';
  return a === b ? 'same' : 'differs';
}
