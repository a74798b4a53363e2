import { endpointText } from '../address.ts';
import { durationText } from '../duration.ts';
import type { Args, Connection, Report, Verdict, VerdictState, Window } from '../model.ts';
import { deadText } from './dead.ts';
import { hurtText } from './hurt.ts';
import { kindsText } from './not-analyzed.ts';
import {
  clientEnd,
  clockText,
  counted,
  countedOrNo,
  dateTimeText,
  farEnd,
  listedUpTo,
  NAMED_MAX,
  named,
  namedClient,
} from './phrase.ts';
import { spanText } from './span.ts';
import { incidentOfTries, timeAndAgainText } from './time-and-again.ts';

type Connections = ReadonlyMap<string, Connection>;

/** What a verdict rests on, as the report has it. */
type Grounds = Pick<Report, 'windows' | 'incidents' | 'capture' | 'findings' | 'links'>;

/** Findings of an upstream that owes something and is not proven dead. */
export const STALLS: ReadonlySet<string> = new Set(['stale-but-alive', 'upstream-silent']);

/** What a verdict is about. */
interface About {
  readonly args: Args;
  readonly grounds: Grounds;
  readonly capture: Report['capture'];
  readonly connections: Connections;
}

/** What each reason says. */
const SUMMARIES = {
  windows: ({ grounds, connections }) => windowsText(grounds, connections),
  'dead-upstream-unlinked': ({ args, connections }) => unlinkedText(args, connections),
  'stalled-upstream': ({ args, grounds, connections }) => stalledText(args, grounds, connections),
  'cancel-unseen': ({ args, connections }) =>
    `The gateway reset a client's stream which upstream connection ${aboutOne(args, connections)} carried, and is seen neither to ` +
    'cancel it there nor to close that connection: what it sends to this upstream may be dropped before it is captured.',
  'probes-unseen': ({ args, connections }) =>
    `The gateway sent ${args['by'] === 'ping' ? 'PINGs' : 'keep-alive probes'} on upstream connection ${aboutOne(args, connections)} when it was idle, and is not seen to any more, ` +
    'though it is idle and open: what it sends to this upstream may be dropped before it is captured.',
  'no-window': ({ args, capture }) => healthyText(args, capture),
  'no-gateway': ({ args }) =>
    `The capture has ${counted(Number(args['connections']), 'connection')}, but no host in it both accepts connections and ` +
    'opens others, so there is no gateway whose two sides could be compared.',
  'hints-unfit': ({ args }) =>
    `What the command line says of the gateway (--gateway, --client-port, --upstream-port) leaves ` +
    `${countedOrNo(Number(args['clients']), 'client connection')} and ${countedOrNo(Number(args['upstreams']), 'upstream connection')}; ` +
    'without it, the capture shows both sides of a gateway.',
  'no-tcp': ({ capture }) =>
    `No TCP connection could be read in this capture of ${counted(capture.packets, 'packet')}${insteadText(capture)}.`,
  'no-client-leg': () =>
    "The capture shows connections to upstreams, but none of a client to the gateway: the client's side is unknown.",
  'no-upstream-leg': () =>
    'The capture shows clients of the gateway, but none of its connections to an upstream: that side is unknown.',
  'requests-unseen': ({ args, connections }) =>
    `${counted(Number(args['count']), 'request')} of client connection ${aboutOne(args, connections)} got no answer, and the capture shows no ` +
    'upstream connection that took them: what became of them is unknown.',
  'payload-blanked': ({ args }) =>
    `The payload of ${counted(Number(args['count']), 'connection')} was replaced by zeros before the capture was ` +
    'handed on: whether anybody waited for an answer on them cannot be told. The report of the capture itself says more.',
  'one-sided': ({ args, connections }) => oneSidedText(args, connections),
  'clock-step': ({ args }) =>
    `Times in the capture go backward ${counted(Number(args['count']), 'time')}: how long anything was silent cannot be told.`,
  filtered: () =>
    'Packets are missing on every connection: data stood unacknowledged for longer than any sender waits before it sends ' +
    'them again. If this is what a display filter let through, analyse the whole capture.',
  'no-bare-acks': ({ args }) => noBareAcksText(Number(args['count'])),
  'too-short': ({ capture }) =>
    `The capture spans ${durationText(capture.duration)}: too short to tell a dead upstream from a slow one.`,
  'too-early': ({ args, connections }) =>
    `Upstream connection ${aboutOne(args, connections)} had begun to leave packets unanswered when the capture ` +
    'ended: too early to tell loss from death.',
  unread: ({ args, connections }) =>
    `Packets of client connection ${aboutOne(args, connections)} or of the upstreams are missing just where they would tell whether it ` +
    'was left waiting when an upstream connection ended: what became of its requests is unknown.',
  unknown: () => 'The report was written by an older version, which did not say why.',
} as const satisfies Record<Verdict['reason'], (about: About) => string>;

/** The verdict in one sentence. Times in it are UTC. */
export function summaryOf(
  { reason, args }: Pick<Verdict, 'reason' | 'args'>,
  grounds: Grounds,
  connections: Connections,
): string {
  return SUMMARIES[reason]({ args, grounds, capture: grounds.capture, connections });
}

function noBareAcksText(count: number): string {
  const what =
    'The capture has no acknowledgement without payload, as behind a filter that lets only packets with payload through';
  return count === 0
    ? `${what}, and no connection in it begins or ends: a reset or a close could not be seen in it.`
    : `${what}: ${counted(count, 'time')} data were sent again, and whether they were acknowledged cannot be told.`;
}

/** What a capture without TCP holds instead. */
function insteadText({ notAnalyzed }: Report['capture']): string {
  return notAnalyzed.length === 0 ? '' : `, which has ${kindsText(notAnalyzed)}`;
}

function unlinkedText(args: Args, connections: Connections): string {
  const upstream = connections.get(String(args['connection']));
  const dead = `Upstream connection ${aboutOne(args, connections)} ${whatBefell(upstream)}${whenBefell(upstream)}`;
  return hasClosedClient(connections.values())
    ? `${dead}. What the clients asked is in TLS that could not be opened, so nobody can say whose requests were on it.`
    : `${dead}, but no living client connection can be linked to it: the capture does not show whether anybody was hurt.`;
}

function whatBefell(connection: Connection | undefined): string {
  if (connection?.opened === 'refused') return 'was refused';
  if (connection?.opened === 'unanswered') return 'was never answered';
  const { how, by } = connection?.closed ?? {};
  if (how === 'rst' && by === 'server') return 'was reset by the upstream';
  return connection?.liveness.at(-1)?.state === 'closing'
    ? 'was closed by one side only'
    : 'was dead or did not answer';
}

/** At which moment that was, or since when it owes an answer. */
function whenBefell(connection: Connection | undefined): string {
  if (connection === undefined) return '';
  const { opened, start, closed, liveness } = connection;
  if (opened === 'refused') return ` at ${dateTimeText(start)}`;
  if (opened === 'unanswered') return `, from ${dateTimeText(start)} on`;
  if (closed.how === 'rst' && closed.by === 'server' && closed.at !== null) return ` at ${dateTimeText(closed.at)}`;
  const since = (liveness.find(({ state }) => state === 'dead') ?? liveness.find(({ state }) => state === 'closing'))
    ?.from;
  return since === undefined ? '' : `, since ${dateTimeText(since)}`;
}

/** A client's connection of which nothing could be read. */
export function hasClosedClient(connections: Iterable<Connection>): boolean {
  return [...connections].some(({ role, protocol }) => role === 'client' && protocol === 'tls');
}

function stalledText(args: Args, { findings, links }: Grounds, connections: Connections): string {
  const stall = findings.find(({ code, connection }) => STALLS.has(code) && connection === args['connection']);
  const what = stall?.title ?? `${aboutOne(args, connections)} fell silent where something was due`;
  const begun = stall?.at == null ? '' : `. That began at ${dateTimeText(stall.at)}`;
  const clients = [
    ...new Set(links.filter(({ upstream }) => upstream === args['connection']).map(({ client }) => client)),
  ];
  const told = clients.map((id) => namedClient(id, connections));
  const whose = clients.length === 0 ? '' : ` It carried requests of ${listedUpTo(NAMED_MAX, told)}.`;
  return `Upstream connection ${what}${begun}; nothing in the capture proves it dead.${whose}`;
}

function aboutOne({ connection }: Args, connections: Connections): string {
  return named(String(connection), connections);
}

/** What each state says, and what it does not. */
export const MEANINGS: Readonly<Record<VerdictState, string>> = {
  'half-dead':
    'half-dead: a client connection was alive while the upstream connection that carried its streams was dead.',
  suspect:
    'suspect: something is wrong with an upstream, but this capture does not prove that it left a client hanging.',
  healthy: 'healthy: nothing half-dead in this capture; it does not say that nothing else is slow or broken.',
  inconclusive: 'inconclusive: this capture could not have shown a half-dead connection, whether there was one or not.',
};

const CONFIDENCES = ['confirmed', 'probable', 'possible'] as const satisfies readonly Window['confidence'][];

/** The windows to speak of first: the surest, then those that hurt most streams, then the longest. */
export function worstFirst(windows: readonly Window[]): Window[] {
  const doubt = (window: Window): number => CONFIDENCES.indexOf(window.confidence);
  return windows.toSorted(
    (a, b) => doubt(a) - doubt(b) || b.streams.length - a.streams.length || b.duration - a.duration,
  );
}

function windowsText({ windows, incidents }: Grounds, connections: Connections): string {
  const [window] = worstFirst(windows);
  if (window === undefined) return 'A client connection was alive while its upstream connection was dead.';
  const ofTries = incidentOfTries(window, incidents);
  return ofTries === null ? windowText(window, windows, connections) : timeAndAgainText(ofTries, windows);
}

function windowText(window: Window, windows: readonly Window[], connections: Connections): string {
  const client = connections.get(window.client);
  const upstream = connections.get(window.upstream);
  const gateway = window.confidence === 'confirmed' ? 'The gateway' : 'Probably the gateway';
  const since = sinceText(window);
  return (
    `${gateway} kept client ${client === undefined ? window.client : clientEnd(client)} connected while its connection to upstream ` +
    `${upstream === undefined ? window.upstream : farEnd(upstream)} was ${deadText([window.cause])}, ${since}` +
    `${window.open ? ' (still so when the capture ends)' : ''}: ${hurtOf(window)}${unusedText(window, connections)}${moreText(windows, window, connections)}.`
  );
}

/** A request that was served elsewhere in the end is not among the hurt streams, and waited all the same. */
function hurtOf({ streams, end, isInferred }: Window): string {
  if (isInferred && streams.length === 0) return 'what waited on it cannot be read';
  return streams.length === 0 && end.how === 'rerouted'
    ? 'a request waited until another upstream served it'
    : hurtText(streams);
}

/** The upstream died somewhere between its last packet and the first that it left unanswered; the window counts from the latter. */
function sinceText(window: Window): string {
  const { lastHeard, firstUnanswered } = window.onset;
  if (lastHeard === null || clockSecond(lastHeard) === clockSecond(firstUnanswered)) {
    return `from ${dateTimeText(window.from)} for ${spanText(window)}`;
  }
  const since = `since between ${dateTimeText(lastHeard)} and ${clockText(firstUnanswered)}`;
  return window.duration < MOMENT_SECONDS ? since : `${since}, for at least ${durationText(window.duration)}`;
}

/** What lasted no longer is a moment, and no span to be told. */
const MOMENT_SECONDS = 0.001;

/** To the second: `2026-11-23T23:05:22`. */
function clockSecond(time: string): string {
  return time.slice(0, 'YYYY-MM-DDThh:mm:ss'.length);
}

/** That an upstream was asked nothing for a shorter time says nothing. */
const UNUSED_MIN_SECONDS = 1;

function unusedText({ alternatives, duration }: Window, connections: Connections): string {
  if (duration < UNUSED_MIN_SECONDS) return '';
  const unused = alternatives.find(({ unused: isUnused }) => isUnused);
  const upstream = unused === undefined ? undefined : connections.get(unused.upstream);
  return upstream === undefined ? '' : `; ${farEnd(upstream)} stood by unused`;
}

/** How far all of them reach: a ladder of refusals lasts longer than each of them. */
function untilText(windows: readonly Window[]): string {
  const ends = windows.flatMap(({ to }) => (to === null ? [] : [to])).toSorted();
  const last = ends.at(-1);
  return last === undefined || ends.length < windows.length ? '' : ` until ${clockText(last)}`;
}

/** The other windows, and the clients that are in none but these. */
function moreText(windows: readonly Window[], told: Window, connections: Connections): string {
  if (windows.length < 2) return '';
  const others = [...new Set(windows.map(({ client }) => client))].filter((client) => client !== told.client);
  const ends = others.map((id) => {
    const client = connections.get(id);
    return client === undefined ? id : clientEnd(client);
  });
  const whose =
    others.length === 0 ? '' : `, also of ${others.length === 1 ? 'client' : 'clients'} ${listedUpTo(NAMED_MAX, ends)}`;
  return `; ${counted(windows.length - 1, 'more window')}${untilText(windows)}${whose}`;
}

function healthyText({ clients, upstreams, links }: Args, capture: Report['capture']): string {
  return (
    `In ${durationText(capture.duration)} no upstream connection died under a living client: ` +
    `${counted(Number(clients), 'client connection')}, ${counted(Number(upstreams), 'upstream connection')} and ` +
    `${counted(Number(links), 'link')} between them were followed.`
  );
}

function oneSidedText({ connections: about }: Args, connections: Connections): string {
  const ids = Array.isArray(about) ? about : [];
  const told = ids.map((id) => {
    const connection = connections.get(id);
    return connection === undefined
      ? id
      : `${id} (${endpointText(connection.client)} to ${endpointText(connection.server)})`;
  });
  return `Only one direction of ${listedUpTo(NAMED_MAX, told)} is in the capture: whether the other side answered cannot be told.`;
}
