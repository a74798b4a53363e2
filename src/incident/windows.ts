import type { Ref } from '../trace/index.ts';
import { alternativesOf } from './alternatives.ts';
import { type Case, casesOf } from './cases.ts';
import { checksOf } from './checks.ts';
import { DeathIndex } from './death-index.ts';
import { type Death, deathsOf, isSilent, mayBeUnseen } from './deaths.ts';
import { evidenceOf } from './evidence.ts';
import { grouped } from './grouped.ts';
import { hurtStreams, type Victim } from './hurt.ts';
import { clientSide } from './leg.ts';
import { isOneSided, isRead } from './liveness.ts';
import { strongestFirst } from './links.ts';
import { meanwhileOf } from './meanwhile.ts';
import type { Doubt, Leg, Link, Window } from './model.ts';
import type { Scene } from './scene.ts';
import { overAt, toldAt, wasCancelled } from './stream-fate.ts';
import { byName, nameKey } from './stream-names.ts';
import type { Thresholds } from './thresholds.ts';
import { isUnprobed, unprobedDeath } from './unprobed.ts';
import { type End, endOf, isAtOnce } from './window-end.ts';

/** Windows, the links that were found while looking for them added, and the deaths of each upstream leg. */
export interface WindowsFound {
  readonly windows: readonly Window[];
  readonly links: readonly Link[];
  readonly deaths: Deaths;
}

type Deaths = ReadonlyMap<Leg, readonly Death[]>;
/** A window before all are known and numbered. */
type Draft = Omit<Window, 'id'>;

/** From here on a link by request or payload leaves no room for another reading. */
const SURE_CONFIDENCE = 0.8;

/** Every half-dead window: one per pair of client and upstream connection and death. Ordered by start. */
export function windowsOf(scene: Scene): WindowsFound {
  const upstreams = scene.legs.filter((leg) => leg.role === 'upstream');
  const isLossy = scene.legs.some(({ trace }) => trace.flows.some(({ lostByCapture }) => lostByCapture > 0));
  const deaths = new Map(
    upstreams.map((leg) => {
      // One probe that is not seen proves nothing in a capture that lost packets.
      const found = [...(isLossy ? [] : unprobedDeath(scene, leg)), ...deathsOf(leg, scene.thresholds)];
      return [leg, isLossy ? found.filter((death) => !mayBeUnseen(death)) : found];
    }),
  );
  const index = new DeathIndex(deaths, scene.links);
  const cases = casesOf(scene, index, deaths);
  const links = withNewLinks(scene.links, cases);
  const linkIndex = new Map(links.map((link, i) => [linkKey(link), i]));
  const drafts = cases.flatMap((found) => windowOf(scene, found, linkIndex)).toSorted((a, b) => a.fromNs - b.fromNs);
  const windows = withoutOverlaps(scene, drafts).map((draft, i) => ({ ...draft, id: `w${i + 1}` }));
  return { windows, links, deaths };
}

/**
 * One window per pair of connections at one time (contract §3): a GOAWAY that is followed by a FIN, or a silence by a RST, is one death
 * that was told twice. The first names the cause, the last the end.
 */
function withoutOverlaps(scene: Scene, drafts: readonly Draft[]): Draft[] {
  const newest = new Map<string, number>();
  const kept: Draft[] = [];
  for (const draft of drafts) {
    const pair = `${draft.client} ${draft.upstream}`;
    const at = newest.get(pair);
    const earlier = at === undefined ? undefined : kept[at];
    if (at === undefined || earlier === undefined || (earlier.toNs !== null && draft.fromNs > earlier.toNs)) {
      newest.set(pair, kept.push(draft) - 1);
    } else {
      kept[at] = joined(scene, earlier, draft);
    }
  }
  return kept;
}

function joined(scene: Scene, first: Draft, second: Draft): Draft {
  const isLater = first.toNs !== null && (second.toNs === null || second.toNs > first.toNs);
  const { toNs, end } = isLater ? second : first;
  const known = new Set(first.streams.map(nameKey));
  const told = new Set(first.evidence.map(({ at, connection }) => `${at.file} ${at.packet} ${connection}`));
  const client = scene.legNamed(first.client);
  const upstream = scene.legNamed(first.upstream);
  const untilNs = toNs ?? client?.watchedToNs ?? scene.captureEndNs;
  return {
    ...first,
    toNs,
    end,
    durationNs: untilNs - first.fromNs,
    streams: [...first.streams, ...second.streams.filter((stream) => !known.has(nameKey(stream)))].toSorted(byName),
    ...(client === undefined || upstream === undefined
      ? {}
      : duringOf(scene, client, upstream, { fromNs: first.fromNs, toNs, untilNs })),
    evidence: [
      ...first.evidence,
      ...second.evidence.filter(({ at, connection }) => !told.has(`${at.file} ${at.packet} ${connection}`)),
    ].toSorted((a, b) => a.at.timeNs - b.at.timeNs || a.at.packet - b.at.packet),
  };
}

/** `toNs`: null where it lasts on; `untilNs`: then until where it was watched. */
interface Times {
  readonly fromNs: number;
  readonly toNs: number | null;
  readonly untilNs: number;
}

/** What went on in the time of a window. The packet that ends it is in it no more; the last one of the capture is. */
function duringOf(
  scene: Scene,
  client: Leg,
  upstream: Leg,
  { fromNs, toNs, untilNs }: Times,
): Pick<Draft, 'alternatives' | 'meanwhile' | 'checks'> {
  const endNs = toNs ?? untilNs + 1;
  return {
    alternatives: alternativesOf(scene, upstream, fromNs, untilNs),
    meanwhile: meanwhileOf(scene.legs, client, upstream, fromNs, endNs),
    checks: checksOf(upstream, fromNs, endNs),
  };
}

/** One for each pair and method, the surest: two deaths of one connection may each have found the same. */
function withNewLinks(links: readonly Link[], cases: readonly Case[]): readonly Link[] {
  const all = strongestFirst([...links, ...cases.map(({ link }) => link)]);
  return [...grouped(all, linkKey).values()].flatMap((alike) => alike.slice(0, 1));
}

function linkKey({ client, upstream, method }: Link): string {
  return `${client} ${upstream} ${method}`;
}

function windowOf(scene: Scene, found: Case, linkIndex: ReadonlyMap<string, number>): Draft[] {
  const { thresholds } = scene;
  const death = closingDeath(found, thresholds);
  const { client, upstream, victims, link } = found;
  // Where one direction of the client's leg is missing, what it was told is not known.
  if (
    death === null ||
    isOneSided(client.trace) ||
    !wasAliveAt(client, Math.max(death.fromNs, client.trace.first.timeNs))
  )
    return [];
  const end = endOf(scene, { ...found, death });
  const toNs = end.at?.timeNs ?? client.watchedToNs;
  const fromNs = begunAt(death, end);
  const dated: Case = { ...found, death: { ...death, fromNs } };
  // A clock that stepped back between the two ends would make a window of negative length.
  if (toNs < fromNs) return [];
  // Of whom cannot be read, it was looked at when the case was found.
  if (end.how === 'healed' && victims.length > 0 && !waitedLong(client, victims, fromNs, toNs, thresholds)) return [];
  const streams = hurtStreams(scene, dated, toNs);
  const doubts = doubtsOf(link, death, victims);
  return [
    {
      client: client.id,
      upstream: upstream.id,
      link: linkIndex.get(linkKey(link)) ?? 0,
      confidence: doubts.length > 0 ? 'probable' : 'confirmed',
      doubts,
      isInferred: link.bursts !== undefined,
      fromNs,
      toNs: end.at === null ? null : toNs,
      durationNs: toNs - fromNs,
      onset: { lastHeardNs: death.lastHeard?.timeNs ?? null, firstUnansweredNs: death.firstUnanswered.timeNs },
      cause: death.cause,
      oneWay: oneWayOf(death, upstream),
      end,
      streams,
      ...duringOf(scene, client, upstream, { fromNs, toNs: end.at === null ? null : toNs, untilNs: toNs }),
      evidence: evidenceOf(dated, streams, end, toNs),
    },
  ];
}

/**
 * Where the gateway's own giving up was the first that stayed unanswered (a time-out of its own: its FIN, its RST_STREAM), only the packet that
 * ends the window proves the death: it counts from the last that was heard (contract §3).
 */
function begunAt(death: Death, { how, at }: End): number {
  const gaveUp = how === 'gateway-closed' && at !== null && isAtOnce(at, death.firstUnanswered);
  return gaveUp && death.debts.length > 0 ? (death.lastHeard?.timeNs ?? death.fromNs) : death.fromNs;
}

/**
 * An upstream that closed or reset its connection, or said GOAWAY, is only the gateway's fault where the client's streams were left open:
 * a FIN or a GOAWAY that was passed on at once is the end of a connection, a RST that was passed on is named `reset`.
 */
function closingDeath({ client, victims, death }: Case, thresholds: Thresholds): Death | null {
  if (isSilent(death) || death.cause === 'refused') return death;
  const isGoaway = death.cause === 'goaway-ignored';
  // A close may be passed on late on purpose: Envoy waits a second for the client to close a tunnel first (delayed_close_timeout).
  const graceNs = isGoaway ? thresholds.actsWithinNs : thresholds.deadAfterNs;
  const spoken = client.trace.flows[client.serverSide];
  // Where what the gateway said to the client by then is not all in the capture, its word may be among it.
  const left = victims.some(({ near }) => {
    const sinceNs = Math.max(death.fromNs, near.opened.timeNs);
    const told =
      toldAt(client, near, death.fromNs) ?? overAt(near, client.serverSide) ?? closedAt(client, death.fromNs);
    return isRead(spoken, sinceNs, sinceNs + graceNs) && (told?.timeNs ?? client.watchedToNs) - sinceNs >= graceNs;
  });
  // Where the client cannot be read, those who wait were found by when they had asked.
  if (isGoaway) return left || victims.length === 0 ? death : null;
  if (left) return { ...death, cause: 'closed-not-propagated' };
  return death.cause === 'reset' ? death : null;
}

/** Closing the client's connection tells it on all of its streams. */
function closedAt(client: Leg, fromNs: number): Ref | null {
  return client.trace.closes.find((close) => close.accepted && close.at.timeNs >= fromNs)?.at ?? null;
}

function oneWayOf(death: Death, upstream: Leg): Window['oneWay'] {
  const { cause, debts } = death;
  if (cause !== 'path-one-way') return null;
  if (isUnprobed(death)) return 'gateway-unseen';
  if (debts.some((debt) => debt.acknowledgedInVain)) return 'acknowledged-in-vain';
  const mute = debts.some((debt) => debt.owedBy === clientSide(upstream) && debt.heard === 0);
  return mute ? 'gateway-mute' : 'unacknowledged';
}

/** A client that connects to a gateway whose upstream is dead already is hurt by it as soon as it asks. */
function wasAliveAt(client: Leg, atNs: number): boolean {
  return client.liveness.some(
    ({ fromNs, toNs, state }) => fromNs <= atNs && atNs <= toNs && state !== 'dead' && state !== 'closed',
  );
}

/** A stall that healed is a window only for a client stream that waited through it for long (contract §3). */
function waitedLong(
  client: Leg,
  victims: readonly Victim[],
  fromNs: number,
  toNs: number,
  thresholds: Thresholds,
): boolean {
  return victims.some(({ near }) => {
    const since = Math.max(fromNs, near.opened.timeNs);
    const until = wasCancelled(client, near) ? (near.reset?.at.timeNs ?? toNs) : toNs;
    return until - since >= thresholds.healedWaitNs;
  });
}

function doubtsOf(link: Link, death: Death, victims: readonly Victim[]): Doubt[] {
  const supposed = death.cause === 'goaway-ignored' && victims.every(({ far }) => far === null);
  return [
    ...linkDoubt(link),
    ...(death.provenByGivingUp ? ['given-up-early' as const] : []),
    ...(supposed ? ['wait-supposed' as const] : []),
  ];
}

function linkDoubt({ method, bursts, confidence }: Link): Doubt[] {
  if (method === 'timing') return [bursts === undefined ? 'by-timing' : 'by-sizes'];
  if (confidence >= SURE_CONFIDENCE) return [];
  return [method === 'payload' ? 'few-payloads' : 'by-order'];
}
