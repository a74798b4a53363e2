import { foldLike } from '../like.ts';
import type { Connection, HurtStream, Report, Window } from '../model.ts';
import { outcomeText } from '../words/hurt.ts';
import { packetName } from '../words/packet-name.ts';
import { clockText, counted } from '../words/phrase.ts';
import { streamName } from '../words/stream-name.ts';
import { worstFirst } from '../words/verdict.ts';
import type { Fact } from '../words/fact.ts';
import { TITLES } from '../words/titles.ts';
import { unnoticedFacts } from '../words/unnoticed.ts';
import { windowFacts, windowTitle } from '../words/window-facts.ts';
import { briefLines } from './brief.ts';
import type { Ink } from './ink.ts';
import { wrapped } from './lines.ts';
import { tableLines } from './table.ts';
import { upstreamName } from '../words/window-tables.ts';

/** Windows with a block of their own, the worst; further ones have a line each. */
const BLOCKS_MAX = 3;
/** A block takes about 60 lines. */
const VERBOSE_BLOCKS_MAX = 200;
const LINES_MAX = 40;
const INDENT = '  ';
const TERM_COLUMNS = 9;

/** A block for each window, the worst first: what happened, since when, what ended it, who was hurt, what stood by, the packets. */
export function windowsSection(report: Report, ink: Ink): string[] {
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  const ranked = worstFirst(report.windows).slice(0, ink.isVerbose ? VERBOSE_BLOCKS_MAX : BLOCKS_MAX);
  const told = new Set(ranked);
  const blocks = ranked.map((window) => windowLines(window, report, byId, ink));
  const others = report.windows.filter((window) => !told.has(window));
  return [...blocks.map((block, i) => (i === 0 ? block : ['', ...block])).flat(), ...otherWindows(others, byId, ink)];
}

/** Those that were less bad, a line each, as `--quiet` has them. */
function otherWindows(windows: readonly Window[], byId: ReadonlyMap<string, Connection>, ink: Ink): string[] {
  if (windows.length === 0) return [];
  const more = windows.length - LINES_MAX;
  return [
    '',
    ink.paint('heading', counted(windows.length, 'more window')),
    ...windows.slice(0, LINES_MAX).flatMap((window) => briefLines(window, byId, ink)),
    ...(more > 0 ? [`${INDENT}and ${counted(more, 'more window')} (--format json has all)`] : []),
  ];
}

function windowLines(window: Window, report: Report, byId: ReadonlyMap<string, Connection>, ink: Ink): string[] {
  return [
    ...wrapped(windowTitle(window, byId, ink.glyphs.arrow), ink.width, 7).map((line) => ink.paint('heading', line)),
    ...wrapped(window.story, ink.width - INDENT.length).map((line) => INDENT + line),
    '',
    ...terms(windowFacts(window, report, byId), ink),
    ...unnoticed(window, byId, ink),
    ...hurtTable(window, byId, ink),
    ...evidenceTable(window, pathsOf(report), ink),
  ];
}

function terms(facts: readonly Fact[], ink: Ink): string[] {
  return facts.flatMap(([term, text]) =>
    wrapped(`${term.padEnd(TERM_COLUMNS)}${text}`, ink.width - INDENT.length, TERM_COLUMNS).map(
      (line) => INDENT + line,
    ),
  );
}

function unnoticed(window: Window, byId: ReadonlyMap<string, Connection>, ink: Ink): string[] {
  const facts = unnoticedFacts(window, byId);
  return facts.length === 0 ? [] : ['', INDENT + ink.paint('heading', TITLES.unnoticed), ...terms(facts, ink)];
}

/** The column of recoveries is there only where there was one: the path needs the room. */
function hurtTable({ streams }: Window, byId: ReadonlyMap<string, Connection>, ink: Ink): string[] {
  if (streams.length === 0) return [];
  const recovered = streams.some(({ recoveredBy }) => recoveredBy !== null);
  const columns = [
    { head: 'stream' },
    { head: 'kind' },
    { head: 'path', flexible: true },
    { head: 'silent since' },
    { head: 'outcome' },
    ...(recovered ? [{ head: 'recovered by' }] : []),
  ];
  const rows = streams.map((stream) => [
    idsText(stream, ink),
    stream.kind,
    stream.path ?? 'not known',
    clockText(stream.silentSince),
    outcomeText(stream),
    ...(recovered ? [recoveryText(stream, byId)] : []),
  ]);
  const title = `Hurt streams (id on client ${ink.glyphs.arrow} upstream connection)${recovered ? '' : ', none recovered in the capture'}`;
  return [
    '',
    ...wrapped(title, ink.width - INDENT.length).map((line) => INDENT + line),
    ...tableLines(columns, rows, ink, { indent: 2, noun: 'stream' }),
  ];
}

function idsText(stream: HurtStream, ink: Ink): string {
  return `${streamName(stream.id, stream.tunnel)} ${ink.glyphs.arrow} ${upstreamName(stream, '?')}`;
}

function recoveryText({ recoveredBy }: HurtStream, byId: ReadonlyMap<string, Connection>): string {
  if (recoveredBy === null) return 'none';
  const upstream = recoveredBy.upstream === null ? undefined : byId.get(recoveredBy.upstream);
  const name = streamName(recoveredBy.stream, recoveredBy.tunnel);
  return upstream === undefined ? name : `${name} via ${upstream.id}`;
}

function pathsOf({ capture }: Report): string[] {
  return capture.files.map(({ path }) => path);
}

function evidenceTable({ evidence }: Window, paths: readonly string[], ink: Ink): string[] {
  if (evidence.length === 0) return [];
  const columns = [
    { head: 'packet', right: true },
    { head: 'at' },
    { head: 'on' },
    { head: 'evidence', flexible: true },
  ];
  const told = ink.isVerbose ? evidence.map((row) => ({ row, skipped: 0 })) : foldLike(evidence);
  const rows = told.map(({ row, skipped }) => [
    packetName(paths, row.packet, row.file),
    clockText(row.at),
    row.connection,
    skipped === 0 ? row.text : `${row.text} (${skipped} more before)`,
  ]);
  const title = wrapped('Evidence (packet numbers as in Wireshark)', ink.width - INDENT.length);
  return ['', ...title.map((line) => INDENT + line), ...tableLines(columns, rows, ink, { indent: 2, noun: 'packet' })];
}
