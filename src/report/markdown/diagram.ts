import { foldLike } from '../like.ts';
import type { Connection, Evidence, FileIndex, HurtStream, PacketNumber, Report, Window } from '../model.ts';
import { endpointText } from '../address.ts';
import { streamText } from '../words/hurt.ts';
import { packetName } from '../words/packet-name.ts';
import { clockText, farEnd, middleCut } from '../words/phrase.ts';
import { CAUSES } from '../words/story.ts';
import { escapeTerminal } from '../escape.ts';
import { bytesOf } from './room.ts';
import { upstreamName } from '../words/window-tables.ts';

/**
 * A window as a Mermaid sequence diagram: the client, the gateway, the upstreams, and each packet of the evidence as an arrow. A cross
 * at its end says that nothing came back; the shaded part is the half-dead window.
 */

/** Wider than this, nothing is readable. */
const UPSTREAMS_MAX = 3;
const LABEL_MAX = 100;
/** Red enough for light and dark backgrounds. */
const SHADE = 'rect rgba(220, 60, 60, 0.15)';

/** Packets that were sent in vain. */
const IN_VAIN: ReadonlySet<string> = new Set(['first-unanswered', 'retransmission', 'probe', 'syn']);
const ANSWERS: ReadonlySet<string> = new Set([
  'client-ping-answered',
  'gateway-response',
  'gateway-grpc-response',
  'answered',
]);

/** Who is drawn, by connection: the client is `c`, the gateway `g`, upstreams `up1`, `up2`. */
type Actors = ReadonlyMap<string, string>;

interface Scene {
  readonly window: Window;
  readonly byId: ReadonlyMap<string, Connection>;
  readonly actors: Actors;
  readonly paths: readonly string[];
}

interface Arrow {
  readonly at: string;
  readonly line: string;
}

/**
 * The diagram's lines, without a fence; empty where the report does not have both legs.
 * @param roomBytes  arrows that do not fit are left out, the last ones first
 */
export function sequenceDiagram(
  window: Window,
  { capture }: Report,
  byId: ReadonlyMap<string, Connection>,
  roomBytes: number,
): string[] {
  const client = byId.get(window.client);
  if (client === undefined || !byId.has(window.upstream)) return [];
  const scene = { window, byId, actors: actorsOf(window, byId), paths: capture.files.map(({ path }) => path) };
  const head = ['sequenceDiagram', ...participants(client, scene)];
  const note = noteOf(scene);
  const frame = [...head, SHADE, ...note, 'end'].map(indented).join('\n');
  const arrows = withinRoom(arrowsOf(scene), roomBytes - bytesOf(frame));
  const before = arrows.filter(({ at }) => at < window.from);
  const after = arrows.filter(({ at }) => window.to !== null && at > window.to);
  const during = arrows.filter((arrow) => !before.includes(arrow) && !after.includes(arrow));
  const lines = (part: readonly Arrow[]): string[] => part.map(({ line }) => line);
  return [...head, ...lines(before), SHADE, ...note, ...lines(during), 'end', ...lines(after)].map(indented);
}

function indented(line: string, index: number): string {
  return index === 0 ? line : `  ${line}`;
}

function actorsOf({ client, upstream, evidence, streams }: Window, byId: ReadonlyMap<string, Connection>): Actors {
  const involved = [upstream, ...evidence.map(({ connection }) => connection), ...rescuersOf(streams)];
  const upstreams = [...new Set(involved)].filter((id) => byId.get(id)?.role === 'upstream').slice(0, UPSTREAMS_MAX);
  return new Map([[client, 'c'], ...upstreams.map((id, i) => [id, `up${i + 1}`] as const)]);
}

/** The upstreams through which hurt streams were served again. */
function rescuersOf(streams: readonly HurtStream[]): string[] {
  return [...new Set(streams.flatMap(({ recoveredBy }) => recoveredBy?.upstream ?? []))];
}

function participants(client: Connection, { actors, byId }: Scene): string[] {
  const others = [...actors].filter(([, actor]) => actor !== 'c');
  return [
    participant('c', `client ${client.id} ${endpointText(client.client)}`),
    participant('g', 'gateway'),
    ...others.map(([id, actor]) => {
      const connection = byId.get(id);
      return participant(actor, `upstream ${id}${connection === undefined ? '' : ` ${farEnd(connection)}`}`);
    }),
  ];
}

function participant(actor: string, label: string): string {
  return `participant ${actor} as ${labelText(label)}`;
}

function noteOf({ window, actors }: Scene): string[] {
  const upstream = actors.get(window.upstream);
  const text = `half-dead from ${clockText(window.from)}: ${CAUSES[window.cause]}`;
  return upstream === undefined ? [] : [`Note over g,${upstream}: ${labelText(text)}`];
}

/** The request that waited longest, then the evidence. */
function arrowsOf(scene: Scene): Arrow[] {
  const [first] = scene.window.streams.toSorted((a, b) => (a.silentSince < b.silentSince ? -1 : 1));
  const request = first === undefined ? [] : requestArrows(first, scene);
  const seen = foldLike(scene.window.evidence).flatMap(({ row, skipped }) => evidenceArrow(row, skipped, scene));
  return [...request, ...seen].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

function requestArrows(stream: HurtStream, { window, byId, actors, paths }: Scene): Arrow[] {
  const arrow = (connection: string, id: number | null, tunnel: number | undefined, text: string): Arrow[] => {
    const opened = byId
      .get(connection)
      ?.streams.find((candidate) => candidate.id === id && candidate.tunnel === tunnel);
    const actor = actors.get(connection);
    if (opened === undefined || actor === undefined) return [];
    const line = actor === 'c' ? 'c->>g' : `g->>${actor}`;
    const packet = packetText(paths, opened.firstPacket, opened.firstFile);
    return [{ at: opened.opened, line: `${line}: ${labelText(`${clockText(opened.opened)} ${text}, ${packet}`)}` }];
  };
  return [
    ...arrow(window.client, stream.id, stream.tunnel, streamText(stream)),
    ...arrow(window.upstream, stream.upstreamStream, stream.upstreamTunnel, `stream ${upstreamName(stream, '')}`),
  ];
}

function evidenceArrow(row: Evidence, skipped: number, { window, actors, paths }: Scene): Arrow[] {
  const actor = actors.get(row.connection);
  if (actor === undefined) return [];
  // The gateway is the server of a client's connection, and the client of an upstream's.
  const fromGateway = (actor === 'c') === (row.by === 'server');
  const [from, to] = fromGateway ? ['g', actor] : [actor, 'g'];
  const head = IN_VAIN.has(row.kind) ? '-x' : ANSWERS.has(row.kind) ? '-->>' : '->>';
  const more = skipped === 0 ? '' : ` (${skipped} more before)`;
  const text = `${clockText(row.at)} ${row.text}${more}, ${packetText(paths, row.packet, row.file)}`;
  const [rescuer, ...others] = row.kind === 'recovered' ? rescuersOf(window.streams) : [];
  const through = rescuer === undefined || others.length > 0 ? undefined : actors.get(rescuer);
  return [
    { at: row.at, line: `${from}${head}${to}: ${labelText(text)}` },
    ...(through === undefined ? [] : [{ at: row.at, line: `g->>${through}: ${labelText(row.text)}` }]),
  ];
}

function withinRoom(arrows: readonly Arrow[], roomBytes: number): Arrow[] {
  let room = roomBytes;
  return arrows.filter(({ line }) => {
    room -= bytesOf(line) + INDENT_BYTES;
    return room >= 0;
  });
}

const INDENT_BYTES = '  \n'.length;

/**
 * Text that is one label, whatever it holds. Of what could mean something to Mermaid (a statement's end, a directive, a tag, a fence) only a
 * dot is left: its own escapes, `#35;` and the like, are not undone in every place. The tables beside the diagram have the text as it was.
 */
function labelText(text: string): string {
  return middleCut(escapeTerminal(text), LABEL_MAX).replace(/[^\p{L}\p{N} .,:/()[\]?=&_'…-]/gu, '·');
}

/** `packet 482`, or of several files `packet 482 of gateway.pcap1`. */
function packetText(paths: readonly string[], packet: PacketNumber, file: FileIndex | undefined): string {
  const name = packetName(paths, packet, file);
  return file === undefined ? `packet ${name}` : `packet ${packet} of ${name.slice(0, -`#${packet}`.length)}`;
}
