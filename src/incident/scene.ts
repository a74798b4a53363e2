import { grouped } from './grouped.ts';
import { clientSide } from './leg.ts';
import type { Leg, Link } from './model.ts';
import type { Passings } from './passings.ts';
import type { Casting } from './roles.ts';
import { Surroundings } from './surroundings.ts';
import type { Thresholds } from './thresholds.ts';

/** What windows are made from: the legs by who knows whom, so that with thousands of them neighbours are looked up and not searched for. */
export class Scene {
  /** Indexed by connection id. */
  readonly legs: readonly Leg[];
  readonly links: readonly Link[];
  /** By hop, the shortest first. */
  readonly passings: readonly Passings[];
  readonly thresholds: Thresholds;
  readonly captureEndNs: number;
  readonly #openedBy: readonly number[];
  readonly #accepted: ReadonlyMap<number, readonly Leg[]>;
  readonly #opened: ReadonlyMap<number, readonly Leg[]>;
  readonly #byHost: ReadonlyMap<string, readonly Leg[]>;
  readonly #byId: ReadonlyMap<string, Leg>;
  readonly #around = new Map<number, Surroundings>();

  constructor(
    legs: readonly Leg[],
    casting: Casting,
    links: readonly Link[],
    passings: readonly Passings[],
    thresholds: Thresholds,
    captureEndNs: number,
  ) {
    this.legs = legs;
    this.links = links;
    this.passings = passings;
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

  /** What the gateway behind `upstream` accepted, in a chain of gateways perhaps upstream of another one, and its upstream connections. */
  around(upstream: Leg): Surroundings {
    const gateway = this.#openedBy[upstream.trace.id] ?? NOBODY;
    const known = this.#around.get(gateway);
    if (known !== undefined) return known;
    const clients = gateway < 0 ? [] : (this.#accepted.get(gateway) ?? []);
    const upstreams = (this.#opened.get(gateway) ?? []).filter((leg) => leg.role === 'upstream');
    const found = new Surroundings(clients, upstreams);
    this.#around.set(gateway, found);
    return found;
  }

  /** Other connections in the same role that the same host opened. */
  fromSameHost(client: Leg): readonly Leg[] {
    return (this.#byHost.get(clientHost(client)) ?? []).filter((leg) => leg !== client && leg.role === client.role);
  }
}

/** No gateway. */
const NOBODY = -1;

function clientHost(leg: Leg): string {
  return leg.trace.endpoints[clientSide(leg)].ip;
}
