import { lastFrame } from '../frames.ts';
import { isHeldBack } from '../held-back.ts';
import { isRead } from '../liveness.ts';
import { describeRequest } from '../../http/index.ts';
import type { Ref, TraceStream } from '../../trace/index.ts';
import type { Leg } from '../model.ts';
import { overAt } from '../stream-fate.ts';
import type { Facts } from './rule.ts';

/** A watch whose upstream kept a rhythm and then lost it. */
export interface OverdueBookmarks {
  readonly leg: Leg;
  readonly stream: TraceStream;
  readonly quietNs: number;
  /** The upstream's packets went on all the same. */
  readonly stillHeard: boolean;
}

const SECOND_NS = 1e9;
/** kube-apiserver sends a bookmark about each minute to watches that ask for them. */
const BOOKMARK_PERIOD_NS = 60 * SECOND_NS;
/** Data for so much of a period shows that there is a rhythm; the first bookmark may come early. */
const RHYTHM_MIN = 0.8;
/** Bookmarks that must be missing: one may be late, two may be folded into events. */
const MISSED_MIN = 3.5;

/** Frames of other streams this long after the last event show that the server goes on. */
const STILL_HEARD_NS: number = 1 * SECOND_NS;
/** Where events came at their own, closer rhythm: one bookmark and a quarter. */
const LOST_AFTER = 1.25;
/**
 * A rhythm is what came for so many of its longest pauses, and for so long: a watch begins with what is there already, all at once. It is lost after
 * more pauses than chance explains.
 */
const CADENCE_PAUSES_MIN = 4;
const CADENCE_MIN_NS: number = 15 * SECOND_NS;
const LOST_PAUSES_MIN = 10;

/**
 * Watches that asked for bookmarks, got data for at least most of a period, and then nothing for MISSED_MIN periods, on an upstream that
 * is not dead; or that had events at a close rhythm and then neither these nor a bookmark, while the upstream said nothing else either.
 * A watch that never had a rhythm gives no expectation: not every server keeps bookmarks.
 */
export function overdueBookmarks(facts: Facts): readonly OverdueBookmarks[] {
  return facts.legs
    .filter((leg) => leg.role === 'upstream' && (facts.deaths.get(leg) ?? []).length === 0)
    .flatMap((leg) => leg.streams.flatMap((stream) => overdue(leg, stream)));
}

function overdue(leg: Leg, stream: TraceStream): OverdueBookmarks[] {
  const last = stream.lastData[leg.serverSide];
  const quietNs = quietSinceNs(leg, stream);
  if (quietNs === null || last === null) return [];
  if (!missesBookmarks(stream, last, quietNs) && !lostCadence(leg, stream, last, quietNs)) return [];
  const heard = leg.trace.flows[leg.serverSide].last;
  return [{ leg, stream, quietNs, stillHeard: heard !== null && heard.timeNs - last.timeNs > BOOKMARK_PERIOD_NS }];
}

/** How long nothing came on a watch while bookmarks were due. Null: they were not, they came, or a reader or the capture keeps them from being seen. */
export function bookmarksQuietNs(leg: Leg, stream: TraceStream): number | null {
  const last = stream.lastData[leg.serverSide];
  const quietNs = quietSinceNs(leg, stream);
  if (quietNs === null || last === null) return null;
  return missesBookmarks(stream, last, quietNs) ? quietNs : null;
}

function missesBookmarks({ opened }: TraceStream, last: Ref, quietNs: number): boolean {
  const hadRhythm = last.timeNs - opened.timeNs >= RHYTHM_MIN * BOOKMARK_PERIOD_NS;
  return hadRhythm && quietNs >= MISSED_MIN * BOOKMARK_PERIOD_NS;
}

/** How long nothing came on a watch that asked for bookmarks. Null: it is none, or a reader or the capture keeps what came from being seen. */
function quietSinceNs(leg: Leg, stream: TraceStream): number | null {
  if (isHeldBack(leg, stream, leg.serverSide)) return null;
  const path = stream.request?.path ?? null;
  const last = stream.lastData[leg.serverSide];
  if (path === null || last === null || !describeRequest(stream.request?.method, path).bookmarks) return null;
  const endNs = overAt(stream, leg.serverSide)?.timeNs ?? leg.closed.at?.timeNs ?? leg.watchedToNs;
  return isRead(leg.trace.flows[leg.serverSide], last.timeNs, endNs) ? endNs - last.timeNs : null;
}

/** Events came at a rhythm of their own, and for long neither they nor a bookmark, nor any other frame of the server. */
function lostCadence(leg: Leg, { opened, longestPause }: TraceStream, last: Ref, quietNs: number): boolean {
  const pause = longestPause[leg.serverSide];
  const heard = lastFrame(leg);
  if (pause === null || heard === null || heard.timeNs - last.timeNs > STILL_HEARD_NS) return false;
  const pauseNs = pause.toNs - pause.from.timeNs;
  const hadCadence = last.timeNs - opened.timeNs >= Math.max(CADENCE_MIN_NS, CADENCE_PAUSES_MIN * pauseNs);
  return hadCadence && quietNs >= Math.max(LOST_AFTER * BOOKMARK_PERIOD_NS, LOST_PAUSES_MIN * pauseNs);
}
