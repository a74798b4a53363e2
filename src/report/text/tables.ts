import { endpointText } from '../address.ts';
import type { Connection, Finding, Report, Severity } from '../model.ts';
import { toldFindings } from '../told-findings.ts';
import { alsoText } from '../words/also.ts';
import { endStateText, involvedFirst, resentCount, streamCount } from '../words/connections.ts';
import { lookedAtTexts } from '../words/looked-at.ts';
import { packetName } from '../words/packet-name.ts';
import { counted, listed } from '../words/phrase.ts';
import { NO_WEAKNESS, weaknessTexts } from '../words/weaknesses.ts';
import { WHAT_IF_COLUMNS, whatIfRows } from '../words/what-if.ts';
import type { Tone } from './colour.ts';
import type { Ink } from './ink.ts';
import { wrapped } from './lines.ts';
import { tableLines } from './table.ts';

/** Connections in the table; hurt ones come first. */
const CONNECTIONS_MAX = 20;
const FINDINGS_MAX = 50;
const VERBOSE_FINDINGS_MAX = 1_000;
const PACKETS_MAX = 8;
const WARNINGS_MAX = 20;
const WHAT_IF_MAX = 40;
const INDENT = '  ';
const SEVERITY_COLUMNS = 10;

const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = { critical: 'bad', warning: 'warn', info: 'dim' };

/** Each finding with its packets and the filter that shows them; the filter stands free, so that it can be copied. */
export function findingsSection({ findings, capture }: Report, ink: Ink): string[] {
  const paths = capture.files.map(({ path }) => path);
  const limit = ink.isVerbose ? VERBOSE_FINDINGS_MAX : FINDINGS_MAX;
  const told = ink.isVerbose ? findings.map((finding) => ({ finding, also: [] })) : toldFindings(findings);
  const shown = told
    .slice(0, limit)
    .flatMap(({ finding, also }) => [...findingLines(finding, paths, ink), ...alsoLines(also, ink)]);
  const more = told.length - limit;
  return more > 0 ? [...shown, `${INDENT}and ${counted(more, 'more finding')} (--format json has all)`] : shown;
}

function findingLines(finding: Finding, paths: readonly string[], ink: Ink): string[] {
  const { severity, code, title, filter } = finding;
  const indent = INDENT + ' '.repeat(SEVERITY_COLUMNS);
  const body = (text: string, tone: Tone): string[] =>
    wrapped(text, ink.width - indent.length).map((line) => indent + ink.paint(tone, line));
  const packets = packetsText(finding, paths);
  return [
    `${INDENT}${ink.paint(SEVERITY_TONES[severity], severity)}${' '.repeat(SEVERITY_COLUMNS - severity.length)}${ink.paint('heading', code)}`,
    ...body(`${title}.`, 'plain'),
    ...(packets === '' ? [] : body(packets, 'dim')),
    ...body(filter, 'good'),
  ];
}

/** Those that say the same of other connections. */
function alsoLines(also: readonly Finding[], ink: Ink): string[] {
  if (also.length === 0) return [];
  const indent = INDENT + ' '.repeat(SEVERITY_COLUMNS);
  return wrapped(`${alsoText(also)} (--verbose has them).`, ink.width - indent.length).map((line) => indent + line);
}

function packetsText({ packets, files }: Finding, paths: readonly string[]): string {
  const shown = packets.slice(0, PACKETS_MAX).map((packet, i) => packetName(paths, packet, files?.[i]));
  const more = packets.length > shown.length ? [`${packets.length - shown.length} more`] : [];
  if (shown.length === 0) return '';
  return `packet${packets.length === 1 ? '' : 's'} ${listed([...shown, ...more])}`;
}

/** What was read, a row a connection. */
export function connectionsSection(report: Report, ink: Ink): string[] {
  const rows = involvedFirst(report).map(connectionRow);
  if (rows.length === 0) return [];
  const columns = [
    { head: 'id' },
    { head: 'client', flexible: true },
    { head: 'server' },
    { head: 'protocol' },
    { head: 'state' },
    { head: 'streams', right: true },
    { head: 'resent', right: true },
  ];
  return tableLines(columns, rows, ink, {
    indent: 2,
    ...(ink.isVerbose ? {} : { limit: CONNECTIONS_MAX }),
    noun: 'connection',
  });
}

function connectionRow(connection: Connection): string[] {
  return [
    connection.id,
    endpointText(connection.client),
    endpointText(connection.server),
    connection.protocol,
    endStateText(connection),
    String(streamCount(connection)),
    String(resentCount(connection)),
  ];
}

/** In sentences: how many legs, what was asked, whether what was sent was answered. */
export function lookedAtSection(report: Report, ink: Ink): string[] {
  return lookedAtTexts(report).flatMap((sentence) =>
    wrapped(sentence, ink.width - INDENT.length).map((line) => INDENT + line),
  );
}

/** What weakens the conclusions: warnings of the reader, and notes on the capture. */
export function trustSection(report: Report, ink: Ink): string[] {
  const all = weaknessTexts(report);
  const more = all.length > WARNINGS_MAX ? [`and ${counted(all.length - WARNINGS_MAX, 'more note')}`] : [];
  const lines = all.length === 0 ? [NO_WEAKNESS] : [...all.slice(0, WARNINGS_MAX), ...more];
  return lines.flatMap((line) => wrapped(line, ink.width - INDENT.length, 2)).map((line) => INDENT + line);
}

/** What each remedy would have changed; nothing where the report does not say. */
export function whatIfSection(report: Report, ink: Ink): string[] {
  const rows = whatIfRows(report);
  if (rows.length === 0) return [];
  const columns = WHAT_IF_COLUMNS.map(({ head }) => ({ head, flexible: head === 'why' }));
  return tableLines(columns, rows, ink, { indent: 2, limit: WHAT_IF_MAX, noun: 'row' });
}

/** What to do, numbered; a command stands alone on its line, to be copied. */
export function stepsSection({ nextSteps }: Report, ink: Ink): string[] {
  return nextSteps.flatMap(({ text, command }, i) => {
    const lines = wrapped(`${i + 1}. ${text}`, ink.width - INDENT.length, 3).map((line) => INDENT + line);
    if (command === null) return lines;
    const indent = `${INDENT}   `;
    return [...lines, ...wrapped(command, ink.width - indent.length).map((line) => indent + ink.paint('good', line))];
  });
}
