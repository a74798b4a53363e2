import type { Connection, Finding, HurtStream, Link, Report, TrustNote, Window } from '../model.ts';
import { parseTimestamp } from '../timestamp.ts';
import { counted, dateTimeText, listed, listedUpTo } from '../words/phrase.ts';
import { streamName } from '../words/stream-name.ts';

/** A stream on a client's connection; of a null tunnel: in whichever it runs, or in none. */
export interface StreamChoice {
  readonly tunnel: number | null;
  readonly id: number;
}

/** What a reader wants to look at; null and none: all of it. */
export interface Selection {
  /** Ids of connections: `c1`, `u2`. */
  readonly connections: readonly string[];
  readonly stream: StreamChoice | null;
  /** UTC; what ended before is left out. */
  readonly since: string | null;
  /** UTC; what began after is left out. */
  readonly until: string | null;
}

export const EVERYTHING: Selection = { connections: [], stream: null, since: null, until: null };

/**
 * The report with only what the selection is about: its windows, both legs of these, its findings and notes. The verdict stays that of
 * the whole capture, and says what is not shown. Windows name links by place: by their new ones.
 */
export function narrowed(report: Report, selection: Selection): Report {
  const words = selectionText(selection, new Set(report.connections.map(({ id }) => id)));
  if (words === null) return report;
  const span = spanOf(selection);
  const kept = report.windows.filter((window) => showsWindow(window, selection, span, report.capture.end));
  const ofWindows = new Set(kept.flatMap(legsOf));
  const isLeg = (id: string | null): boolean =>
    id === null || everyConnection(selection) || selection.connections.includes(id) || ofWindows.has(id);
  const connections = report.connections.filter(
    ({ id, start, end }) => isLeg(id) && (ofWindows.has(id) || overlaps(start, end, span)),
  );
  const findings = report.findings.filter(
    (finding) => isLeg(finding.connection) && isAboutStream(finding, selection) && isTold(finding, ofWindows, span),
  );
  const trust = report.trust.filter(({ connection }) => isLeg(connection));
  const places = shownLinks(report, new Set(kept.map(({ link }) => link)), new Set(connections.map(({ id }) => id)));
  const links = report.links.filter((_, i) => places.has(i));
  const windows = kept.map((window) => ({ ...window, link: places.get(window.link) ?? window.link }));
  const told = new Set(windows.map(({ id }) => id));
  const incidents = report.incidents.filter((incident) => incident.windows.some((id) => told.has(id)));
  const shown = { ...report, windows, incidents, connections, links, findings, trust };
  const part = showsNothing(shown) ? nothingText(words, report, selection) : hiddenText(words, report, shown);
  const summary = `${report.verdict.summary} ${part}`;
  return { ...shown, verdict: { ...report.verdict, summary } };
}

/** Links between connections that are shown, and those of windows: their new places by their old ones. */
function shownLinks(
  { links }: Report,
  ofWindows: ReadonlySet<number>,
  shown: ReadonlySet<string>,
): ReadonlyMap<number, number> {
  const places = new Map<number, number>();
  for (const [i, { client, upstream }] of links.entries()) {
    if (ofWindows.has(i) || (shown.has(client) && shown.has(upstream))) places.set(i, places.size);
  }
  return places;
}

/** A window is told with both of its legs, and with what stood by. */
function legsOf({ client, upstream, alternatives }: Window): string[] {
  return [client, upstream, ...alternatives.map((alternative) => alternative.upstream)];
}

/** Nanoseconds since 1970. */
interface Span {
  readonly from: bigint | null;
  readonly to: bigint | null;
}

function spanOf({ since, until }: Selection): Span {
  return { from: since === null ? null : parseTimestamp(since), to: until === null ? null : parseTimestamp(until) };
}

function overlaps(start: string, end: string | null, { from, to }: Span): boolean {
  const endNs = end === null ? null : parseTimestamp(end);
  const startNs = parseTimestamp(start);
  return (from === null || endNs === null || endNs >= from) && (to === null || startNs === null || startNs <= to);
}

/** A stream is looked for in windows, which then name the connections. */
function everyConnection({ connections, stream }: Selection): boolean {
  return connections.length === 0 && stream === null;
}

/** @param endsBy  when an open window was last seen to be so: at the end of the capture */
function showsWindow(window: Window, { connections, stream }: Selection, span: Span, endsBy: string | null): boolean {
  const { client, upstream, streams, from, to } = window;
  const isNamed = connections.length === 0 || connections.includes(client) || connections.includes(upstream);
  const isOfStream = stream === null || streams.some((hurt) => isChosen(hurt, stream));
  return isNamed && isOfStream && overlaps(from, to ?? endsBy, span);
}

function isAboutStream({ stream: id, tunnel }: Finding, { stream }: Selection): boolean {
  return stream === null || id === null || isChosen({ id, ...(tunnel === undefined ? {} : { tunnel }) }, stream);
}

/** A finding has the moment at which it begins; of a window that is told it lasts as long as that. */
function isTold({ connection, at }: Finding, ofWindows: ReadonlySet<string>, span: Span): boolean {
  const lasts = connection !== null && ofWindows.has(connection);
  return at === null || overlaps(at, lasts ? null : at, span);
}

function isChosen(stream: Pick<HurtStream, 'id' | 'tunnel'>, { tunnel, id }: StreamChoice): boolean {
  return stream.id === id && (tunnel === null || stream.tunnel === tunnel);
}

function selectionText({ connections, stream, since, until }: Selection, known: ReadonlySet<string>): string | null {
  const parts = [
    ...connections.map((id) => (known.has(id) ? id : `${id} (no connection here has this name)`)),
    ...(stream === null ? [] : [`stream ${streamName(stream.id, stream.tunnel ?? undefined)}`]),
    ...(since === null ? [] : [`what ended after ${dateTimeText(since)}`]),
    ...(until === null ? [] : [`what began before ${dateTimeText(until)}`]),
  ];
  return parts.length === 0 ? null : listed(parts);
}

/** Nothing of the report is left but what it says of the whole capture. */
export function showsNothing({ windows, connections }: Pick<Report, 'windows' | 'connections'>): boolean {
  return windows.length === 0 && connections.length === 0;
}

const EXISTING_MAX = 8;

/** That nothing matches, and what could have. */
function nothingText(words: string, { capture, connections, windows }: Report, asked: Selection): string {
  const { start, end } = capture;
  const hurt = windows.flatMap(({ id: window, client, streams }) =>
    streams.map(({ id, tunnel }) => `${streamName(id, tunnel)} of ${client} (${window})`),
  );
  const existing = [
    ...(asked.connections.length === 0
      ? []
      : [
          `connections are ${listedUpTo(
            EXISTING_MAX,
            connections.map(({ id }) => id),
          )}`,
        ]),
    ...(asked.stream === null
      ? []
      : [hurt.length === 0 ? 'no stream was hurt' : `hurt streams are ${listedUpTo(EXISTING_MAX, hurt)}`]),
    ...((asked.since === null && asked.until === null) || start === null || end === null
      ? []
      : [`the capture goes from ${dateTimeText(start)} to ${dateTimeText(end)}`]),
  ];
  return `Nothing in this report matches ${words}${existing.length === 0 ? '' : `: ${existing.join('; ')}`}.`;
}

type Counted = Pick<Report, 'windows' | 'findings' | 'connections' | 'links' | 'trust'>;

function hiddenText(words: string, whole: Counted, shown: Counted): string {
  const count = (
    of: (report: Counted) => readonly (Window | Finding | Connection | Link | TrustNote)[],
    noun: string,
  ): string[] => {
    const hidden = of(whole).length - of(shown).length;
    return hidden === 0 ? [] : [counted(hidden, noun)];
  };
  const hidden = [
    ...count(({ windows }) => windows, 'window'),
    ...count(({ findings }) => findings, 'finding'),
    ...count(({ connections }) => connections, 'connection'),
    ...count(({ links }) => links, 'link'),
    ...count(({ trust }) => trust, 'note'),
  ];
  return `Shown here: ${words}; ${hidden.length === 0 ? 'nothing is left out' : `${listed(hidden)} not shown`}.`;
}
