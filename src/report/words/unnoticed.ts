import type { Cause, Connection, Meanwhile, Window } from '../model.ts';
import { checksText, inFlightText, isNoticed, speaksHttp2 } from './checks.ts';
import type { Fact } from './fact.ts';
import { meanwhileText } from './meanwhile.ts';
import { clockText, listed, listedUpTo, NAMED_MAX, named } from './phrase.ts';
import { timeoutSecondsOf } from './watch-timeout.ts';
import { isClosedAt } from './window-end.ts';

type ById = ReadonlyMap<string, Connection>;

/** Nobody can be asked to notice what is over sooner. */
const TOLD_MIN_SECONDS = 1;

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
    ...(upstream === undefined ? [] : gatewayFacts(window, upstream)),
    ...watchFacts(window),
    ...standByFacts(window, byId),
  ];
}

function clientFacts(window: Window, byId: ById): Fact[] {
  const { meanwhile } = window;
  if (meanwhile === null) return [];
  return [['client', `${meanwhileText(window, meanwhile, byId)}${scopeText(meanwhile, byId.get(window.client))}`]];
}

/** What the client could check, and what that asks. */
function scopeText({ pings, probes, atLeast }: Meanwhile, client: Connection | undefined): string {
  const hasPings = pings > 0 || atLeast.includes('pings');
  const asks = [...(hasPings ? ['PINGs'] : []), ...(probes > 0 || atLeast.includes('probes') ? ['TCP probes'] : [])];
  const told = asks.length === 0 ? '' : `. ${listed(asks)} ask the gateway only`;
  return client !== undefined && speaksHttp2(client) && !hasPings ? `${told}. No PING of it is seen meanwhile` : told;
}

/** Deaths that one packet tells whoever gets it. */
const ANNOUNCED: Readonly<Partial<Record<Cause, string>>> = {
  reset: "the upstream's RST",
  refused: 'the RST that refused its attempt',
  'goaway-ignored': "the upstream's GOAWAY",
  'closed-not-propagated': "the upstream's close",
};

function gatewayFacts(window: Window, upstream: Connection): Fact[] {
  const told = gatewayTexts(window, upstream);
  return told.length === 0 ? [] : [['gateway', told.join('; ')]];
}

function gatewayTexts(window: Window, upstream: Connection): string[] {
  const announced = ANNOUNCED[window.cause];
  if (announced !== undefined) return [`${announced} is in the capture; what waited was left waiting all the same`];
  if (window.cause === 'connect-unanswered')
    return [`nothing but its own connect timeout ends an attempt without an answer (${upstream.id})`];
  const isMute = window.oneWay === 'gateway-mute' || window.oneWay === 'gateway-unseen';
  if (isMute) return [muteText(window), ...gaveUpText(window, upstream)];
  return [...checksText(window, upstream), ...inFlightText(window), ...gaveUpText(window, upstream)];
}

/** Whatever told it: its log says that, not the capture. It may have answered or reset what waited, and have kept the connection. */
function gaveUpText(window: Window, upstream: Connection): string[] {
  const { end } = window;
  const { id, keepalive } = upstream;
  if (end.how !== 'gateway-closed' || end.at === null || isNoticed(window, keepalive.fromClient)) return [];
  return [`it gave ${isClosedAt(end, upstream) ? id : 'what waited'} up at ${clockText(end.at)}`];
}

/** Where its packets are lost before the point of capture, so are its checks. */
function muteText({ upstream, onset: { lastHeard }, to }: Window): string {
  const since = lastHeard === null ? '' : ` after ${clockText(lastHeard)}`;
  const until = to === null ? '' : ` until ${clockText(to)}`;
  return `none of its packets on ${upstream} is in the capture${since}${until}: what it tried then is not seen`;
}

/** Kubernetes: the server ends a watch after the time that was asked for. */
function watchFacts({ streams, upstream }: Window): Fact[] {
  const watches = streams.filter(({ kind }) => kind === 'watch');
  if (watches.length === 0) return [];
  const asked = [...new Set(watches.flatMap(({ path }) => timeoutSecondsOf(path) ?? []))];
  const value = asked.length === 1 ? ` (${asked[0]})` : '';
  const end = asked.length === 0 ? 'how long it lasts' : `its timeoutSeconds${value}`;
  return [['watch', `${end} is for the apiserver behind ${upstream} to enforce; the client only waits`]];
}

function standByFacts({ alternatives, streams }: Window, byId: ById): Fact[] {
  const unused = alternatives.filter((one) => one.unused).map(({ upstream }) => named(upstream, byId));
  if (unused.length === 0) return [];
  const were = unused.length === 1 ? 'was' : 'were';
  const why = streams.some(({ upstreamStream }) => upstreamStream !== null) ? ': a stream stays where it was sent' : '';
  return [['stand-by', `${listedUpTo(NAMED_MAX, unused)} ${were} open, not seen to die, and got no request${why}`]];
}
