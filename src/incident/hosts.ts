import type { Join, Trace } from '../trace/index.ts';
import type { Ends } from './ends.ts';
import { Points } from './points.ts';

/** Streams joined between two addresses from which these count as one host, where nothing else says so. */
const JOINED_STREAMS_MIN = 2;

/** Which addresses are one host. */
export interface Hosts {
  /** The address that stands for all of its host. */
  readonly find: (ip: string) => string;
  /** Addresses of the capturing hosts, and those that joins say are one host with another. */
  readonly capturing: ReadonlySet<string>;
  readonly joined: ReadonlySet<string>;
}

/**
 * Addresses belong to one host where the capture was taken on it (the cooked header's direction), or where streams received on one address were
 * passed on from another.
 * @param told  addresses of one host, as the reader says
 */
export function hostsOf(trace: Trace, joins: readonly Join[], ends: Ends, told: readonly string[]): Hosts {
  const union = new Union();
  const capturing = uniteLocal(trace, union);
  const joined = uniteJoined(trace, joins, union, ends);
  for (const ip of told) union.unite(told[0] ?? ip, ip);
  return { find: (ip) => union.find(ip), capturing, joined };
}

/** The addresses of each capturing host are one host; of captures taken on two hosts at one time, two. */
function uniteLocal(trace: Trace, union: Union): ReadonlySet<string> {
  const points = new Points(trace);
  const local = new Map<number, Set<string>>();
  for (const { endpoints, localSide, first } of trace.connections) {
    const [one, other] = endpoints;
    if (localSide === null && !isLoopback(one.ip) && !isLoopback(other.ip)) continue;
    const point = points.pointOf(first.file);
    const own = local.get(point) ?? new Set<string>();
    local.set(point, own);
    if (localSide === 'both' || localSide === 0 || isLoopback(one.ip)) own.add(one.ip);
    if (localSide === 'both' || localSide === 1 || isLoopback(other.ip)) own.add(other.ip);
  }
  for (const [first, ...others] of local.values()) for (const other of others) union.unite(first ?? other, other);
  return new Set([...local.values()].flatMap((own) => [...own]));
}

/** RFC 1122 §3.2.1.3, RFC 4291 §2.5.3: never outside a host, so the capturing one's own. */
export function isLoopback(ip: string): boolean {
  return ip === '::1' || /^127\.\d+\.\d+\.\d+$/.test(ip);
}

/**
 * Of two connections one is passed on over the other, and never both ways: what fewer streams say comes of packets that the capture has out of
 * their order.
 */
export function oneWayJoins(joins: readonly Join[]): readonly Join[] {
  const weights = new Map<string, number>();
  for (const join of joins) {
    const key = `${join.near} ${join.far}`;
    weights.set(key, (weights.get(key) ?? 0) + weight(join));
  }
  const along = ({ near, far }: Join): number => weights.get(`${near} ${far}`) ?? 0;
  const against = ({ near, far }: Join): number => weights.get(`${far} ${near}`) ?? 0;
  return joins.filter((join) => along(join) >= against(join));
}

function uniteJoined(trace: Trace, joins: readonly Join[], union: Union, ends: Ends): ReadonlySet<string> {
  const streams = new Map<string, { near: string; far: string; count: number }>();
  for (const join of joins) {
    const near = trace.connections[join.near];
    const far = trace.connections[join.far];
    if (near === undefined || far === undefined) continue;
    const pair = { near: ends.server(near), far: ends.client(far) };
    // What one host asks of two others is not passed on from one of them; beside its sidecar it is, over loopback.
    const isOfOneHost = ends.client(near) === ends.client(far) && !isLoopback(pair.near);
    if (pair.near === pair.far || isOfOneHost) continue;
    const key = `${pair.near} ${pair.far}`;
    streams.set(key, { ...pair, count: (streams.get(key)?.count ?? 0) + weight(join) });
  }
  const joined = new Set<string>();
  for (const { near, far, count } of streams.values()) {
    if (count < JOINED_STREAMS_MIN) continue;
    union.unite(near, far);
    joined.add(near).add(far);
  }
  return joined;
}

/** An id that came out again is proof by itself; requests and payloads that only one stream fits count once each. */
function weight(join: Join): number {
  return join.method === 'request-id' ? join.streams * JOINED_STREAMS_MIN : join.unambiguous;
}

/** Union-find with path halving. */
class Union {
  readonly #parent = new Map<string, string>();

  find(ip: string): string {
    let at = ip;
    for (;;) {
      const parent = this.#parent.get(at) ?? at;
      if (parent === at) return at;
      const grandparent = this.#parent.get(parent) ?? parent;
      this.#parent.set(at, grandparent);
      at = grandparent;
    }
  }

  unite(a: string, b: string): void {
    const rootA = this.find(a);
    const rootB = this.find(b);
    if (rootA !== rootB) this.#parent.set(rootB, rootA);
  }
}
