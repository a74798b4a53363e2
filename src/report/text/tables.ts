import { endpointText } from '../address.ts';
import { durationText } from '../duration.ts';
import type { Connection, Finding, Report, Severity } from '../model.ts';
import { packetName } from '../words/packet-name.ts';
import { counted, listed } from '../words/phrase.ts';
import type { Tone } from './colour.ts';
import type { Ink } from './ink.ts';
import { wrapped } from './lines.ts';
import { tableLines } from './table.ts';

/** Connections in the table; hurt ones come first. */
const CONNECTIONS_MAX = 20;
const FINDINGS_MAX = 50;
const PACKETS_MAX = 8;
const WARNINGS_MAX = 20;
const INDENT = '  ';
const SEVERITY_COLUMNS = 10;

const SEVERITY_TONES: Readonly<Record<Severity, Tone>> = { critical: 'bad', warning: 'warn', info: 'dim' };

/** Each finding with its packets and the filter that shows them; the filter stands free, so that it can be copied. */
export function findingsSection({ findings, capture }: Report, ink: Ink): string[] {
  const paths = capture.files.map(({ path }) => path);
  const shown = findings.slice(0, FINDINGS_MAX).flatMap((finding) => findingLines(finding, paths, ink));
  const more = findings.length - FINDINGS_MAX;
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

function packetsText({ packets, files }: Finding, paths: readonly string[]): string {
  const shown = packets.slice(0, PACKETS_MAX).map((packet, i) => packetName(paths, packet, files?.[i]));
  const more = packets.length > shown.length ? [`${packets.length - shown.length} more`] : [];
  if (shown.length === 0) return '';
  return `packet${packets.length === 1 ? '' : 's'} ${listed([...shown, ...more])}`;
}

/** What was read, a row a connection. */
export function connectionsSection(report: Report, ink: Ink): string[] {
  const hurt = new Set(report.windows.flatMap(({ client, upstream }) => [client, upstream]));
  const rank = (connection: Connection): number => (hurt.has(connection.id) ? 0 : connection.role === 'other' ? 2 : 1);
  const rows = report.connections.toSorted((a, b) => rank(a) - rank(b)).map(connectionRow);
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
  return tableLines(columns, rows, ink, { indent: 2, limit: CONNECTIONS_MAX, noun: 'connection' });
}

function connectionRow(connection: Connection): string[] {
  const { closed, liveness, retransmissions, streams, foldedStreams } = connection;
  const state = closed.how === 'open' ? (liveness.at(-1)?.state ?? 'open') : closed.how;
  return [
    connection.id,
    endpointText(connection.client),
    endpointText(connection.server),
    connection.protocol,
    state,
    String(streams.length + foldedStreams.count),
    String(retransmissions.fromClient + retransmissions.fromServer),
  ];
}

/** In sentences: how many legs, what was asked, whether what was sent was answered. */
export function lookedAtSection({ connections, links, capture }: Report, ink: Ink): string[] {
  const count = (role: Connection['role']): number =>
    connections.filter((connection) => connection.role === role).length;
  const sum = (of: (connection: Connection) => number): number =>
    connections.reduce((total, connection) => total + of(connection), 0);
  const streams = sum(({ streams: kept, foldedStreams }) => kept.length + foldedStreams.count);
  const open = sum(({ streams: kept }) => kept.filter(({ how }) => how === 'open').length);
  const probes = sum(({ keepalive }) => keepalive.fromClient.probes + keepalive.fromServer.probes);
  const probed = sum(({ keepalive }) => keepalive.fromClient.answered + keepalive.fromServer.answered);
  const pings = sum(({ pings: sent }) => sent.fromClient.sent + sent.fromServer.sent);
  const ponged = sum(({ pings: sent }) => sent.fromClient.answered + sent.fromServer.answered);
  const resent = sum(({ retransmissions }) => retransmissions.fromClient + retransmissions.fromServer);
  const legs = [
    counted(count('client'), 'client connection'),
    counted(count('upstream'), 'upstream connection'),
    ...(count('other') === 0 ? [] : [counted(count('other'), 'other connection')]),
  ];
  const seen = [
    `${counted(streams, 'stream')} (${open} still open at the end)`,
    answered(probes, probed, 'keep-alive probe'),
    answered(pings, ponged, 'PING'),
    counted(resent, 'retransmission'),
  ];
  const sentences = [
    `In ${durationText(capture.duration)}: ${listed(legs)}; ${counted(links.length, 'link')} between clients and upstreams.`,
    `Seen on them: ${listed(seen)}.`,
  ];
  return sentences.flatMap((sentence) => wrapped(sentence, ink.width - INDENT.length).map((line) => INDENT + line));
}

function answered(sent: number, got: number, noun: string): string {
  if (sent === 0) return `no ${noun}`;
  return `${counted(sent, noun)} (${got === sent ? (sent === 1 ? 'answered' : 'all answered') : `${got} answered`})`;
}

/** What weakens the conclusions: warnings of the reader, and notes on the capture. */
export function trustSection({ trust, capture }: Report, ink: Ink): string[] {
  const warnings = capture.warnings.map(({ message, file, byte, packet }) => {
    const at = [packet === null ? '' : `packet ${packet}`, byte === null ? '' : `byte ${byte}`].filter(
      (part) => part !== '',
    );
    const where = at.length === 0 ? '' : ` (${at.join(', ')})`;
    return `${file === null ? 'capture' : (capture.files[file]?.path ?? `file ${file}`)}${where}: ${message}.`;
  });
  const notes = trust.map(
    ({ connection, message, weakens }) =>
      `${connection === null ? '' : `${connection}: `}${message}; weakens ${listed(weakens)}.`,
  );
  const all = [...warnings, ...notes];
  const more = all.length > WARNINGS_MAX ? [`and ${counted(all.length - WARNINGS_MAX, 'more note')}`] : [];
  const lines =
    all.length === 0
      ? ['Nothing in the capture weakens what is said above.']
      : [...all.slice(0, WARNINGS_MAX), ...more];
  return lines.flatMap((line) => wrapped(line, ink.width - INDENT.length, 2)).map((line) => INDENT + line);
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
