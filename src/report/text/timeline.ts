import { durationText } from '../duration.ts';
import { leastOf, mostOf } from '../extremes.ts';
import type { Connection, LivenessState, Report } from '../model.ts';
import { type Lane, type Picture, type PictureRoom, picturesOf } from '../pictures.ts';
import { clientEnd, clockText, counted, farEnd, zoneText } from '../words/phrase.ts';
import { type Axis, axisOf } from './axis.ts';
import { MARKS } from './glyphs.ts';
import type { Ink } from './ink.ts';
import { axisRows, livenessRow, marksRow, windowRow } from './lane.ts';
import { columnsOf, padded, shortened, wrapped } from './lines.ts';
import { type SecondsOf, secondsSince } from './moments.ts';

const ROOM: PictureRoom = { clients: 3, windows: 5 };

const LABEL_MAX_SHARE = 1 / 3;
const INDENT = '  ';
/** The picture shows the windows and this much of their span before and after, at least PAD_SECONDS. */
const PAD_SHARE = 0.2;
const PAD_SECONDS = 15;
/** Up to this the whole capture is shown: what came before explains. */
const WHOLE_SHARE = 4;

/** Client leg, window and upstream leg above one another on one time axis: the picture that proves a half-dead connection. */
export function timelineSection(report: Report, ink: Ink): string[] {
  const { shown, omitted } = picturesOf(report, ROOM);
  const drawn = shown.map((picture) => draw(picture, report, ink));
  return [
    ...drawn.flatMap(({ lines }, i) => [...(i === 0 ? [] : ['']), ...lines]),
    ...(omitted > 0 ? [`${INDENT}and ${counted(omitted, 'more client')} with windows, in the tables`] : []),
    ...legend(drawn, ink),
  ];
}

/** A picture as lines, and what the legend has to explain of it. */
interface Drawn {
  readonly lines: readonly string[];
  readonly states: ReadonlySet<LivenessState>;
  readonly letters: ReadonlySet<string>;
  readonly hasWindows: boolean;
}

function draw(picture: Picture, report: Report, ink: Ink): Drawn {
  const seconds = secondsSince(report);
  const labels = picture.lanes.map(labelOf);
  const longest = mostOf(labels.flat().map(columnsOf));
  const labelColumns = Math.min(longest, Math.floor(ink.width * LABEL_MAX_SHARE));
  const axis = pictureAxis(picture, report, ink.width - INDENT.length - labelColumns - 2, seconds);
  const line = (label: string, row: string): string =>
    `${INDENT}${padded(shortened(label, labelColumns, ink.ellipsis), labelColumns)}  ${row}`.trimEnd();
  const [ticks, ruler] = axisRows(axis, ink);
  const connections = picture.lanes.flatMap((lane) => (lane.kind === 'window' ? [] : [lane.connection]));
  return {
    lines: [
      line('', ink.paint('dim', ticks)),
      line('', ink.paint('dim', ruler)),
      ...picture.lanes.flatMap((lane, i) => laneLines(lane, labels[i] ?? ['', ''], axis, seconds, ink, line)),
      ...omittedLine(picture),
      ...caption(axis, report, ink),
    ],
    states: new Set(connections.flatMap(({ liveness }) => liveness.map(({ state }) => state))),
    letters: new Set(connections.flatMap((connection) => [...marksRow(connection, axis, seconds)])),
    hasWindows: picture.windows.length > 0,
  };
}

function omittedLine({ client, omitted }: Picture): string[] {
  if (omitted === 0) return [];
  return [
    INDENT +
      (client === null
        ? `and ${counted(omitted, 'more connection')}`
        : `and ${counted(omitted, 'more window')} of this client`),
  ];
}

function labelOf(lane: Lane): [string, string] {
  if (lane.kind === 'window') return [`HALF-DEAD ${lane.window.id}`, ''];
  const { role, connection } = lane;
  return [`${role} ${connection.id}`, role === 'client' ? clientEnd(connection) : farEnd(connection)];
}

function laneLines(
  lane: Lane,
  [name, end]: [string, string],
  axis: Axis,
  seconds: SecondsOf,
  ink: Ink,
  line: (label: string, row: string) => string,
): string[] {
  if (lane.kind === 'window') return [line(name, windowRow(lane.window, axis, seconds, ink))];
  return [
    line(name, marksRow(lane.connection, axis, seconds)),
    line(end, livenessRow(lane.connection, axis, seconds, ink)),
  ];
}

/** The whole capture, or, where the windows are a small part of it, these with their surroundings. */
function pictureAxis({ windows, lanes }: Picture, report: Report, columns: number, seconds: SecondsOf): Axis {
  const start = 0;
  const end = Math.max(seconds(report.capture.end ?? ''), start);
  const moments = lanes.flatMap((lane) => (lane.kind === 'window' ? [] : notable(lane.connection, seconds)));
  if (windows.length === 0) return axisOf(start, end, columns, everyMark(lanes, seconds));
  const froms = windows.map(({ onset, from }) => seconds(onset.lastHeard ?? from));
  const tos = windows.map(({ to }) => (to === null ? end : seconds(to)));
  const from = leastOf(froms);
  const to = mostOf(tos);
  const edges = windows.flatMap((window) => [seconds(window.from), window.to === null ? end : seconds(window.to)]);
  const noted = [...moments, ...froms, ...edges];
  if (end - start <= WHOLE_SHARE * (to - from)) return axisOf(start, end, columns, noted);
  const pad = Math.max(PAD_SECONDS, PAD_SHARE * (to - from));
  return axisOf(Math.max(start, from - pad), Math.min(end, to + pad), columns, noted);
}

/** Without a window to look at, the beat itself is what there is to see. */
function everyMark(lanes: readonly Lane[], seconds: SecondsOf): number[] {
  return lanes.flatMap((lane) => (lane.kind === 'window' ? [] : lane.connection.marks.map(({ at }) => seconds(at))));
}

const QUIET_KINDS: ReadonlySet<string> = new Set(['ping', 'ping-ack', 'keep-alive', 'keep-alive-ack', 'data']);
const QUIET_STATES: ReadonlySet<LivenessState> = new Set(['alive', 'idle']);

/** Moments that may not be left out: anything but the beat of a connection that goes on as before. */
function notable({ marks, liveness }: Connection, seconds: SecondsOf): number[] {
  return [
    ...marks.filter(({ kind }) => !QUIET_KINDS.has(kind)).flatMap(({ at, until }) => [seconds(at), seconds(until)]),
    ...liveness.filter(({ state }) => !QUIET_STATES.has(state)).map(({ from }) => seconds(from)),
  ];
}

function caption(axis: Axis, report: Report, ink: Ink): string[] {
  const { start } = report.capture;
  const zero = start === null ? [] : [`0 s is ${clockText(start)} ${zoneText(start)}`];
  const end = report.capture.duration;
  const part = axis.from > 0 || axis.to < end ? [`the capture lasts ${durationText(end)}`] : [];
  const left = axis.pauses.map((pause) => durationText(pause.seconds)).join(', ');
  const pauses = left === '' ? [] : [`${ink.glyphs.pause.repeat(2)} leaves out ${left} without change`];
  const text = [...zero, ...part, ...pauses].join('; ');
  return wrapped(text, ink.width - INDENT.length).map((line) => INDENT + ink.paint('dim', line));
}

/** Only what is drawn is explained. */
function legend(pictures: readonly Drawn[], ink: Ink): string[] {
  const states = new Set(pictures.flatMap(({ states: drawn }) => [...drawn]));
  const letters = new Set(pictures.flatMap(({ letters: drawn }) => [...drawn]));
  const { glyphs } = ink;
  const items = [
    ...LEGEND_STATES.filter((state) => states.has(state)).map(
      (state) => `${glyphs.liveness[state].repeat(2)} ${state}`,
    ),
    ...(pictures.some(({ hasWindows }) => hasWindows)
      ? [`${glyphs.onset} died in here`, `${glyphs.window} half-dead`]
      : []),
    ...MARKS.filter(([, letter]) => letters.has(letter)).map(([, letter, meaning]) => `${letter} ${meaning}`),
  ];
  return packed(items, ink.width - INDENT.length).map((line) => INDENT + ink.paint('dim', line));
}

const LEGEND_STATES = ['alive', 'idle', 'unanswered', 'dead', 'closing'] as const satisfies readonly LivenessState[];

/** As many items a line as fit; none is broken. */
function packed(items: readonly string[], columns: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && columnsOf(last) + 3 + columnsOf(item) <= columns)
      lines[lines.length - 1] = `${last}   ${item}`;
    else lines.push(item);
  }
  return lines;
}
