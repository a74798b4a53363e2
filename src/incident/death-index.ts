import type { Death } from './deaths.ts';
import { grouped } from './grouped.ts';
import type { Leg, Link } from './model.ts';

/** Deaths by upstream leg, links by client: with thousands of each, pairs are looked up and not searched for. */
export class DeathIndex {
  readonly #deaths: ReadonlyMap<Leg, readonly Death[]>;
  readonly #upstreams = new Map<string, Leg>();
  readonly #byClient: ReadonlyMap<string, readonly Link[]>;
  readonly #byUpstream: ReadonlyMap<string, readonly Link[]>;

  constructor(deaths: ReadonlyMap<Leg, readonly Death[]>, links: readonly Link[]) {
    this.#deaths = deaths;
    for (const leg of deaths.keys()) this.#upstreams.set(leg.id, leg);
    this.#byClient = grouped(links, ({ client }) => client);
    this.#byUpstream = grouped(links, ({ upstream }) => upstream);
  }

  of(upstream: Leg): readonly Death[] {
    return this.#deaths.get(upstream) ?? [];
  }

  /** Upstream legs that carried streams of the client. */
  linkedTo(client: Leg): readonly Leg[] {
    return this.linksOf(client).flatMap(({ upstream }) => this.#upstreams.get(upstream) ?? []);
  }

  /** Ids of client legs that are linked to it. */
  clientsOf(upstream: Leg): readonly string[] {
    return (this.#byUpstream.get(upstream.id) ?? []).map(({ client }) => client);
  }

  linksOf(client: Leg): readonly Link[] {
    return this.#byClient.get(client.id) ?? [];
  }
}
