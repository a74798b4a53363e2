import type { Connection, Report, Thresholds, Timestamp, Window } from '../model.ts';
import { durationText } from '../duration.ts';
import { hurtCountText } from '../words/hurt.ts';
import { clockText, dateTimeText, named, namedClient } from '../words/phrase.ts';
import { spanText } from '../words/span.ts';
import type { Ink } from './ink.ts';
import { wrapped } from './lines.ts';

const INDENT = '  ';

/** A line a window: who, to whom, since when, how long, why, how many streams. */
export function briefSection({ windows, connections }: Report, ink: Ink): string[] {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  return windows.flatMap((window) => briefLines(window, byId, ink, dateTimeText));
}

/**
 * One window in one line, or as many as the width asks for.
 * @param when  how its start is told: where nothing else names the day and the zone, with them
 */
export function briefLines(
  { id, client, upstream, from, cause, streams, ...span }: Window,
  byId: ReadonlyMap<string, Connection>,
  ink: Ink,
  when: (at: Timestamp) => string = clockText,
): string[] {
  const line =
    `${id}: ${namedClient(client, byId)} ${ink.glyphs.arrow} ${named(upstream, byId)}, ${cause}, ` +
    `${when(from)} for ${spanText(span)}, ${hurtCountText(streams.length)}`;
  return wrapped(line, ink.width - INDENT.length, INDENT.length).map((part) => INDENT + part);
}

const THRESHOLDS: Readonly<Record<keyof Thresholds, string>> = {
  deadTries: 'unanswered tries from which a peer counts as dead',
  deadAfter: 'without an answer for so long, and with those tries: dead',
  idleAfter: 'silence from which a connection that owes nothing is idle',
  healedWait: 'an upstream that came back is a window where a stream waited so long',
  actsWithin: 'how soon a gateway that gives an upstream up acts on its streams',
  lossSpan: 'loss below this span is no finding',
  lossTries: 'nor with fewer tries',
  responseGrace: 'how long an acknowledged request may be without a response',
  watchGrace: 'how far past its timeoutSeconds a watch may be open',
};

const COUNTS: ReadonlySet<string> = new Set<keyof Thresholds>(['deadTries', 'lossTries']);

/** What turned packets into words, with the values of this run; shown to those who ask for everything. */
export function thresholdsSection({ thresholds }: Report, ink: Ink): string[] {
  if (!ink.isVerbose) return [];
  return Object.entries(THRESHOLDS).flatMap(([name, meaning]) => {
    const value = Object.entries(thresholds).find(([key]) => key === name)?.[1] ?? null;
    if (value === null) return [];
    const text = COUNTS.has(name) ? String(value) : durationText(value);
    return wrapped(`${name} ${text}: ${meaning}`, ink.width - INDENT.length, INDENT.length).map(
      (line) => INDENT + line,
    );
  });
}
