import { endpointText } from '../address.ts';
import { durationText } from '../duration.ts';
import type { Connection, Finding, Report } from '../model.ts';
import { UNICODE } from '../text/glyphs.ts';
import { CONNECTION_COLUMNS, endStateText, involvedFirst, resentCount, streamCount } from '../words/connections.ts';
import { headlineText } from '../words/headline.ts';
import { toldFindings } from '../told-findings.ts';
import { alsoText } from '../words/also.ts';
import { lookedAtTexts } from '../words/looked-at.ts';
import { packetName } from '../words/packet-name.ts';
import { counted, dateTimeText, listed } from '../words/phrase.ts';
import { MEANINGS } from '../words/verdict.ts';
import { NO_WEAKNESS, weaknessTexts } from '../words/weaknesses.ts';
import { TITLES } from '../words/titles.ts';
import { WHAT_IF_COLUMNS, whatIfRows } from '../words/what-if.ts';
import { code, codeBlock, prose } from './inline.ts';
import { cut, list, sentence, table } from './room.ts';

const CONNECTIONS_MAX = 20;
const PACKETS_MAX = 8;
const FILES_MAX = 3;
const GATEWAYS_MAX = 3;
const ADDRESSES_MAX = 6;
const NOTE_BYTES = 600;
const FINDING_BYTES = 1_000;
const FILTER_MAX = 500;
const STEP_BYTES = 1_200;
const COMMAND_MAX = 400;
const WHAT_IF_MAX = 20;

/** The verdict, the sentence, what was read. */
export function headBlocks(report: Report, roomBytes: number): string[] {
  const { state, summary } = report.verdict;
  return [
    `## ${UNICODE.verdict[state]} ${headlineText(report)}`,
    sentence(summary, roomBytes / 2),
    ...(state === 'half-dead' ? [] : [prose(MEANINGS[state])]),
    captureLines(report, roomBytes / 4).join('\n'),
  ];
}

function captureLines({ capture, gateways }: Report, roomBytes: number): string[] {
  const files = capture.files.slice(0, FILES_MAX).map(({ path }) => code(cut(path)));
  const more = capture.files.length > files.length ? [`${capture.files.length - files.length} more`] : [];
  const links = [...new Set(capture.files.flatMap(({ linkTypes }) => linkTypes))].join(', ');
  const span = capture.start === null ? '' : `, ${durationText(capture.duration)} from ${dateTimeText(capture.start)}`;
  const told = sentence(
    `${counted(capture.packets, 'packet')}${links === '' ? '' : ` (${links})`}${span}`,
    roomBytes / 2,
  );
  return [
    `- **Capture**: ${listed([...files, ...more])}: ${told}`,
    ...gateways
      .slice(0, GATEWAYS_MAX)
      .map(({ addresses }) => `- **Gateway**: ${listed(addresses.slice(0, ADDRESSES_MAX).map((ip) => code(cut(ip))))}`),
  ];
}

/** Each finding with its packets and the filter that shows them. */
export function findingBlocks({ findings, capture }: Report, roomBytes: number): string[] {
  const paths = capture.files.map(({ path }) => path);
  const items = toldFindings(findings).map(
    ({ finding, also }) =>
      findingItem(finding, paths) + (also.length === 0 ? '' : `\n\n  ${sentence(`${alsoText(also)}.`, FINDING_BYTES)}`),
  );
  return items.length === 0 ? [] : [`### ${TITLES.findings}`, ...list(items, roomBytes, 'finding')];
}

function findingItem(
  { severity, code: name, title, packets, files, filter }: Finding,
  paths: readonly string[],
): string {
  const shown = packets.slice(0, PACKETS_MAX).map((packet, i) => code(cut(packetName(paths, packet, files?.[i]))));
  const more = packets.length > shown.length ? [`${packets.length - shown.length} more`] : [];
  const where = shown.length === 0 ? '' : `\n  packet${packets.length === 1 ? '' : 's'} ${listed([...shown, ...more])}`;
  const show = filter.length > FILTER_MAX ? '' : `\n\n${indented(codeBlock(filter), '  ')}`;
  return `- **${severity}** ${code(cut(name))}: ${sentence(`${title}.`, FINDING_BYTES)}${where}${show}`;
}

function indented(text: string, indent: string): string {
  return indent + text.replaceAll('\n', `\n${indent}`);
}

/** Hurt connections first. */
export function connectionBlocks(report: Report, roomBytes: number): string[] {
  if (report.connections.length === 0) return [];
  const rows = involvedFirst(report).map(connectionRow);
  return [
    `### ${TITLES.connections}`,
    table(CONNECTION_COLUMNS, rows, { roomBytes, rowsMax: CONNECTIONS_MAX, noun: 'connection' }),
  ];
}

function connectionRow(connection: Connection): string[] {
  return [
    prose(cut(connection.id)),
    code(cut(endpointText(connection.client))),
    code(cut(endpointText(connection.server))),
    connection.protocol,
    endStateText(connection),
    String(streamCount(connection)),
    String(resentCount(connection)),
  ];
}

/** How much was looked at, and what weakens what is said of it. */
export function trustBlocks(report: Report, roomBytes: number): string[] {
  const notes = weaknessTexts(report).map((text) => `- ${sentence(text, NOTE_BYTES)}`);
  return [
    `### ${TITLES.trust}`,
    lookedAtTexts(report).map(prose).join('\n'),
    ...(notes.length === 0 ? [NO_WEAKNESS] : list(notes, roomBytes, 'note')),
  ];
}

/** What each remedy would have changed; nothing where the report does not say. */
export function whatIfBlocks(report: Report, roomBytes: number): string[] {
  const rows = whatIfRows(report).map((row) => row.map((text) => prose(cut(text))));
  if (rows.length === 0) return [];
  return [`### ${TITLES.whatIf}`, table(WHAT_IF_COLUMNS, rows, { roomBytes, rowsMax: WHAT_IF_MAX, noun: 'row' })];
}

/** What to do, numbered; commands ready to copy. */
export function stepBlocks({ nextSteps }: Report, roomBytes: number): string[] {
  const items = nextSteps.map(({ text, command }, i) => {
    const told = `${i + 1}. ${sentence(text, STEP_BYTES)}`;
    return command === null || command.length > COMMAND_MAX
      ? told
      : `${told}\n\n${indented(codeBlock(command), '   ')}`;
  });
  return items.length === 0 ? [] : [`### ${TITLES.steps}`, ...list(items, roomBytes, 'step')];
}
