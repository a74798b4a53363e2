import { foldLike } from '../like.ts';
import type { Connection, Report, Window } from '../model.ts';
import { outcomeText } from '../words/hurt.ts';
import { packetName } from '../words/packet-name.ts';
import { clockText, counted, named, namedClient } from '../words/phrase.ts';
import { spanText } from '../words/span.ts';
import { streamName } from '../words/stream-name.ts';
import { worstFirst } from '../words/verdict.ts';
import type { Fact } from '../words/fact.ts';
import { TITLES } from '../words/titles.ts';
import { unnoticedFacts } from '../words/unnoticed.ts';
import { windowFacts, windowTitle } from '../words/window-facts.ts';
import {
  EVIDENCE_COLUMNS,
  recoveryText,
  STREAM_COLUMNS,
  upstreamName,
  WINDOW_COLUMNS,
} from '../words/window-tables.ts';
import { sequenceDiagram } from './diagram.ts';
import { code, prose } from './inline.ts';
import { cut, sentence, table } from './room.ts';

/** Windows with a section of their own; further ones have a row each. */
const TOLD_MAX = 3;
const OTHERS_MAX = 40;
const STREAMS_MAX = 50;
const EVIDENCE_MAX = 60;
/** Of the room of all windows, that of the rows of those without a section. */
const OTHERS_SHARE = 0.1;
/** Of a window's room. */
const SHARES = {
  title: 0.03,
  story: 0.13,
  diagram: 0.23,
  facts: 0.1,
  unnoticed: 0.07,
  streams: 0.25,
  evidence: 0.19,
} as const;

type ById = ReadonlyMap<string, Connection>;

/** The windows: the worst ones in full, the others as rows. Blocks, to be joined by blank lines. */
export function windowBlocks(report: Report, roomBytes: number): string[] {
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  const ranked = worstFirst(report.windows);
  const told = ranked.slice(0, TOLD_MAX);
  const room = (roomBytes * (1 - OTHERS_SHARE)) / Math.max(told.length, 1);
  return [
    ...told.flatMap((window) => toldWindow(window, report, byId, room)),
    ...otherWindows(ranked.slice(TOLD_MAX), byId, roomBytes * OTHERS_SHARE),
  ];
}

function toldWindow(window: Window, report: Report, byId: ById, room: number): string[] {
  const diagram = sequenceDiagram(window, report, byId, room * SHARES.diagram);
  const unnoticed = unnoticedFacts(window, byId);
  return [
    `### ${sentence(windowTitle(window, byId, '→'), room * SHARES.title)}`,
    sentence(window.story, room * SHARES.story),
    ...(diagram.length === 0 ? [] : [['```mermaid', ...diagram, '```'].join('\n')]),
    factList(windowFacts(window, report, byId), room * SHARES.facts),
    ...(unnoticed.length === 0 ? [] : [`**${TITLES.unnoticed}**`, factList(unnoticed, room * SHARES.unnoticed)]),
    ...streamsTable(window, byId, room * SHARES.streams),
    ...evidenceTable(window, report, room * SHARES.evidence),
  ];
}

function factList(facts: readonly Fact[], room: number): string {
  return facts.map(([term, text]) => `- **${term}**: ${sentence(text, room / facts.length)}`).join('\n');
}

function streamsTable({ streams }: Window, byId: ById, roomBytes: number): string[] {
  if (streams.length === 0) return [];
  const rows = streams.map((stream) => [
    streamName(stream.id, stream.tunnel),
    upstreamName(stream, 'not seen'),
    prose(cut(stream.kind)),
    stream.path === null ? 'not known' : code(cut(stream.path)),
    prose(cut(clockText(stream.silentSince))),
    prose(outcomeText(stream)),
    recoveryText(stream, (id) => prose(cut(named(id, byId)))),
  ]);
  return ['**Hurt streams**', table(STREAM_COLUMNS, rows, { roomBytes, rowsMax: STREAMS_MAX, noun: 'stream' })];
}

function evidenceTable({ evidence }: Window, { capture }: Report, roomBytes: number): string[] {
  if (evidence.length === 0) return [];
  const paths = capture.files.map(({ path }) => path);
  const rows = foldLike(evidence).map(({ row, skipped }) => [
    code(cut(packetName(paths, row.packet, row.file))),
    prose(cut(clockText(row.at))),
    prose(cut(row.connection)),
    prose(cut(row.text)) + (skipped === 0 ? '' : ` (${skipped} more before)`),
  ]);
  const title = '**Evidence** (packet numbers as in Wireshark; to see one there, filter by `frame.number == …`)';
  return [title, table(EVIDENCE_COLUMNS, rows, { roomBytes, rowsMax: EVIDENCE_MAX, noun: 'packet' })];
}

function otherWindows(windows: readonly Window[], byId: ById, roomBytes: number): string[] {
  if (windows.length === 0) return [];
  const rows = windows.map((window) => [
    prose(cut(window.id)),
    prose(cut(namedClient(window.client, byId))),
    prose(cut(named(window.upstream, byId))),
    window.cause,
    prose(cut(clockText(window.from))),
    spanText(window),
    counted(window.streams.length, 'stream'),
  ]);
  const title = `### ${counted(windows.length, 'more window')}`;
  return [title, table(WINDOW_COLUMNS, rows, { roomBytes, rowsMax: OTHERS_MAX, noun: 'window' })];
}
