import type { Ref, TraceStream } from '../trace/index.ts';
import type { Death } from './deaths.ts';
import type { Victim } from './hurt.ts';
import { serverOf, triedAt } from './leg.ts';
import { isRead } from './liveness.ts';
import type { Leg } from './model.ts';
import type { Scene } from './scene.ts';
import { earliest, isError, isServed, overAt } from './stream-fate.ts';
import type { Asked, Surroundings } from './surroundings.ts';
import type { Thresholds } from './thresholds.ts';

const ATTEMPT_CONFIDENCE = 0.9;

/** How sure it is that who waited at the time of an attempt waited for it: attempts to other servers in the same moment explain it just as well. */
export function attemptConfidence(scene: Scene, attempt: Leg): number {
  return ATTEMPT_CONFIDENCE / (1 + scene.around(attempt).rivalAttempts(attempt, scene.thresholds.actsWithinNs));
}

/** Requests that an attempt was made for, as far as time tells: passed on or answered after it began, and those that still waited. */
export interface AskedFor {
  readonly passedOn: number;
  readonly left: number;
}

export function askedFor(scene: Scene, attempt: Leg): AskedFor {
  const tried = triedAt(attempt);
  if (tried === null) return { passedOn: 0, left: 0 };
  const { first } = tried;
  const asked = askedWhile(scene, attempt, tried).filter(({ client, stream }) => !wasOverBy(client, stream, first));
  const passedOn = asked.map(({ stream }) => passedOnAt(stream));
  return {
    passedOn: passedOn.filter((at) => at !== null && at.timeNs >= first.timeNs).length,
    left: passedOn.filter((at) => at === null).length,
  };
}

type Tried = NonNullable<ReturnType<typeof triedAt>>;

/** What others asked just before or during an attempt. */
function askedWhile(scene: Scene, attempt: Leg, { first, last }: Tried): readonly Asked[] {
  return scene
    .around(attempt)
    .requests.between(first.timeNs - scene.thresholds.actsWithinNs, Math.max(first.timeNs, last.timeNs))
    .filter(({ client }) => client !== attempt);
}

/** Who waited for attempts that came to nothing, each for the first of those to one server that follow closely (contract §3). */
export class Waiting {
  readonly #scene: Scene;
  readonly #unclaimed = new Map<Surroundings, Map<string, Unclaimed>>();

  constructor(scene: Scene) {
    this.#scene = scene;
  }

  /**
   * The client streams that waited for an attempt which never opened, by client. Nothing of them is on the attempt's own connection,
   * so time alone tells: asked just before or during the attempt, and passed on to nobody by then.
   */
  for(attempt: Leg, death: Death): ReadonlyMap<Leg, readonly Victim[]> {
    const tried = triedAt(attempt);
    const byClient = new Map<Leg, Victim[]>();
    if (tried === null) return byClient;
    const around = this.#scene.around(attempt);
    const { requests } = around;
    const unclaimed = this.#unclaimedAt(attempt);
    const { thresholds } = this.#scene;
    const end = requests.endOf(Math.max(death.fromNs, tried.last.timeNs));
    let at = unclaimed.from(requests.indexOf(tried.first.timeNs - thresholds.actsWithinNs));
    for (; at < end; at = unclaimed.from(at + 1)) {
      const asked = requests.items[at];
      if (asked === undefined || asked.client === attempt || isForAnother(asked, attempt, around)) continue;
      const victim = victimOf(asked, around, tried.first, thresholds);
      if (victim === null) continue;
      unclaimed.claim(at);
      byClient.set(asked.client, [...(byClient.get(asked.client) ?? []), victim]);
    }
    return byClient;
  }

  #unclaimedAt(attempt: Leg): Unclaimed {
    const around = this.#scene.around(attempt);
    const byServer = this.#unclaimed.get(around) ?? new Map<string, Unclaimed>();
    this.#unclaimed.set(around, byServer);
    const server = serverOf(attempt).ip;
    const unclaimed = byServer.get(server) ?? new Unclaimed(around.requests.items.length);
    byServer.set(server, unclaimed);
    return unclaimed;
  }
}

/** Those of a row that are still to be had: what is claimed is skipped from then on, and costs nothing again. */
class Unclaimed {
  readonly #next: Uint32Array;

  constructor(length: number) {
    this.#next = Uint32Array.from({ length: length + 1 }, (_, at) => at);
  }

  /** The first that is not before `at`; the row's length where there is none. */
  from(at: number): number {
    let here = Math.min(at, this.#next.length - 1);
    for (let next = this.#nextOf(here); next !== here; next = this.#nextOf(here)) {
      this.#next[here] = this.#nextOf(next);
      here = next;
    }
    return here;
  }

  claim(at: number): void {
    this.#next[at] = at + 1;
  }

  #nextOf(at: number): number {
    return this.#next[at] ?? at;
  }
}

/** An error this soon waited for nothing: the gateway knew already that it had nobody to ask. */
const AT_ONCE_NS = 0.1e9;

/** Where the SYN itself is not in the capture, what else the gateway sent may not be either: only whom it told that it failed was surely left waiting. */
function isForAnother(asked: Asked, { opened, trace }: Leg, { seesGateway }: Surroundings): boolean {
  if (opened === 'unanswered') return isAnsweredAtOnce(asked);
  return trace.handshake.syn === null && !(seesGateway && isError(asked.stream));
}

function isAnsweredAtOnce({ stream }: Asked): boolean {
  return isError(stream) && (stream.statusAt?.timeNs ?? Infinity) - stream.opened.timeNs < AT_ONCE_NS;
}

/** That a request waited rests on the time alone: nobody answered it, and it was passed on to nobody. Where the capture lacks packets, it may have been. */
function isUnread({ client, stream }: Asked, around: Surroundings, { deadAfterNs }: Thresholds): boolean {
  // What it asked for is not known: it would not be known again where it was passed on.
  const isNameless = stream.request?.path == null && !isError(stream);
  const { timeNs } = stream.opened;
  const overNs = (passedOnAt(stream) ?? overAt(stream, client.serverSide))?.timeNs ?? Infinity;
  // Passed on later than that, it had waited.
  const sees = around.seesPassedOn(timeNs, Math.min(overNs, timeNs + deadAfterNs));
  return isNameless || isAnswerLost(client, stream) || !sees;
}

/** A client whose request may have waited for an attempt, and the capture lacks what would tell; undefined: none. */
export function unreadWaiting(scene: Scene, attempt: Leg): Leg | undefined {
  const tried = triedAt(attempt);
  if (tried === null) return undefined;
  const around = scene.around(attempt);
  const { thresholds } = scene;
  const found = askedWhile(scene, attempt, tried).find(
    (asked) => isUnread(asked, around, thresholds) && supposedVictim(asked, tried.first, thresholds) !== null,
  );
  return found?.client;
}

function victimOf(asked: Asked, around: Surroundings, syn: Ref, thresholds: Thresholds): Victim | null {
  return isUnread(asked, around, thresholds) ? null : supposedVictim(asked, syn, thresholds);
}

function supposedVictim({ client, stream }: Asked, syn: Ref, thresholds: Thresholds): Victim | null {
  if (wasOverBy(client, stream, syn)) return null;
  const passedOn = passedOnAt(stream);
  if (passedOn === null) return { near: stream, far: null, rerouted: null };
  // Passed on elsewhere before the attempt could be called dead: nobody was hurt.
  if (passedOn.timeNs - stream.opened.timeNs < thresholds.deadAfterNs) return null;
  return { near: stream, far: null, rerouted: isServed(stream) ? passedOn : null };
}

/** No answer is in the capture, which lacks some of what was said to the client since. */
function isAnswerLost({ serverSide, trace }: Leg, stream: TraceStream): boolean {
  const spoken = trace.flows[serverSide];
  // An end without a status is one of which the beginning was not read. What waited behind missing bytes is told late: when it was said is not known.
  const told = earliest([stream.statusAt, stream.reset?.at ?? null]);
  return told === null
    ? !isRead(spoken, stream.opened.timeNs, Infinity)
    : !isRead(spoken, Math.max(stream.opened.timeNs, told.timeNs), told.timeNs);
}

function wasOverBy({ serverSide }: Leg, stream: TraceStream, at: Ref): boolean {
  return (overAt(stream, serverSide)?.timeNs ?? Infinity) < at.timeNs;
}

/**
 * Where the upstream side cannot be read, what left a moment after it is taken for it: it was not left to this attempt. Served well, by whom the capture
 * does not show: it was passed on at the latest when the answer came.
 */
function passedOnAt(stream: TraceStream): Ref | null {
  const known = earliest(stream.partners.filter((partner) => partner.nearerClient).map((partner) => partner.at));
  const seeming = earliest(stream.timed.filter((partner) => partner.nearerClient).map((partner) => partner.at));
  return known ?? seeming ?? (isServed(stream) ? stream.statusAt : null);
}
