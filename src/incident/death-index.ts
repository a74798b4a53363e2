import type { Death } from './deaths.ts';
import type { Leg, Link } from './model.ts';

/** Deaths by upstream leg, links by client: with thousands of each, pairs are looked up and not searched for. */
export class DeathIndex {
  readonly #byUpstream = new Map<string, readonly Death[]>();
  readonly #byClient = new Map<string, Link[]>();

  constructor(deaths: ReadonlyMap<Leg, readonly Death[]>, links: readonly Link[]) {
    for (const [leg, all] of deaths) this.#byUpstream.set(leg.id, all);
    for (const link of links) {
      const known = this.#byClient.get(link.client);
      if (known === undefined) this.#byClient.set(link.client, [link]);
      else known.push(link);
    }
  }

  /** Deaths of the upstream leg of that id. */
  of(upstream: string): readonly Death[] {
    return this.#byUpstream.get(upstream) ?? [];
  }

  linksOf(client: Leg): readonly Link[] {
    return this.#byClient.get(client.id) ?? [];
  }
}
