import type { Moment } from '../capture/index.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import {
  JOIN_SAMPLES_MAX,
  JOINS_MAX,
  type LimitCounter,
  LOOKED_AT_MAX,
  PASSED_ON_LAST_NS,
  PASSED_ON_LATE_NS,
  PASSED_ON_SOON_NS,
  PAYLOAD_MIN_BYTES,
  PAYLOAD_PAUSE_NS,
  PAYLOADS_FROM_START,
  PENDING_PAYLOAD_NS,
  PENDING_PAYLOADS_MAX,
} from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import type { Join, JoinMethod, Ref } from './model.ts';
import { PendingRing } from './pending.ts';
import { refOf } from './ref-table.ts';
import { hashOf, type WaitingLink, WaitingRequests } from './waiting-requests.ts';

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
  /** The stream may have been folded since: then it is another one, and its name tells. */
  readonly stream: LiveStream;
  readonly connection: number;
  readonly nth: number;
  readonly streamId: number;
  readonly receiver: Side;
  readonly dataBytes: number;
  taken: boolean;
}

interface JoinTally {
  readonly near: number;
  readonly nearNth: number;
  readonly far: number;
  readonly farNth: number;
  method: JoinMethod;
  streams: number;
  unambiguous: number;
  samples: [number, number][];
  first: Ref;
  lastNs: number;
  lastPacket: number;
  lastFile: number;
}

const METHOD_NUMBER = { 'request-id': 0, request: 1, payload: 2 } as const satisfies Record<JoinMethod, number>;
const METHODS_COUNT = 3;
const RECENT_TALLIES: number = 2 ** 10;
/** An odd number: spreads the nearer connections over the slots that the others leave free. */
const SPREAD = 97;
/** Joins refused before it is looked again whether there is room: looking goes through all of them. */
const SWEEP_PAUSE: number = JOINS_MAX / 4;

/**
 * Finds, while reading and without knowing roles, which streams of different connections carried the same thing:
 * the same request id, else the same request shortly after, else the same payload bytes shortly after.
 */
export class JoinBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  readonly #judge: JudgeForwarding;
  readonly #byToken = new WaitingRequests();
  readonly #byPath = new WaitingRequests();
  readonly #byPayload = new PendingRing<PendingPayload>(PENDING_PAYLOADS_MAX, PENDING_PAYLOAD_NS);
  /** By the nearer connection, then by the other one and the method: small integers, which are found fastest. */
  readonly #tallies: (Map<number, JoinTally> | undefined)[] = [];
  #talliesCount = 0;
  /** Tallies of late, by a hash of what they tally: two maps cost as much as all else that a join does. */
  readonly #recent: (JoinTally | null)[] = Array.from({ length: RECENT_TALLIES }, () => null);
  #refusedSinceSweep = 0;
  readonly #isHere: (connection: number, nth: number) => boolean;

  /** @param isHere whether a connection, given by its number and its nth, is still followed */
  constructor(
    moment: Moment,
    limits: LimitCounter,
    judge: JudgeForwarding,
    isHere: (connection: number, nth: number) => boolean,
  ) {
    this.#moment = moment;
    this.#limits = limits;
    this.#judge = judge;
    this.#isHere = isHere;
  }

  /** A request was read whole: joins it to the one it forwards, and keeps it for those that forward it. */
  request(stream: LiveStream): void {
    const { path } = stream;
    const token = tokenOf(stream);
    if (token !== null) {
      const hash = hashOf(token);
      this.#joinRequest(stream, token, this.#byToken.chain(hash), 'request-id');
      this.#byToken.add(token, hash, stream.byToken);
    }
    // Whoever passes on what came with an id passes the id on too.
    if (path === null || stream.isForwarded) return;
    const hash = hashOf(path);
    this.#joinRequest(stream, path, this.#byPath.chain(hash), 'request');
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
    const { connection, nth, id: streamId } = stream;
    this.#byPayload.add(
      fingerprint,
      { stream, connection, nth, streamId, receiver: otherSide(sender), dataBytes, taken: false },
      nowNs,
    );
  }

  /** A connection is given up: forgets what it had passed on to others. */
  release(connection: number): void {
    if (this.#tallies[connection] === undefined) return;
    this.#talliesCount -= this.#tallies[connection].size;
    this.#tallies[connection] = undefined;
    this.#recent.fill(null);
  }

  /** @param idOf the id in the trace of a connection, given by its number and its nth; undefined where it was given up */
  all(idOf: (connection: number, nth: number) => number | undefined): Join[] {
    const joins: Join[] = [];
    for (const ofNear of this.#tallies) {
      for (const tally of ofNear?.values() ?? []) {
        const near = idOf(tally.near, tally.nearNth);
        const far = idOf(tally.far, tally.farNth);
        if (near !== undefined && far !== undefined) joins.push(joinOf(tally, near, far));
      }
    }
    return joins;
  }

  /**
   * First asked, first passed on, among what was asked just now; only where nothing was, among what waits for longer.
   * One that was passed on already is taken last, as a retry, and only by a host that surely is the same.
   * @param newest the chain to search, newest first
   */
  #joinRequest(stream: LiveStream, key: string, newest: WaitingLink | null, method: JoinMethod): void {
    let best: LiveStream | undefined;
    let bestRank = 0;
    let candidates = 0;
    let looked = 0;
    for (let link = newest; link !== null && looked < LOOKED_AT_MAX; link = link.older) {
      looked++;
      if (link.key !== key) continue;
      const rank = this.#rank(link.stream, stream, method);
      if (rank === 0 || rank < bestRank) continue;
      if (rank > bestRank) candidates = 0;
      bestRank = rank;
      best = link.stream;
      candidates++;
    }
    if (best !== undefined) this.#note(best, stream, method, candidates);
  }

  /** 0: cannot be. Else fresh before retry, soon before late, a surely forwarding host before a conceivable one. */
  #rank(near: LiveStream, far: LiveStream, method: JoinMethod): number {
    if (near.connection === far.connection || !isSameVerb(near, far) || near.askedBy === null || far.askedBy === null)
      return 0;
    if (method === 'request' && !sameAsker(near, far)) return 0;
    if (!near.isPassedOn && !this.#mayStillWait(near)) return 0;
    const forwarding = this.#judge(near.connection, otherSide(near.askedBy), far.connection, far.askedBy);
    if (forwarding === FORWARDING.impossible) return 0;
    // A retry or a second hop is believed only of a host that surely is the same: else a client that repeats itself would look like one.
    if ((near.isPassedOn || near.isForwarded) && forwarding !== FORWARDING.fitting) return 0;
    const fresh = near.isPassedOn ? 0 : 4;
    const soon = near.isYoung(this.#moment, PASSED_ON_SOON_NS) ? 2 : 0;
    return 1 + fresh + soon + (forwarding === FORWARDING.fitting ? 1 : 0);
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
    const { stream: source, connection, nth } = pending;
    if (pending.taken || pending.dataBytes !== dataBytes || connection === stream.connection) return false;
    if (source.nth !== nth || source.id !== pending.streamId || source.isJoinedByRequest) return false;
    // Whoever passes a request on was asked first: two servers that answer alike pass nothing on.
    const [near, far] = stream.askedBy === sender ? [source, stream] : [stream, source];
    if (near.isAskedAfter(far)) return false;
    return this.#judge(connection, pending.receiver, stream.connection, sender) !== FORWARDING.impossible;
  }

  #note(near: LiveStream, far: LiveStream, method: JoinMethod, candidates: number): void {
    const fresh = near.join(far, method, true, candidates, this.#moment);
    far.join(near, method, false, candidates, this.#moment);
    if (fresh) this.#tally(near, far, method, candidates);
  }

  #tally(near: LiveStream, far: LiveStream, method: JoinMethod, candidates: number): void {
    const tally = this.#tallyOf(near, far, method);
    if (tally === undefined) return;
    tally.streams++;
    if (candidates === 1) tally.unambiguous++;
    if (tally.samples.length < JOIN_SAMPLES_MAX) tally.samples.push([near.id, far.id]);
    tally.lastNs = this.#moment.ns[0] ?? 0;
    tally.lastPacket = this.#moment.packet;
    tally.lastFile = this.#moment.file;
  }

  /** Forgets tallies with connections that were given up. @returns whether that made room for a good while */
  #sweep(): boolean {
    if (this.#refusedSinceSweep > 0 && this.#refusedSinceSweep < SWEEP_PAUSE) return false;
    this.#refusedSinceSweep = 0;
    this.#recent.fill(null);
    for (const ofNear of this.#tallies) {
      for (const [key, { far, farNth }] of ofNear ?? []) {
        if (this.#isHere(far, farNth)) continue;
        ofNear?.delete(key);
        this.#talliesCount--;
      }
    }
    return this.#talliesCount < JOINS_MAX;
  }

  #tallyOf(near: LiveStream, far: LiveStream, method: JoinMethod): JoinTally | undefined {
    const slot = (Math.imul(near.nth, SPREAD) + METHODS_COUNT * far.nth + METHOD_NUMBER[method]) & (RECENT_TALLIES - 1);
    const recent = this.#recent[slot] ?? null;
    if (recent?.nearNth === near.nth && recent.farNth === far.nth && recent.method === method) return recent;
    const tally = this.#seekTally(near, far, method);
    if (tally !== undefined) this.#recent[slot] = tally;
    return tally;
  }

  #seekTally(near: LiveStream, far: LiveStream, method: JoinMethod): JoinTally | undefined {
    const key = far.connection * METHODS_COUNT + METHOD_NUMBER[method];
    const ofNear = (this.#tallies[near.connection] ??= new Map<number, JoinTally>());
    const known = ofNear.get(key);
    // A tally with a connection that was given up since, whose number is another's now, is begun anew.
    if (known !== undefined && known.farNth === far.nth) return known;
    if (known === undefined && this.#talliesCount >= JOINS_MAX && !this.#sweep()) {
      this.#refusedSinceSweep++;
      this.#limits.hit('joins', JOINS_MAX);
      return undefined;
    }
    const first = refOf(this.#moment);
    const tally: JoinTally = {
      near: near.connection,
      nearNth: near.nth,
      far: far.connection,
      farNth: far.nth,
      method,
      streams: 0,
      unambiguous: 0,
      samples: [],
      first,
      lastNs: first.timeNs,
      lastPacket: 0,
      lastFile: 0,
    };
    ofNear.set(key, tally);
    if (known === undefined) this.#talliesCount++;
    return tally;
  }
}

/** Without spreading: an object made so has a hidden class of its own. */
function joinOf(tally: JoinTally, near: number, far: number): Join {
  const { method, streams, unambiguous, samples, first, lastNs, lastPacket, lastFile } = tally;
  const last = { file: lastFile, packet: lastPacket, timeNs: lastNs };
  return { near, far, method, streams, unambiguous, samples, first, last };
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

function agreement(a: string | null | undefined, b: string | null | undefined): 'same' | 'differs' | 'unknown' {
  if (a == null || b == null) return 'unknown';
  return a === b ? 'same' : 'differs';
}
