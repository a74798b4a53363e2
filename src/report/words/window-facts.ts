import type { Cause, Connection, Report, Window } from '../model.ts';
import { askedOf } from './asked.ts';
import type { Fact } from './fact.ts';
import { linkText } from './link.ts';
import { meanwhileText, sureText } from './meanwhile.ts';
import { packetName } from './packet-name.ts';
import { clockText, named, namedClient } from './phrase.ts';
import { CAUSES } from './story.ts';
import { couldBeNoticed } from './unnoticed.ts';
import { endedText } from './window-end.ts';
import { spanText } from './span.ts';

/** @param arrow  as the format draws it */
export function windowTitle(
  { id, confidence, client, upstream }: Window,
  byId: ReadonlyMap<string, Connection>,
  arrow: string,
): string {
  return `Window ${id} (${confidence}): client ${namedClient(client, byId)} ${arrow} upstream ${named(upstream, byId)}`;
}

/** What is known of a window, term by term: when the upstream died, why, how long it lasted, what ended it, how it was linked, how sure that is; of a moment what the client saw, which `unnoticedFacts` tell else. */
export function windowFacts(window: Window, report: Report, byId: ReadonlyMap<string, Connection>): Fact[] {
  const { cause } = window;
  const link = report.links[window.link];
  return [
    ['died', diedText(window)],
    ['cause', `${cause}: ${CAUSES[cause]}`],
    ['lasted', lastedText(window)],
    ['end', endText(window, report, byId.get(window.upstream))],
    ...(link === undefined ? [] : [['linked', linkText(link, byId)] as const]),
    ...(window.doubts.length === 0 ? [] : [['sure', sureText(window)] as const]),
    ...clientFacts(window, byId),
    ...standByFacts(window, byId),
  ];
}

function clientFacts(window: Window, byId: ReadonlyMap<string, Connection>): Fact[] {
  const { meanwhile } = window;
  if (couldBeNoticed(window) || meanwhile === null) return [];
  const { pings, probes, requests, gatewayErrors } = meanwhile;
  return pings + probes + requests + gatewayErrors.length === 0
    ? []
    : [['client', meanwhileText(window, meanwhile, byId)]];
}

/** Causes whose death is one packet: nothing went unanswered before it. */
const ONE_PACKET: Readonly<Partial<Record<Cause, string>>> = {
  reset: 'with its RST',
  refused: 'with the RST that answered the SYN',
  'goaway-ignored': 'with its GOAWAY',
  'closed-not-propagated': 'with its close',
};

function diedText({ cause, oneWay, onset: { lastHeard, firstUnanswered } }: Window): string {
  const packet = ONE_PACKET[cause];
  if (packet !== undefined) return `at ${clockText(firstUnanswered)}, ${packet}`;
  if (cause === 'connect-unanswered' && lastHeard === null)
    return `by ${clockText(firstUnanswered)}, the first SYN without an answer`;
  if (lastHeard === null) return `by ${clockText(firstUnanswered)}, the first unanswered packet`;
  if (oneWay === 'gateway-unseen')
    return `between ${clockText(lastHeard)} (last heard of the gateway) and ${clockText(firstUnanswered)} (given up)`;
  const whom = oneWay === 'gateway-mute' ? ' of the gateway' : '';
  return `between ${clockText(lastHeard)} (last heard${whom}) and ${clockText(firstUnanswered)} (first unanswered)`;
}

function lastedText(window: Window): string {
  if (window.to !== null && clockText(window.to) === clockText(window.from))
    return `${spanText(window)}, at ${clockText(window.from)}`;
  const until = window.to === null ? 'the end of the capture' : clockText(window.to);
  return `${spanText(window)}, ${clockText(window.from)} to ${until}`;
}

function endText(window: Window, { capture }: Report, upstream: Connection | undefined): string {
  const { how, packet, file } = window.end;
  const paths = capture.files.map(({ path }) => path);
  return `${how}: ${endedText(window, upstream)}${packet === null ? '' : ` (packet ${packetName(paths, packet, file)})`}`;
}

/** Who could have served and was not asked; or nobody was there; else who was there all the same. In a moment only who was asked counts. */
function standByFacts(window: Window, byId: ReadonlyMap<string, Connection>): Fact[] {
  const { alternatives } = window;
  if (alternatives.length === 0) return [['stand-by', 'no other upstream connection is seen alive']];
  const isMoment = !couldBeNoticed(window);
  const isUnused = !isMoment && alternatives.some(({ unused }) => unused);
  if (isUnused && alternatives.every(({ unused }) => unused)) return [];
  const told = alternatives.filter(({ requestsDuring }) => !isMoment || requestsDuring > 0);
  return told.length === 0 ? [] : [[isUnused ? 'stand-by' : 'others', besidesText(told, byId)]];
}

function besidesText(alternatives: Window['alternatives'], byId: ReadonlyMap<string, Connection>): string {
  const told = askedOf(alternatives, byId);
  return told.map(({ who, what }) => `${who}: ${what === null ? 'cannot be read' : `${what} meanwhile`}`).join('; ');
}

/** What another upstream was while these windows lasted: at work, unused though it could have served, or alive and no more than that is known. */
export function besideText(upstream: string, windows: readonly Window[]): 'stand-by' | 'serving' | 'beside' {
  const looks = windows.flatMap(({ alternatives }) => alternatives.filter((one) => one.upstream === upstream));
  if (looks.some(({ requestsDuring }) => requestsDuring > 0)) return 'serving';
  return looks.some(({ unused }) => unused) ? 'stand-by' : 'beside';
}
