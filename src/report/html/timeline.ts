import type { Connection, Liveness, Mark, MarkKind, Report, Role } from '../model.ts';
import { type Lane, type Picture, type PictureRoom, picturesOf } from '../pictures.ts';
import { MARKS } from '../text/glyphs.ts';
import { packetName } from '../words/packet-name.ts';
import { clientEnd, clockText, counted, farEnd, partyText, zoneText } from '../words/phrase.ts';
import { CAUSES } from '../words/story.ts';
import { spanText } from '../words/span.ts';
import { TITLES } from '../words/titles.ts';
import { markup, type Markup, NOTHING } from './markup.ts';
import { packetFilter } from './packet.ts';
import { type Scale, scaleOf, ticksOf } from './scale.ts';

const ROOM: PictureRoom = { clients: 5, windows: 6 };
/** Marks of all lanes together: about 400 bytes each, and what a browser moves 60 times a second while somebody zooms. */
const MARKS_MAX = 600;
const MARKS_PER_LANE_MIN = 10;
/** States of one connection that are drawn. */
const STATES_MAX = 200;

/** Heights in CSS pixels, from a lane's top. */
const AXIS_HEIGHT = 22;
const LANE_HEIGHT = 52;
const WINDOW_HEIGHT = 36;
const LABEL_BASE = 12;
const LETTER_BASE = 25;
const TICK_TOP = 27;
const TICK_BOTTOM = 46;
const BAR_TOP = 34;
const BAR_HEIGHT = 8;
const WINDOW_TOP = 17;
const WINDOW_BAR_HEIGHT = 14;
/** Letters nearer to one another than this share of the axis would be drawn over one another. */
const LETTER_SHARE = 0.014;

const RANKS: ReadonlyMap<MarkKind, number> = new Map(MARKS.map(([kind], rank) => [kind, rank]));

/** What drawing needs of the report. */
interface Canvas {
  readonly scale: Scale;
  readonly paths: readonly string[];
  readonly marksPerLane: number;
}

/** Client leg, window and upstream leg above one another on one time axis: the picture that proves a half-dead connection. */
export function timelineSection(report: Report): Markup {
  const { shown, omitted } = picturesOf(report, ROOM);
  if (shown.length === 0) return NOTHING;
  const lanes = shown.reduce((sum, picture) => sum + picture.lanes.length, 0);
  const marksPerLane = Math.max(MARKS_PER_LANE_MIN, Math.floor(MARKS_MAX / lanes));
  const paths = report.capture.files.map(({ path }) => path);
  return markup`<section aria-labelledby="timeline">
    <h2 id="timeline">${TITLES.timeline}</h2>
    ${shown.map((picture, i) => {
      const scale = scaleOf(report, picture.windows);
      return figure(picture, { scale, paths, marksPerLane }, `${report.capture.start ?? ''}`, i);
    })}
    ${omitted === 0 ? NOTHING : markup`<p>and ${counted(omitted, 'more client')} with windows, in the tables</p>`}
    ${legend(shown, marksPerLane)}
  </section>`;
}

function figure(picture: Picture, canvas: Canvas, start: string, index: number): Markup {
  const { from, to } = canvas.scale;
  const heights = picture.lanes.map(heightOf);
  const height = AXIS_HEIGHT + heights.reduce((sum, lane) => sum + lane, 0);
  const tops = heights.map((_, i) => AXIS_HEIGHT + heights.slice(0, i).reduce((sum, lane) => sum + lane, 0));
  const what = picture.windows.length === 0 ? 'connections' : 'windows of this client';
  return markup`<figure>
    <div class="plot" aria-label="${titleOf(picture)}: plus and minus zoom, arrows move, 0 goes back">
      <svg
        class="lanes"
        role="img"
        width="100%"
        height="${height}"
        data-from="${from}"
        data-to="${to}"
        aria-labelledby="picture${index}"
      >
        <title id="picture${index}">${titleOf(picture)}: ${picture.lanes.map(laneName).join('; ')}</title>
        <g class="ticks">${ticks(canvas.scale, height)}</g>
        ${picture.lanes.map((lane, i) => drawnLane(lane, tops[i] ?? 0, canvas))}
      </svg>
    </div>
    <figcaption>
      Time since ${clockText(start)} ${zoneText(start)}.${picture.omitted === 0 ? '' : ` Not drawn: ${picture.omitted} more ${what}.`}
    </figcaption>
  </figure>`;
}

function titleOf({ client }: Picture): string {
  return client === null ? 'Connections' : `Client ${client}`;
}

function heightOf({ kind }: Lane): number {
  return kind === 'window' ? WINDOW_HEIGHT : LANE_HEIGHT;
}

function laneName(lane: Lane): string {
  if (lane.kind === 'window') {
    return `HALF-DEAD ${lane.window.id}, ${spanText(lane.window)}${lane.window.open ? ', still so when the capture ends' : ''}`;
  }
  const { role, connection } = lane;
  return `${role} ${connection.id} ${role === 'client' ? clientEnd(connection) : farEnd(connection)}`;
}

function ticks(scale: Scale, height: number): Markup[] {
  return ticksOf(scale).map(
    ({ share, label }) =>
      markup`<svg x="${percent(share)}" data-a="${place(share)}">
        <path d="M0 16V${height}" />
        <text y="11">${label}</text>
      </svg>`,
  );
}

function drawnLane(lane: Lane, top: number, canvas: Canvas): Markup {
  if (lane.kind === 'window') return windowLane(lane, top, canvas);
  const { connection } = lane;
  const part = lane.role === 'client' ? 'client' : connection.role;
  return markup`<svg class="lane" y="${top}" data-c="${connection.id}">
    <text class="name" y="${LABEL_BASE}">${laneName(lane)}</text>
    ${connection.liveness.slice(0, STATES_MAX).map((span) => stateBar(span, part, canvas.scale))}
    ${marks(connection, part, canvas)}
  </svg>`;
}

function windowLane(lane: Extract<Lane, { kind: 'window' }>, top: number, { scale }: Canvas): Markup {
  const { window } = lane;
  const from = scale.share(window.from);
  const to = window.to === null ? 1 : scale.share(window.to);
  const heard = window.onset.lastHeard === null ? from : scale.share(window.onset.lastHeard);
  const bar = (name: string, a: number, b: number, title: string): Markup =>
    markup`<rect class="${name}" y="${WINDOW_TOP}" height="${WINDOW_BAR_HEIGHT}" ${span(a, b)}><title>${title}</title></rect>`;
  return markup`<svg class="lane" y="${top}" data-c="${window.client} ${window.upstream}">
    <text class="name window" y="${LABEL_BASE}">${laneName(lane)}</text>
    ${heard < from ? bar('onset', heard, from, `died between ${clockText(window.onset.lastHeard ?? '')} and ${clockText(window.from)}`) : NOTHING}
    ${bar('half-dead', from, to, `${window.id} from ${clockText(window.from)}: ${CAUSES[window.cause]}`)}
  </svg>`;
}

function stateBar({ from, to, state, owedBy }: Liveness, part: Role, scale: Scale): Markup {
  const owed =
    owedBy === null ? '' : owedBy === 'both' ? ', both owe an answer' : `, ${partyText(part, owedBy)} owes an answer`;
  const title = `${state} ${clockText(from)} to ${clockText(to)}${owed}`;
  const place = span(scale.share(from), scale.share(to));
  return markup`<rect class="${state}" y="${BAR_TOP}" height="${BAR_HEIGHT}" ${place}><title>${title}</title></rect>
`;
}

/** The most telling marks, in order of time; of letters that would lie over one another, the most telling. */
function marks(connection: Connection, part: Role, { scale, paths, marksPerLane }: Canvas): Markup[] {
  const lettered: number[] = [];
  const drawn = mostTelling(connection, marksPerLane).map((mark) => {
    const share = scale.share(mark.at);
    const isFree = lettered.every((other) => Math.abs(other - share) >= LETTER_SHARE);
    if (isFree) lettered.push(share);
    return { at: mark.at, drawing: drawnMark(mark, part, share, isFree, paths) };
  });
  return drawn.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ drawing }) => drawing);
}

function mostTelling({ marks: all }: Connection, count: number): Mark[] {
  return all
    .filter(({ kind }) => RANKS.has(kind))
    .toSorted((a, b) => rankOf(a) - rankOf(b))
    .slice(0, count);
}

function rankOf({ kind }: Mark): number {
  return RANKS.get(kind) ?? MARKS.length;
}

function drawnMark(mark: Mark, part: Role, share: number, isFree: boolean, paths: readonly string[]): Markup {
  const [, letter, meaning] = MARKS[rankOf(mark)] ?? [null, '', mark.kind];
  const many = mark.count === 1 ? '' : `, ${mark.count} of them until ${clockText(mark.until)}`;
  const title = `${clockText(mark.at)} ${meaning} by ${partyText(part, mark.by)}, packet ${packetName(paths, mark.packet, mark.file)}${many}`;
  const attributes = markup`x="${percent(share)}" data-a="${place(share)}" data-r="${rankOf(mark)}" data-f="${packetFilter(mark.packet)}"`;
  const letterMarkup = markup`<text y="${LETTER_BASE}"${isFree ? NOTHING : markup` class="over"`}>${letter}</text>`;
  return markup`<svg class="m ${mark.kind}" ${attributes}><title>${title}</title><path d="M0 ${TICK_TOP}V${TICK_BOTTOM}"/>${letterMarkup}</svg>
`;
}

function span(a: number, b: number): Markup {
  return markup`x="${percent(a)}" width="${percent(Math.max(0, b - a))}" data-a="${place(a)}" data-b="${place(b)}"`;
}

/** Never far outside: browsers draw in single precision. */
function percent(share: number): string {
  return `${Number((Math.min(Math.max(share, -100), 100) * 100).toFixed(3))}%`;
}

function place(share: number): string {
  return String(Number(share.toFixed(7)));
}

/** Only what is drawn is explained. */
function legend(pictures: readonly Picture[], marksPerLane: number): Markup {
  const connections = pictures.flatMap(({ lanes }) =>
    lanes.flatMap((lane) => (lane.kind === 'window' ? [] : [lane.connection])),
  );
  const states = new Set(
    connections.flatMap(({ liveness }) => liveness.slice(0, STATES_MAX).map(({ state }) => state)),
  );
  const kinds = new Set(
    connections.flatMap((connection) => mostTelling(connection, marksPerLane).map(({ kind }) => kind)),
  );
  const bars = [
    ...(['alive', 'idle', 'unanswered', 'dead', 'closing'] as const).filter((state) => states.has(state)),
    ...(pictures.some(({ windows }) => windows.length > 0) ? (['onset', 'half-dead'] as const) : []),
  ];
  const words = { onset: 'died in here' } as const;
  return markup`<ul class="legend" aria-label="Legend">
    ${bars.map(
      (bar) =>
        markup`<li>
          <svg width="24" height="8" aria-hidden="true"><rect class="${bar}" width="24" height="8" /></svg>
          ${bar === 'onset' ? words.onset : bar}
        </li>`,
    )}
    ${MARKS.filter(([kind]) => kinds.has(kind)).map(([kind, letter, meaning]) => markup`<li><b class="m ${kind}">${letter}</b> ${meaning}</li>`)}
  </ul>`;
}
