import { durationText } from '../duration.ts';
import type { Report, Timestamp, Window } from '../model.ts';
import { parseTimestamp } from '../timestamp.ts';
import { dateTimeText } from '../words/phrase.ts';

const NS_PER_SECOND = 1e9;

/**
 * Says of each window when it began and ended as seen from a moment: the page, the alert, the deploy.
 * @param at  UTC; what is no time changes nothing
 */
export function seenFrom(report: Report, at: Timestamp): Report {
  const momentNs = parseTimestamp(at);
  if (momentNs === null) return report;
  const windows = report.windows.map((window) => ({
    ...window,
    story: `${window.story} Seen from ${dateTimeText(at)}: ${windowSeen(window, momentNs)}.`,
  }));
  const { start, end } = report.capture;
  if (start === null || end === null) return { ...report, windows };
  const bounds = `began ${relativeText(start, momentNs)} and ended ${relativeText(end, momentNs)}`;
  const summary = `${report.verdict.summary} Seen from ${dateTimeText(at)}, the capture ${bounds}.`;
  return { ...report, windows, verdict: { ...report.verdict, summary } };
}

function windowSeen({ from, to }: Window, momentNs: bigint): string {
  const began = `it began ${relativeText(from, momentNs)}`;
  return to === null
    ? `${began} and is still open when the capture ends`
    : `${began} and ended ${relativeText(to, momentNs)}`;
}

/** `4 min before`, `12 s after`, `at that moment` within half a second. */
export function relativeText(at: Timestamp, momentNs: bigint): string {
  const seconds = Number((parseTimestamp(at) ?? momentNs) - momentNs) / NS_PER_SECOND;
  if (Math.abs(seconds) < 0.5) return 'at that moment';
  return `${durationText(Math.abs(seconds))} ${seconds < 0 ? 'before' : 'after'}`;
}
