import type { Death } from './deaths.ts';
import type { Leg, Link } from './model.ts';

/** Deaths by upstream leg, links by client: with thousands of each, pairs are looked up and not searched for. */
export class DeathIndex {
  readonly #deaths: ReadonlyMap<Leg, readonly Death[]>;
  readonly #upstreams = new Map<string, Leg>();
  readonly #byClient = new Map<string, Link[]>();

  constructor(deaths: ReadonlyMap<Leg, readonly Death[]>, links: readonly Link[]) {
    this.#deaths = deaths;
    for (const leg of deaths.keys()) this.#upstreams.set(leg.id, leg);
    for (const link of links) {
      const known = this.#byClient.get(link.client);
      if (known === undefined) this.#byClient.set(link.client, [link]);
      else known.push(link);
    }
  }

  of(upstream: Leg): readonly Death[] {
    return this.#deaths.get(upstream) ?? [];
  }

  /** Upstream legs that carried streams of the client. */
  linkedTo(client: Leg): readonly Leg[] {
    return this.linksOf(client).flatMap(({ upstream }) => this.#upstreams.get(upstream) ?? []);
  }

  linksOf(client: Leg): readonly Link[] {
    return this.#byClient.get(client.id) ?? [];
  }
}
