import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  formatTimestamp,
  isZone,
  parseTimestamp,
  type RenderOptions,
  SECTION_NAMES,
  type SectionName,
  type StreamChoice,
  type View,
} from '../report/index.ts';

/** Which part of a report a person wants to see, and on which clock. */
export interface ViewOptions {
  readonly tz: string;
  readonly at: string | null;
  readonly connection: readonly string[];
  readonly stream: StreamChoice | null;
  readonly since: string | null;
  readonly until: string | null;
  readonly only: readonly SectionName[];
  readonly quiet: boolean;
  readonly verbose: boolean;
}

const TIME_FORM = '2026-11-23T03:12Z';

/** Options of the formats that people read; JSON, NDJSON and Perfetto get everything, in UTC. */
export function addViewOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--tz <zone>', 'time zone of the times that people read: an IANA name, or local')
        .argParser(zoneOf)
        .default('UTC')
        .env('WATCHPCAP_TZ'),
    )
    .addOption(timeOption('--at <time>', `say what is told relative to a moment as well: ${TIME_FORM}`))
    .addOption(
      new Option('--connection <id>', 'show only this connection and its windows; may be given several times')
        .argParser(connectionIds)
        .default([], 'all'),
    )
    .addOption(
      new Option('--stream <id>', 'show only what hurt this stream; 1/3 is stream 3 in tunnel 1')
        .argParser(streamChoice)
        .default(null, 'all'),
    )
    .addOption(timeOption('--since <time>', `leave out what ended before: ${TIME_FORM}`))
    .addOption(timeOption('--until <time>', 'leave out what began after'))
    .addOption(
      new Option(
        '--only <section>',
        `show only these sections, besides the verdict, with commas or given several times: ${SECTION_NAMES.join(' ')}`,
      )
        .argParser(sections)
        .default([], 'all'),
    )
    .addOption(new Option('-q, --quiet', 'the verdict, and a line a window (text)').default(false).conflicts('verbose'))
    .addOption(new Option('-v, --verbose', 'all evidence, connections and thresholds (text)').default(false));
}

export function viewOf({ tz, at, connection, stream, since, until, only }: ViewOptions): View {
  return { zone: tz, at, connections: connection, stream, since, until, only };
}

/** Which sections, and how much of each. */
export function shownOf({ only, quiet, verbose }: ViewOptions): Pick<RenderOptions, 'only' | 'detail'> {
  return { only, detail: quiet ? 'quiet' : verbose ? 'verbose' : 'usual' };
}

function timeOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser(timeOf).default(null, 'none');
}

/** ISO 8601 with `T` or a space, seconds or not, `Z` or an offset or neither, which is UTC; as the report writes times. */
function timeOf(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d)(?::(\d\d(?:\.\d{1,9})?))?\s*(Z|[+-]\d\d:\d\d)?$/i.exec(text.trim());
  const [, date = '', minute = '', second = '00', zone = 'Z'] = match ?? [];
  const ns = isOnCalendar(date, minute) ? parseTimestamp(`${date}T${minute}:${second}${zone.toUpperCase()}`) : null;
  if (ns === null) throw new InvalidArgumentError(`It is no time like ${TIME_FORM}.`);
  return formatTimestamp(ns, 6);
}

/** A month of 13 would be read as the January after. */
function isOnCalendar(date: string, minute: string): boolean {
  const ns = parseTimestamp(`${date}T${minute}:00Z`);
  return ns !== null && formatTimestamp(ns, 6).startsWith(`${date}T${minute}:00`);
}

function zoneOf(text: string): string {
  const zone = text.toLowerCase() === 'local' ? Intl.DateTimeFormat().resolvedOptions().timeZone : text;
  if (!isZone(zone)) throw new InvalidArgumentError('It is no time zone that is known here, like Europe/Berlin.');
  return zone;
}

function connectionIds(text: string, before: readonly string[]): readonly string[] {
  if (!/^[cuo][1-9]\d*$/.test(text)) throw new InvalidArgumentError('It is no id of a connection, like c1 or u2.');
  return [...before, text];
}

function streamChoice(text: string): StreamChoice {
  const match = /^(?:(\d{1,10})\/)?(\d{1,10})$/.exec(text);
  if (match === null) throw new InvalidArgumentError('It is no id of a stream, like 7, or 1/7 in tunnel 1.');
  const [, tunnel, id] = match;
  return { tunnel: tunnel === undefined ? null : Number(tunnel), id: Number(id) };
}

function sections(text: string, before: readonly SectionName[]): readonly SectionName[] {
  const asked = text.split(',').map((name) => SECTION_NAMES.find((known) => known === name.trim()));
  return [
    ...before,
    ...asked.map((name) => {
      if (name === undefined) throw new InvalidArgumentError(`It is none of ${SECTION_NAMES.join(', ')}.`);
      return name;
    }),
  ];
}
