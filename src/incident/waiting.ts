import type { Ref } from '../trace/index.ts';
import type { Death } from './deaths.ts';
import type { Victim } from './hurt.ts';
import { clientSide } from './leg.ts';
import type { Leg } from './model.ts';
import type { Scene } from './scene.ts';
import { earliest, isServed, overAt } from './stream-fate.ts';
import type { Asked, Surroundings } from './surroundings.ts';
import type { Thresholds } from './thresholds.ts';

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
    const { syn } = attempt.trace.handshake;
    const byClient = new Map<Leg, Victim[]>();
    if (syn === null) return byClient;
    const { requests } = this.#scene.around(attempt);
    const unclaimed = this.#unclaimedAt(attempt);
    const { thresholds } = this.#scene;
    const tried = attempt.trace.flows[clientSide(attempt)].last ?? syn;
    const end = requests.endOf(Math.max(death.fromNs, tried.timeNs));
    let at = unclaimed.from(requests.indexOf(syn.timeNs - thresholds.actsWithinNs));
    for (; at < end; at = unclaimed.from(at + 1)) {
      const asked = requests.items[at];
      const victim = asked === undefined || asked.client === attempt ? null : victimOf(asked, syn, thresholds);
      if (asked === undefined || victim === null) continue;
      unclaimed.claim(at);
      byClient.set(asked.client, [...(byClient.get(asked.client) ?? []), victim]);
    }
    return byClient;
  }

  #unclaimedAt(attempt: Leg): Unclaimed {
    const around = this.#scene.around(attempt);
    const byServer = this.#unclaimed.get(around) ?? new Map<string, Unclaimed>();
    this.#unclaimed.set(around, byServer);
    const server = attempt.trace.endpoints[attempt.serverSide].ip;
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

function victimOf({ client, stream }: Asked, syn: Ref, thresholds: Thresholds): Victim | null {
  const over = overAt(stream, client.serverSide);
  if (over !== null && over.timeNs < syn.timeNs) return null;
  const known = earliest(stream.partners.filter((partner) => partner.nearerClient).map((partner) => partner.at));
  // Served well, by whom the capture does not show: it was passed on at the latest when the answer came.
  const passedOn = known ?? (isServed(stream) ? stream.statusAt : null);
  if (passedOn === null) return { near: stream, far: null, rerouted: null };
  // Passed on elsewhere before the attempt could be called dead: nobody was hurt.
  if (passedOn.timeNs - stream.opened.timeNs < thresholds.deadAfterNs) return null;
  return { near: stream, far: null, rerouted: isServed(stream) ? passedOn : null };
}
