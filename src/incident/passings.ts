import { ASK_HOPS_NS, type AskJoin, type Asks, type OpenedFor } from '../trace/index.ts';
import { grouped } from './grouped.ts';
import { neverOpened, serverOf } from './leg.ts';
import type { Leg } from './model.ts';
import { oddsAgainstChance } from './odds.ts';
import type { Casting } from './roles.ts';

/** Odds, as a power of ten, that two connections belong together, all pairs of their gateway and all hops counted as tried. */
export const SURE_ODDS = 3;

/**
 * Each longer hop is one more try, and may add a tenth to the mistakes that the shortest makes, which fits most gateways: so many odds, as a power of ten,
 * are asked for besides.
 */
const HOP_ODDS: readonly number[] = [1, 1 / 10, 1 / 10].map((share) => -Math.log10(share));

/** One retry may have been a coincidence. */
const RETRIES_MIN = 2;

/** What one gateway was asked and did, where a side of it cannot be read. */
interface Throughput {
  readonly clients: number;
  readonly upstreams: number;
  /** The share of its requests, and of its connections, before which no client asked. One more than was counted: never none. */
  readonly unexplained: number;
  readonly unexplainedOpenings: number;
}

const NO_ASKS: Asks = { asked: 0, acts: 0, unexplained: 0, openedFor: null };
const NOTHING: Throughput = { clients: 1, upstreams: 1, unexplained: 1, unexplainedOpenings: 1 };

/** One for each hop, the shortest first. */
export function passingsOf(joins: readonly AskJoin[], legs: readonly Leg[], casting: Casting): readonly Passings[] {
  return ASK_HOPS_NS.map((_, hop) => new Passings(hop, joins, legs, casting));
}

/** The requests that came out of a gateway within one hop of their coming, by pair of connections, and the chance that it only seems so. */
export class Passings {
  /** Index of ASK_HOPS_NS. */
  readonly hop: number;
  /** Odds that are asked for besides, since other hops are tried too. */
  readonly hopOdds: number;
  readonly #hopNs: number;
  readonly #byPair: ReadonlyMap<string, AskJoin>;
  readonly #legs: readonly Leg[];
  readonly #gatewayOf: readonly number[];
  readonly #throughputs = new Map<number, Throughput>();
  /** In how many moments attempts came to nothing, by gateway and server, and by the client they were made for besides. */
  readonly #attempts = new Map<string, number>();
  /** What they were made for, where that is known, by gateway and server. */
  readonly #inVain: ReadonlyMap<string, readonly OpenedFor[]>;
  readonly #byUpstream: ReadonlyMap<number, readonly AskJoin[]>;

  constructor(hop: number, joins: readonly AskJoin[], legs: readonly Leg[], casting: Casting) {
    this.hop = hop;
    this.hopOdds = HOP_ODDS[hop] ?? Infinity;
    this.#hopNs = ASK_HOPS_NS[hop] ?? 0;
    const through = joins.filter(({ hop: within, near, far }) => {
      if (within !== hop) return false;
      const gateway = casting.acceptedBy[near] ?? -1;
      return gateway >= 0 && gateway === casting.openedBy[far];
    });
    this.#legs = legs;
    this.#gatewayOf = legs.map(({ trace, role }) =>
      role === 'upstream' ? (casting.openedBy[trace.id] ?? -1) : (casting.acceptedBy[trace.id] ?? -1),
    );
    this.#byPair = new Map(through.map((join) => [`${join.near} ${join.far}`, join]));
    this.#byUpstream = grouped(through, ({ far }) => far);
    const inVain = grouped(legs.filter(neverOpened), (leg) => this.#serverKey(leg));
    this.#inVain = new Map([...inVain].map(([key, tried]) => [key, tried.flatMap((leg) => this.openerOf(leg) ?? [])]));
    for (const [key, tried] of inVain)
      this.#attempts.set(key, this.#momentsOf(tried.map(({ trace }) => trace.first.timeNs)));
    for (const [key, known] of this.#inVain)
      for (const [client, own] of grouped(known, ({ connection }) => connection))
        this.#attempts.set(`${key} for ${client}`, this.#momentsOf(own.map(({ asked }) => asked.timeNs)));
    const byGateway = grouped(legs, ({ trace }) => this.#gatewayOf[trace.id] ?? -1);
    for (const [gateway, own] of byGateway) {
      if (gateway >= 0) this.#throughputs.set(gateway, throughputOf(own, hop));
    }
  }

  /** Whose request that connection was opened for; null where nobody knows. */
  openerOf({ trace }: Leg): OpenedFor | null {
    return trace.asks[this.hop]?.openedFor ?? null;
  }

  of(client: Leg, upstream: Leg): AskJoin | null {
    return this.#byPair.get(`${client.trace.id} ${upstream.trace.id}`) ?? null;
  }

  clientsOf(upstream: Leg): readonly Leg[] {
    return (this.#byUpstream.get(upstream.trace.id) ?? []).flatMap((join) => this.#legs[join.near] ?? []);
  }

  /** Odds, as a power of ten, from which a pair is sure: with so many pairs of that gateway, and hops, one of them fits by chance. */
  sureOdds(upstream: Leg): number {
    const { clients, upstreams } = this.#around(upstream);
    return SURE_ODDS + Math.log10(clients * upstreams) + this.hopOdds;
  }

  /**
   * How many of `count` requests on an upstream connection would seem to be a client's by chance: those of nobody known, in the moment after
   * one of that client. Requests of a client come as a Poisson process does, at one rate for as long as it is there.
   */
  expected(client: Leg, upstream: Leg, count: number): number {
    return count * this.#around(upstream).unexplained * this.#chanceOf(client);
  }

  /** The same of all that upstream connection took. */
  expectedMatches(client: Leg, upstream: Leg): number {
    const { acts } = upstream.trace.asks[this.hop] ?? NO_ASKS;
    return this.expected(client, upstream, acts);
  }

  /** The same of connections that the gateway opened. */
  expectedOpenings(client: Leg, upstream: Leg, count: number): number {
    return count * this.#around(upstream).unexplainedOpenings * this.#chanceOf(client);
  }

  /** That gateway accepted the one and opened the other. */
  isThroughOne(client: Leg, upstream: Leg): boolean {
    const gateway = this.#gatewayOf[client.trace.id] ?? -1;
    return gateway >= 0 && client.role === 'client' && gateway === this.#gatewayOf[upstream.trace.id];
  }

  /**
   * Attempts to one server, that came to nothing, among them those made for this client's requests: in how many moments, as one request may be
   * tried several times at once.
   */
  attempts(client: Leg, upstream: Leg): { readonly made: number; readonly forClient: number } {
    const toServer = this.#serverKey(upstream);
    return {
      made: this.#attempts.get(toServer) ?? 0,
      forClient: this.#attempts.get(`${toServer} for ${client.trace.id}`) ?? 0,
    };
  }

  /**
   * Whether each request for which the gateway tried that server in vain, as far as they are known, went elsewhere in time: that is what it does, and
   * so it did with those that are not known.
   */
  isRetriedWithin(attempt: Leg, withinNs: number): boolean {
    const known = this.#inVain.get(this.#serverKey(attempt)) ?? [];
    return known.length >= RETRIES_MIN && known.every((opener) => wasPassedOnWithin(opener, withinNs));
  }

  /** Odds against chance of all that this client asked, and that upstream connection took. */
  odds(client: Leg, upstream: Leg): number {
    const join = this.of(client, upstream);
    if (join === null) return 0;
    return oddsAgainstChance(join.anew, this.expectedMatches(client, upstream));
  }

  /** How many there are of what is not within a hop of another. */
  #momentsOf(timesNs: readonly number[]): number {
    const inOrder = timesNs.toSorted((a, b) => a - b);
    return inOrder.filter((ns, at) => ns - (inOrder[at - 1] ?? -Infinity) > this.#hopNs).length;
  }

  #serverKey(upstream: Leg): string {
    const { ip, port } = serverOf(upstream);
    return `${this.#gatewayOf[upstream.trace.id] ?? -1} ${ip} ${port}`;
  }

  #around(upstream: Leg): Throughput {
    return this.#throughputs.get(this.#gatewayOf[upstream.trace.id] ?? -1) ?? NOTHING;
  }

  #chanceOf({ trace }: Leg): number {
    const lifeNs = Math.max(trace.last.timeNs - trace.first.timeNs, this.#hopNs);
    const { asked } = trace.asks[this.hop] ?? NO_ASKS;
    return Math.min(1, ((asked + 1) * this.#hopNs) / lifeNs);
  }
}

/** That request left on another connection in time. */
export function wasPassedOnWithin({ asked, passedOn }: OpenedFor, withinNs: number): boolean {
  return passedOn !== null && passedOn.timeNs - asked.timeNs < withinNs;
}

function throughputOf(legs: readonly Leg[], hop: number): Throughput {
  const asksOf = ({ trace }: Leg): Asks => trace.asks[hop] ?? NO_ASKS;
  const clients = legs.filter((leg) => leg.role === 'client' && asksOf(leg).asked > 0);
  const upstreams = legs.filter(({ role }) => role === 'upstream');
  const sum = (of: readonly Leg[], count: (leg: Leg) => number): number =>
    of.reduce((total, leg) => total + count(leg), 0);
  const acts = sum(upstreams, (leg) => asksOf(leg).acts);
  const unexplained = sum(upstreams, (leg) => asksOf(leg).unexplained);
  const opened = upstreams.filter(({ trace }) => trace.handshake.syn !== null);
  const forNobody = opened.filter((leg) => asksOf(leg).openedFor === null).length;
  return {
    clients: Math.max(1, clients.length),
    upstreams: Math.max(1, upstreams.length),
    unexplained: (unexplained + 1) / (acts + 1),
    unexplainedOpenings: (forNobody + 1) / (opened.length + 1),
  };
}
