import { durationText } from '../duration.ts';
import type { Cause, Connection, Probes, Window } from '../model.ts';
import type { Fact } from './fact.ts';
import { meanwhileText } from './meanwhile.ts';
import { clockText, counted, listedUpTo, named } from './phrase.ts';

type ById = ReadonlyMap<string, Connection>;

/** Nobody can be asked to notice what is over sooner. */
const TOLD_MIN_SECONDS = 1;
const STAND_BYS_MAX = 3;

/** Whether it lasted for long enough that somebody could have noticed. */
export function couldBeNoticed({ duration }: Pick<Window, 'duration'>): boolean {
  return duration >= TOLD_MIN_SECONDS;
}

/**
 * Why nobody noticed sooner that the upstream connection was dead: what the client's and the gateway's own checks could see, who ends a
 * watch, and why nothing moved to who stood by. Only what the capture shows; none of a window that is a moment.
 */
export function unnoticedFacts(window: Window, byId: ById): Fact[] {
  if (!couldBeNoticed(window)) return [];
  const upstream = byId.get(window.upstream);
  return [
    ...clientFacts(window, byId),
    ...(upstream === undefined ? [] : [['gateway', gatewayText(window, upstream)] as const]),
    ...watchFacts(window),
    ...standByFacts(window, byId),
  ];
}

function clientFacts(window: Window, byId: ById): Fact[] {
  const { meanwhile } = window;
  if (meanwhile === null) return [];
  return [
    ['client', `${meanwhileText(window, meanwhile, byId)}${pingsText(meanwhile.pings, byId.get(window.client))}`],
  ];
}

/** RFC 9113 §6.7: of HTTP/2 only. */
function speaksHttp2({ protocol }: Connection): boolean {
  return protocol === 'h2' || protocol === 'h2-tls';
}

function pingsText(pings: number, client: Connection | undefined): string {
  if (pings > 0) return '. A PING asks the gateway only';
  if (client?.protocol === 'tls') return '. Its PINGs cannot be read';
  return client !== undefined && speaksHttp2(client) ? '. No PING of it is seen meanwhile' : '';
}

/** Deaths that one packet tells whoever gets it. */
const ANNOUNCED: Readonly<Partial<Record<Cause, string>>> = {
  reset: "the upstream's RST",
  refused: 'the RST that refused its attempt',
  'goaway-ignored': "the upstream's GOAWAY",
  'closed-not-propagated': "the upstream's close",
};

function gatewayText(window: Window, upstream: Connection): string {
  const announced = ANNOUNCED[window.cause];
  if (announced !== undefined) return `${announced} is in the capture; what waited was left waiting all the same`;
  if (window.cause === 'connect-unanswered')
    return `nothing but its own connect timeout ends an attempt without an answer (${upstream.id})`;
  const why = window.oneWay === 'gateway-mute' ? [muteText(window)] : inFlightText(upstream);
  return [...checksText(upstream), ...why, ...gaveUpText(window, upstream)].join('; ');
}

/** Whatever told it: its log says that, not the capture. It may have answered or reset what waited, and have kept the connection. */
function gaveUpText({ end }: Window, { id, keepalive, closed, resets }: Connection): string[] {
  if (end.how !== 'gateway-closed' || end.at === null || keepalive.fromClient.gaveUp !== null) return [];
  const isClosed = [closed, ...resets].some(({ packet, by }) => by === 'client' && packet === end.packet);
  return [`it gave ${isClosed ? id : 'what waited'} up at ${clockText(end.at)}`];
}

/** What the gateway did to find a dead upstream, on this connection. */
function checksText(upstream: Connection): string[] {
  const { id, keepalive, pings } = upstream;
  const { sent, answered } = pings.fromClient;
  const probed = keepalive.fromClient.probes === 0 ? [] : [probesText(keepalive.fromClient)];
  if (sent > 0) {
    const told = answered < sent ? `${sent - answered} without an answer` : 'all answered';
    return [...probed, `${counted(sent, 'PING')} of it, ${told}`];
  }
  const unread = upstream.protocol === 'tls' ? ['its PINGs cannot be read'] : [];
  if (probed.length > 0) return [...probed, ...unread];
  return [`no keep-alive probe ${speaksHttp2(upstream) ? 'and no PING ' : ''}of it is seen on ${id}`, ...unread];
}

function probesText({ probes, answered, unanswered, gaveUp, time, interval }: Probes): string {
  const beats = [
    ...(time === null ? [] : [`the first after ${durationText(time)}`]),
    ...(interval === null ? [] : [`one each ${durationText(interval)}`]),
  ];
  const timers = beats.length === 0 ? '' : ` (${beats.join(', ')})`;
  if (unanswered === 0)
    return `${counted(probes, 'keep-alive probe')} of it${timers}, ${answered === probes ? 'all' : answered} answered`;
  const told = `${counted(unanswered, 'keep-alive probe')} of it without an answer${timers}`;
  return gaveUp === null ? told : `${told}: so it did notice, at ${clockText(gaveUp.at)}`;
}

/** RFC 9293 §3.8.3: the application is told only when retransmission is given up. */
function inFlightText({ retransmissions: { fromClient: count } }: Connection): string[] {
  if (count === 0) return [];
  return [
    `TCP resends what is in flight (${counted(count, 'retransmission')} seen) for about 15 min by default (tcp_retries2) before it tells`,
  ];
}

/** Where its packets are lost before the point of capture, so are its checks. */
function muteText({ onset: { lastHeard } }: Window): string {
  const since = lastHeard === null ? '' : ` after ${clockText(lastHeard)}`;
  return `none of its packets there is in the capture${since}, so what it tried then is not seen`;
}

/** Kubernetes: the server ends a watch after the time that was asked for. */
function watchFacts({ streams, upstream }: Window): Fact[] {
  const watches = streams.filter(({ kind }) => kind === 'watch');
  if (watches.length === 0) return [];
  const asked = [
    ...new Set(watches.flatMap(({ path }) => /[?&]timeoutSeconds=(\d{1,9})(?:&|$)/.exec(path ?? '')?.[1] ?? [])),
  ];
  const value = asked.length === 1 ? ` (${asked[0]})` : '';
  const end = asked.length === 0 ? 'how long it lasts' : `its timeoutSeconds${value}`;
  return [['watch', `${end} is for the apiserver behind ${upstream} to enforce; the client only waits`]];
}

function standByFacts({ alternatives, streams }: Window, byId: ById): Fact[] {
  const unused = alternatives.filter((one) => one.unused).map(({ upstream }) => named(upstream, byId));
  if (unused.length === 0) return [];
  const were = unused.length === 1 ? 'was' : 'were';
  const why = streams.some(({ upstreamStream }) => upstreamStream !== null) ? ': a stream stays where it was sent' : '';
  return [['stand-by', `${listedUpTo(STAND_BYS_MAX, unused)} ${were} alive and got no request${why}`]];
}
