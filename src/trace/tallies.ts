import type { Moment } from '../capture/index.ts';
import { JOIN_SAMPLES_MAX, JOINS_MAX, type LimitCounter } from './limits.ts';
import type { LiveStream } from './live-stream.ts';
import type { Join, JoinMethod, Ref } from './model.ts';
import { refOf } from './ref-table.ts';

interface Tally {
  readonly near: number;
  readonly nearNth: number;
  readonly far: number;
  readonly farNth: number;
  method: JoinMethod;
  streams: number;
  unambiguous: number;
  samples: [number, number][];
  /** Made with the first sample that runs in a tunnel. */
  tunnels: [number | null, number | null][] | null;
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

/** How many streams of one connection were passed on over another, by what showed it. */
export class TallyBook {
  readonly #moment: Moment;
  readonly #limits: LimitCounter;
  readonly #isHere: (connection: number, nth: number) => boolean;
  /** By the nearer connection, then by the other one and the method: small integers, which are found fastest. */
  readonly #tallies: (Map<number, Tally> | undefined)[] = [];
  #count = 0;
  /** Tallies of late, by a hash of what they tally: two maps cost as much as all else that a join does. */
  readonly #recent: (Tally | null)[] = Array.from({ length: RECENT_TALLIES }, () => null);
  #refusedSinceSweep = 0;

  /** @param isHere whether a connection, given by its number and its nth, is still followed */
  constructor(moment: Moment, limits: LimitCounter, isHere: (connection: number, nth: number) => boolean) {
    this.#moment = moment;
    this.#limits = limits;
    this.#isHere = isHere;
  }

  /** `far` was found to pass on `near`. @param isUnambiguous  nothing else could have been what it passes on */
  count(near: LiveStream, far: LiveStream, method: JoinMethod, isUnambiguous: boolean): void {
    const tally = this.#tallyOf(near, far, method);
    if (tally === undefined) return;
    tally.streams++;
    if (isUnambiguous) tally.unambiguous++;
    if (tally.samples.length < JOIN_SAMPLES_MAX) addSample(tally, near, far);
    tally.lastNs = this.#moment.ns[0] ?? 0;
    tally.lastPacket = this.#moment.packet;
    tally.lastFile = this.#moment.file;
  }

  /** A connection is given up: forgets what it had passed on to others. */
  release(connection: number): void {
    if (this.#tallies[connection] === undefined) return;
    this.#count -= this.#tallies[connection].size;
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

  #tallyOf(near: LiveStream, far: LiveStream, method: JoinMethod): Tally | undefined {
    const slot = (Math.imul(near.nth, SPREAD) + METHODS_COUNT * far.nth + METHOD_NUMBER[method]) & (RECENT_TALLIES - 1);
    const recent = this.#recent[slot] ?? null;
    if (recent?.nearNth === near.nth && recent.farNth === far.nth && recent.method === method) return recent;
    const tally = this.#seek(near, far, method);
    if (tally !== undefined) this.#recent[slot] = tally;
    return tally;
  }

  #seek(near: LiveStream, far: LiveStream, method: JoinMethod): Tally | undefined {
    const key = far.connection * METHODS_COUNT + METHOD_NUMBER[method];
    const ofNear = (this.#tallies[near.connection] ??= new Map<number, Tally>());
    const known = ofNear.get(key);
    // A tally with a connection that was given up since, whose number is another's now, is begun anew.
    if (known !== undefined && known.farNth === far.nth) return known;
    if (known === undefined && this.#count >= JOINS_MAX && !this.#sweep()) {
      this.#refusedSinceSweep++;
      this.#limits.hit('joins', JOINS_MAX);
      return undefined;
    }
    const first = refOf(this.#moment);
    const tally: Tally = {
      near: near.connection,
      nearNth: near.nth,
      far: far.connection,
      farNth: far.nth,
      method,
      streams: 0,
      unambiguous: 0,
      samples: [],
      tunnels: null,
      first,
      lastNs: first.timeNs,
      lastPacket: 0,
      lastFile: 0,
    };
    ofNear.set(key, tally);
    if (known === undefined) this.#count++;
    return tally;
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
        this.#count--;
      }
    }
    return this.#count < JOINS_MAX;
  }
}

function addSample(tally: Tally, near: LiveStream, far: LiveStream): void {
  const isInTunnel = near.carrier !== null || far.carrier !== null;
  if (isInTunnel) tally.tunnels ??= tally.samples.map(() => [null, null]);
  tally.tunnels?.push([near.carrier?.id ?? null, far.carrier?.id ?? null]);
  tally.samples.push([near.id, far.id]);
}

/** Without spreading: an object made so has a hidden class of its own. */
function joinOf(tally: Tally, near: number, far: number): Join {
  const { method, streams, unambiguous, samples, tunnels, first, lastNs, lastPacket, lastFile } = tally;
  const last = { file: lastFile, packet: lastPacket, timeNs: lastNs };
  if (tunnels === null) return { near, far, method, streams, unambiguous, samples, first, last };
  return { near, far, method, streams, unambiguous, samples, tunnels, first, last };
}
