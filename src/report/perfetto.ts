import type { Connection, Finding, Report, Window } from './model.ts';
import { connectionTrack, tracksOf, type Tracks, windowTrack } from './perfetto/tracks.ts';
import { microsecondsSince, type MicrosecondsOf } from './perfetto/microseconds.ts';
import { named } from './words/phrase.ts';
import { streamName } from './words/stream-name.ts';
import { upstreamName } from './words/window-tables.ts';

/** One event of the trace event format; `ts` and `dur` in microseconds from the capture's start. */
interface TraceEvent {
  readonly ph: 'M' | 'X' | 'b' | 'e' | 'i' | 's' | 'f';
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  readonly [key: string]: unknown;
}

/**
 * The report as a trace that ui.perfetto.dev and chrome://tracing open: a process a gateway, a track a connection with its states,
 * a track a client for its windows, streams as asynchronous slices, findings and evidence as instants, hurt streams as arrows.
 * In parts; a JSON object, written like the other formats from the report alone.
 */
export function* renderPerfetto(report: Report): Generator<string> {
  const { name, version } = report.tool;
  const about = { tool: `${name} ${version}`, start: report.capture.start, verdict: report.verdict.summary };
  yield `{"displayTimeUnit":"ms","otherData":${JSON.stringify(about)},"traceEvents":[\n`;
  let separator = '';
  for (const event of eventsOf(report)) {
    yield `${separator}${JSON.stringify(event)}`;
    separator = ',\n';
  }
  yield '\n]}\n';
}

function* eventsOf(report: Report): Generator<TraceEvent> {
  const at = microsecondsSince(report);
  const tracks = tracksOf(report);
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  yield* namesOf(tracks);
  for (const connection of report.connections) {
    yield* livenessEvents(connection, tracks, at);
    yield* streamEvents(connection, tracks, at, report);
  }
  for (const window of report.windows) {
    yield windowEvent(window, tracks, at, report, byId);
    yield* arrows(window, tracks, at);
    yield* evidenceEvents(window, tracks, at);
  }
  for (const finding of report.findings) yield* findingEvents(finding, tracks, at);
}

function* namesOf(tracks: Tracks): Generator<TraceEvent> {
  for (const { pid, name } of tracks.processes) yield { ph: 'M', name: 'process_name', pid, tid: 0, args: { name } };
  for (const { pid, tid, name, order } of tracks.threads) {
    yield { ph: 'M', name: 'thread_name', pid, tid, args: { name } };
    yield { ph: 'M', name: 'thread_sort_index', pid, tid, args: { sort_index: order } };
  }
}

/** Spans of a connection follow each other, so that its slices never overlap, which the viewers draw wrong. */
function* livenessEvents(connection: Connection, tracks: Tracks, at: MicrosecondsOf): Generator<TraceEvent> {
  const track = connectionTrack(tracks, connection.id);
  for (const { from, to, state, owedBy } of connection.liveness) {
    const ts = at(from);
    yield { ph: 'X', name: state, cat: 'liveness', ...track, ts, dur: at(to) - ts, args: { owedBy } };
  }
}

function* streamEvents(
  connection: Connection,
  tracks: Tracks,
  at: MicrosecondsOf,
  { capture }: Report,
): Generator<TraceEvent> {
  const track = connectionTrack(tracks, connection.id);
  for (const [i, stream] of connection.streams.entries()) {
    const { id, tunnel, method, path, kind, status, how, error, opened, closed } = stream;
    // A stream's id may come again where a capture lost its start: the place in the list is unique.
    const both = {
      cat: 'stream',
      id: `${connection.id}.${i}`,
      name: `${kind} ${path ?? '?'} (${streamName(id, tunnel)})`,
      ...track,
    };
    const args = { stream: id, ...(tunnel === undefined ? {} : { tunnel }), method, path, status, how, error };
    yield { ph: 'b', ...both, ts: at(opened), args };
    yield { ph: 'e', ...both, ts: Math.max(at(opened), at(closed ?? capture.end ?? opened)) };
  }
}

function windowEvent(
  window: Window,
  tracks: Tracks,
  at: MicrosecondsOf,
  report: Report,
  byId: ReadonlyMap<string, Connection>,
): TraceEvent {
  const { id, client, upstream, from, to, cause, confidence, end, story } = window;
  const ts = at(from);
  const until = Math.max(ts, at(to ?? report.capture.end ?? from));
  return {
    ph: 'X',
    name: `half-dead ${id}: ${named(upstream, byId)} ${cause}`,
    cat: 'window',
    ...windowTrack(tracks, window),
    ts,
    dur: until - ts,
    args: { client, upstream, confidence, end: end.how, story },
  };
}

/** From the client's connection to the upstream that was dead, one a hurt stream that was seen there. */
function* arrows(
  { id, client, upstream, from, streams }: Window,
  tracks: Tracks,
  at: MicrosecondsOf,
): Generator<TraceEvent> {
  for (const stream of streams) {
    if (stream.upstreamStream === null) continue;
    const both = {
      cat: 'link',
      id: `${id}.${stream.tunnel === undefined ? '' : `${stream.tunnel}/`}${stream.id}`,
      name: `stream ${streamName(stream.id, stream.tunnel)} to ${upstreamName(stream, '')}`,
      ts: at(from),
    };
    yield { ph: 's', ...both, ...connectionTrack(tracks, client) };
    yield { ph: 'f', bp: 'e', ...both, ...connectionTrack(tracks, upstream) };
  }
}

function* evidenceEvents(window: Window, tracks: Tracks, at: MicrosecondsOf): Generator<TraceEvent> {
  for (const { text, connection, at: time, packet, file } of window.evidence) {
    const args = { window: window.id, packet, ...(file === undefined ? {} : { file }) };
    yield { ph: 'i', s: 't', name: text, cat: 'evidence', ...connectionTrack(tracks, connection), ts: at(time), args };
  }
}

function* findingEvents(finding: Finding, tracks: Tracks, at: MicrosecondsOf): Generator<TraceEvent> {
  const { code, severity, title, connection, at: time, packets, filter } = finding;
  if (time === null) return;
  const args = { severity, title, packets, filter };
  yield {
    ph: 'i',
    s: connection === null ? 'g' : 't',
    name: code,
    cat: 'finding',
    ...connectionTrack(tracks, connection),
    ts: at(time),
    args,
  };
}
