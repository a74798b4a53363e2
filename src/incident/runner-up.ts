import type { TraceStream } from '../trace/index.ts';
import { ByTime } from './by-time.ts';
import { grouped } from './grouped.ts';
import type { Carried } from './links.ts';
import type { Leg, LinkMethod, RunnerUp } from './model.ts';
import type { Casting } from './roles.ts';
import { overAt } from './stream-fate.ts';

/** A gateway passes a request on within this, as a rule; who asked earlier is no likely asker. */
const PASSED_ON_NS = 10e9;
/** Requests alike that are looked at for one match; thousands may be alike. */
const LOOKED_AT_MAX = 64;

interface Asker {
  readonly leg: Leg;
  readonly stream: TraceStream;
}

/** Who asked what of which gateway: for matches that fitted several streams, the other connections that may be meant. */
export class Askers {
  readonly #legs: readonly Leg[];
  readonly #casting: Casting;
  #alike: ReadonlyMap<string, ByTime<Asker>> | null = null;

  constructor(legs: readonly Leg[], casting: Casting) {
    this.#legs = legs;
    this.#casting = casting;
  }

  /**
   * The other client connection that fits most of what a link rests on; null where none does. All that could be meant share alike in
   * what the link leaves open.
   */
  runnerUp(
    client: Leg,
    upstream: Leg,
    carried: readonly Carried[],
    method: LinkMethod,
    confidence: number,
  ): RunnerUp | null {
    const fits = new Map<Leg, number>();
    for (const pair of carried) {
      for (const leg of this.#fitting(client, pair, method)) fits.set(leg, (fits.get(leg) ?? 0) + 1);
    }
    const [best] = [...fits].toSorted((a, b) => b[1] - a[1] || a[0].trace.id - b[0].trace.id);
    if (best === undefined) return null;
    const share = (1 - confidence) / fits.size;
    return { client: best[0].id, upstream: upstream.id, confidence: Math.round(share * 1000) / 1000, odds: null };
  }

  /** Other client connections with a stream that asked the same, and waited when it was passed on or got its payload. */
  #fitting(client: Leg, { near, far }: Carried, method: LinkMethod): ReadonlySet<Leg> {
    const partner = far.partners.find(
      ({ nearerClient, connection }) => !nearerClient && connection === client.trace.id,
    );
    const gateway = this.#casting.acceptedBy[client.trace.id] ?? -1;
    const key = keyOf(gateway, near);
    if (partner === undefined || partner.candidates < 2 || key === null) return new Set();
    const alike = this.#all().get(key);
    const end = alike?.endOf(partner.at.timeNs) ?? 0;
    const looked = alike?.items.slice(Math.max(0, end - LOOKED_AT_MAX), end) ?? [];
    const sinceNs = method === 'payload' ? -Infinity : partner.at.timeNs - PASSED_ON_NS;
    return new Set(
      looked
        .filter(({ leg, stream }) => leg !== client && stream.opened.timeNs >= sinceNs)
        .filter(({ leg, stream }) => (overAt(stream, leg.serverSide)?.timeNs ?? Infinity) >= partner.at.timeNs)
        .map(({ leg }) => leg),
    );
  }

  /** Made when it is asked for: where all matches are clear, it never is. */
  #all(): ReadonlyMap<string, ByTime<Asker>> {
    this.#alike ??= this.#byRequest();
    return this.#alike;
  }

  #byRequest(): ReadonlyMap<string, ByTime<Asker>> {
    const asked = this.#legs.flatMap((leg) => {
      const gateway = this.#casting.acceptedBy[leg.trace.id] ?? -1;
      return gateway < 0 ? [] : leg.streams.map((stream) => ({ leg, stream, key: keyOf(gateway, stream) }));
    });
    const byKey = grouped(asked, ({ key }) => key);
    const known = [...byKey].flatMap(([key, askers]) => (key === null ? [] : [[key, askers] as const]));
    return new Map(
      known.map(([key, askers]) => [key, new ByTime<Asker>(askers, ({ stream }) => stream.opened.timeNs)]),
    );
  }
}

/** Null where it is not known what was asked. */
function keyOf(gateway: number, { request }: TraceStream): string | null {
  return request?.path == null ? null : `${gateway} ${request.method ?? ''} ${request.path}`;
}
