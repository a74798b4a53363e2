import type { Endpoint } from '../trace/index.ts';
import { grouped } from './grouped.ts';
import { serverOf } from './leg.ts';
import type { Cause, Confidence, HurtStream, Leg, Outage, Outcome, VictimGroup, Window } from './model.ts';
import { nameKey } from './stream-names.ts';

/** An upstream that is away again so soon after its last window was away all the time, unless it answered in between. */
const SAME_OUTAGE_NS = 30e9;

/** From the surest to the least sure. */
const CONFIDENCES = ['confirmed', 'probable', 'possible'] as const satisfies readonly Confidence[];

/** Windows of one server that belong to one time in which it was dead. */
interface Draft {
  readonly server: Endpoint;
  readonly windows: Window[];
  /** Null: open. */
  toNs: number | null;
  /** The last that ended, ended because the server answered again. */
  wasBack: boolean;
}

/**
 * What each dead upstream server did: its windows on all connections and clients, as long as it was away. Those that cost most come first: the sum
 * of their windows' durations, all clients together.
 */
export function outagesOf(windows: readonly Window[], legById: ReadonlyMap<string, Leg>): readonly Outage[] {
  const newest = new Map<string, Draft>();
  const drafts: Draft[] = [];
  for (const window of windows.toSorted((a, b) => a.fromNs - b.fromNs)) {
    const upstream = legById.get(window.upstream);
    if (upstream === undefined) continue;
    const server = serverOf(upstream);
    const key = `${server.ip} ${server.port}`;
    const known = newest.get(key);
    if (known !== undefined && isSameOutage(known, window)) {
      add(known, window);
    } else {
      const begun: Draft = { server, windows: [window], toNs: window.toNs, wasBack: window.end.how === 'healed' };
      newest.set(key, begun);
      drafts.push(begun);
    }
  }
  return drafts
    .map((draft) => outageOf(draft))
    .toSorted((a, b) => b.waitedNs - a.waitedNs)
    .map((outage, i) => ({ ...outage, id: `i${i + 1}` }));
}

function isSameOutage({ toNs, wasBack }: Draft, { fromNs }: Window): boolean {
  return toNs === null || fromNs <= toNs + (wasBack ? 0 : SAME_OUTAGE_NS);
}

function add(draft: Draft, window: Window): void {
  draft.windows.push(window);
  const isLater = draft.toNs !== null && (window.toNs === null || window.toNs >= draft.toNs);
  if (!isLater) return;
  draft.toNs = window.toNs;
  draft.wasBack = window.end.how === 'healed';
}

function outageOf({ server, windows, toNs }: Draft): Omit<Outage, 'id'> {
  const fromNs = windows.reduce((firstNs, window) => Math.min(firstNs, window.fromNs), Infinity);
  const untilNs = windows.reduce((latestNs, window) => Math.max(latestNs, window.fromNs + window.durationNs), fromNs);
  const hurt = hurtOnce(windows);
  return {
    server,
    upstreams: [...new Set(windows.map(({ upstream }) => upstream))],
    windows: windows.map(({ id }) => id),
    confidence: CONFIDENCES.find((sure) => windows.some(({ confidence }) => confidence === sure)) ?? 'possible',
    causes: causesOf(windows),
    fromNs,
    toNs,
    durationNs: untilNs - fromNs,
    waitedNs: windows.reduce((sum, { durationNs }) => sum + durationNs, 0),
    clients: new Set(windows.map(({ client }) => client)).size,
    streams: hurt.length,
    outcomes: outcomesOf(hurt.map(({ stream }) => stream)),
    victims: victimGroups(hurt),
  };
}

interface Hurt {
  readonly client: string;
  readonly stream: HurtStream;
}

/** A stream that waited for one attempt to connect after the other is one stream. */
function hurtOnce(windows: readonly Window[]): readonly Hurt[] {
  const hurt = new Map<string, Hurt>();
  for (const { client, streams } of windows)
    for (const stream of streams) hurt.set(`${client} ${nameKey(stream)}`, { client, stream });
  return [...hurt.values()];
}

/** Most frequent first. */
function causesOf(windows: readonly Window[]): Cause[] {
  const counts = new Map<Cause, number>();
  for (const { cause } of windows) counts.set(cause, (counts.get(cause) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]).map(([cause]) => cause);
}

function outcomesOf(streams: readonly HurtStream[]): Record<Outcome, number> {
  const counts: Record<Outcome, number> = { hung: 0, 'gateway-error': 0, reset: 0, finished: 0 };
  for (const { outcome } of streams) counts[outcome]++;
  return counts;
}

/** Who asked for what, those with most streams first. */
function victimGroups(hurt: readonly Hurt[]): VictimGroup[] {
  const groups = grouped(hurt, ({ stream: { userAgent, kind, resource } }) =>
    JSON.stringify([userAgent, kind, resource]),
  );
  return [...groups.values()]
    .flatMap((group) => {
      const [first] = group;
      if (first === undefined) return [];
      const { userAgent, kind, resource } = first.stream;
      const clients = new Set(group.map(({ client }) => client)).size;
      const hung = group.filter(({ stream }) => stream.outcome === 'hung').length;
      return [{ userAgent, kind, resource, clients, streams: group.length, hung }];
    })
    .toSorted((a, b) => b.streams - a.streams || b.hung - a.hung);
}
