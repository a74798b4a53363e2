import { clientSide } from './leg.ts';
import type { Leg, Link } from './model.ts';
import type { Casting } from './roles.ts';
import type { Thresholds } from './thresholds.ts';

/** What windows are made from: the legs by who knows whom, so that with thousands of them neighbours are looked up and not searched for. */
export class Scene {
  /** Indexed by connection id. */
  readonly legs: readonly Leg[];
  readonly links: readonly Link[];
  readonly thresholds: Thresholds;
  readonly captureEndNs: number;
  readonly #openedBy: readonly number[];
  readonly #accepted: ReadonlyMap<number, readonly Leg[]>;
  readonly #opened: ReadonlyMap<number, readonly Leg[]>;
  readonly #byHost: ReadonlyMap<string, readonly Leg[]>;
  readonly #byId: ReadonlyMap<string, Leg>;

  constructor(
    legs: readonly Leg[],
    casting: Casting,
    links: readonly Link[],
    thresholds: Thresholds,
    captureEndNs: number,
  ) {
    this.legs = legs;
    this.links = links;
    this.thresholds = thresholds;
    this.captureEndNs = captureEndNs;
    this.#openedBy = casting.openedBy;
    this.#accepted = grouped(legs, (leg) => casting.acceptedBy[leg.trace.id] ?? NOBODY);
    this.#opened = grouped(legs, (leg) => casting.openedBy[leg.trace.id] ?? NOBODY);
    this.#byHost = grouped(legs, clientHost);
    this.#byId = new Map(legs.map((leg) => [leg.id, leg]));
  }

  legNamed(id: string): Leg | undefined {
    return this.#byId.get(id);
  }

  /** Connections that the gateway behind `upstream` accepted; in a chain of gateways these may be upstream of another one. */
  clientsOf(upstream: Leg): readonly Leg[] {
    const gateway = this.#openedBy[upstream.trace.id] ?? NOBODY;
    if (gateway < 0) return [];
    return (this.#accepted.get(gateway) ?? []).filter((leg) => leg !== upstream);
  }

  /** Other upstream connections of the gateway behind `upstream`. */
  siblingsOf(upstream: Leg): readonly Leg[] {
    const gateway = this.#openedBy[upstream.trace.id] ?? NOBODY;
    return (this.#opened.get(gateway) ?? []).filter((leg) => leg !== upstream && leg.role === 'upstream');
  }

  /** Other connections in the same role that the same host opened. */
  fromSameHost(client: Leg): readonly Leg[] {
    return (this.#byHost.get(clientHost(client)) ?? []).filter((leg) => leg !== client && leg.role === client.role);
  }
}

/** No gateway. */
const NOBODY = -1;

function grouped<Key>(legs: readonly Leg[], keyOf: (leg: Leg) => Key): ReadonlyMap<Key, readonly Leg[]> {
  const groups = new Map<Key, Leg[]>();
  for (const leg of legs) {
    const key = keyOf(leg);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [leg]);
    else group.push(leg);
  }
  return groups;
}

function clientHost(leg: Leg): string {
  return leg.trace.endpoints[clientSide(leg)].ip;
}
