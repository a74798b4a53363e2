import type { Join, TunnelPair } from '../trace/index.ts';
import type { Carried } from './links.ts';
import type { Link } from './model.ts';
import { nameKey } from './stream-names.ts';

/** Two streams that carried the same, by their ids; with the tunnels in which they run, which of most is none. */
interface StreamPair {
  readonly ids: readonly [near: number, far: number];
  readonly tunnels: TunnelPair;
}

const NO_TUNNELS: TunnelPair = [null, null];

/** Of a link: the pairs that are kept, and samples of those that were folded since. Ordered by the stream nearer the client. */
export function streamPairs(joins: readonly Join[], carried: readonly Carried[]): readonly StreamPair[] {
  const kept = carried.map(({ near, far }): StreamPair => {
    const isPlain = near.tunnel === null && far.tunnel === null;
    return { ids: [near.id, far.id], tunnels: isPlain ? NO_TUNNELS : [near.tunnel, far.tunnel] };
  });
  const known = new Set(kept.map(nearKey));
  const samples = joins.flatMap(samplesOf).filter((pair) => !known.has(nearKey(pair)));
  const folded = new Map(samples.map((pair) => [`${nearKey(pair)} ${farKey(pair)}`, pair]));
  return [...kept, ...folded.values()].toSorted(byNear);
}

/** As a link has them. */
export function namesOf(pairs: readonly StreamPair[]): Pick<Link, 'streams' | 'tunnels'> {
  const streams = pairs.map(({ ids }) => ids);
  if (pairs.every(({ tunnels }) => tunnels === NO_TUNNELS)) return { streams };
  return { streams, tunnels: pairs.map(({ tunnels }) => tunnels) };
}

function samplesOf({ samples, tunnels }: Join): StreamPair[] {
  return samples.map((ids, at) => ({ ids, tunnels: tunnels?.[at] ?? NO_TUNNELS }));
}

function nearKey({ ids, tunnels }: StreamPair): string {
  return nameKey({ tunnel: tunnels[0], id: ids[0] });
}

function farKey({ ids, tunnels }: StreamPair): string {
  return nameKey({ tunnel: tunnels[1], id: ids[1] });
}

function byNear({ ids: a, tunnels: inA }: StreamPair, { ids: b, tunnels: inB }: StreamPair): number {
  return (inA[0] ?? 0) - (inB[0] ?? 0) || a[0] - b[0] || (inA[1] ?? 0) - (inB[1] ?? 0) || a[1] - b[1];
}
