import { foldLike } from '../like.ts';
import type { Connection, Evidence, Report, Window } from '../model.ts';
import { outcomeText } from '../words/hurt.ts';
import { clockText, counted, middleCut, named, namedClient } from '../words/phrase.ts';
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
import { markup, type Markup, NOTHING } from './markup.ts';
import { packetKey, packetMark } from './packet.ts';
import { table } from './table.ts';

/** Windows with a section of their own; further ones have a row each. */
const TOLD_MAX = 10;
const OTHERS_MAX = 200;
/** Rows of all windows together; one alone gets them all. */
const STREAMS_MAX = 200;
const EVIDENCE_MAX = 300;
/** Evidence is shown whole up to here; of more, like packets are told by their first and last. */
const EVIDENCE_WHOLE_MAX = 60;
/** Characters of a path; a reader wants to see the query too. */
const PATH_MAX = 400;

/** Rows that a window may have. */
interface Share {
  readonly streams: number;
  readonly evidence: number;
}

type ById = ReadonlyMap<string, Connection>;

/** The windows: the worst ones in full, the others as rows. */
export function windowSections(report: Report): Markup {
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  const ranked = worstFirst(report.windows);
  const told = ranked.slice(0, TOLD_MAX);
  const share = { streams: Math.floor(STREAMS_MAX / told.length), evidence: Math.floor(EVIDENCE_MAX / told.length) };
  const sections = told.map((window, i) => windowSection(window, report, byId, share, i));
  return markup`${sections}${otherWindows(ranked.slice(TOLD_MAX), byId)}`;
}

function windowSection(window: Window, report: Report, byId: ById, share: Share, index: number): Markup {
  const { client, upstream, story } = window;
  return markup`<section aria-labelledby="window${index}" data-c="${client} ${upstream}">
    <h2 id="window${index}">
      ${windowTitle(window, byId, '→')}
    </h2>
    <p>${story}</p>
    ${factList(windowFacts(window, report, byId))} ${unnoticed(window, byId)}
    ${streamsTable(window, byId, share.streams)} ${evidenceTable(window, report, share.evidence)}
  </section>`;
}

function factList(facts: readonly Fact[]): Markup {
  return markup`<dl>
      ${facts.map(
        ([term, text]) =>
          markup`<dt>${term}</dt>
            <dd>${text}</dd>`,
      )}
    </dl>`;
}

function unnoticed(window: Window, byId: ById): Markup {
  const facts = unnoticedFacts(window, byId);
  return facts.length === 0 ? NOTHING : markup`<h3>${TITLES.unnoticed}</h3>${factList(facts)}`;
}

function streamsTable({ id, client, streams }: Window, byId: ById, rowsMax: number): Markup {
  const rows = streams.map((stream) => ({
    cells: [
      streamName(stream.id, stream.tunnel),
      upstreamName(stream, 'not seen'),
      stream.kind,
      stream.path === null ? 'not known' : markup`<code>${middleCut(stream.path, PATH_MAX)}</code>`,
      clockText(stream.silentSince),
      outcomeText(stream),
      recoveryText(stream, (id) => named(id, byId)),
    ],
    about: client,
  }));
  return table(`Hurt streams of ${id}`, STREAM_COLUMNS, rows, { rowsMax, noun: 'stream' });
}

function evidenceTable({ id, evidence }: Window, { capture }: Report, rowsMax: number): Markup {
  const paths = capture.files.map(({ path }) => path);
  const rows = shownEvidence(evidence).map(({ row, skipped }) => ({
    cells: [
      packetMark(paths, row.packet, row.file),
      clockText(row.at),
      row.connection,
      `${row.text}${skipped === 0 ? '' : ` (${skipped} more before)`}`,
    ],
    about: row.connection,
    packet: packetKey(row.packet, row.file),
  }));
  const caption = `Evidence of ${id}: packet numbers as in Wireshark`;
  return table(caption, EVIDENCE_COLUMNS, rows, { rowsMax, noun: 'packet' });
}

function shownEvidence(evidence: readonly Evidence[]): { readonly row: Evidence; readonly skipped: number }[] {
  return evidence.length > EVIDENCE_WHOLE_MAX ? foldLike(evidence) : evidence.map((row) => ({ row, skipped: 0 }));
}

function otherWindows(windows: readonly Window[], byId: ById): Markup {
  if (windows.length === 0) return NOTHING;
  const rows = windows.map((window) => ({
    cells: [
      window.id,
      namedClient(window.client, byId),
      named(window.upstream, byId),
      window.cause,
      clockText(window.from),
      spanText(window),
      counted(window.streams.length, 'stream'),
    ],
    about: `${window.client} ${window.upstream}`,
  }));
  return markup`<section aria-labelledby="windows">
    <h2 id="windows">${counted(windows.length, 'more window')}</h2>
    ${table('The other windows', WINDOW_COLUMNS, rows, { rowsMax: OTHERS_MAX, noun: 'window' })}
  </section>`;
}
