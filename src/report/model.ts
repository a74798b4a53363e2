import type { Capture, Tool } from './model/capture.ts';
import type { Connection, Gateway } from './model/connection.ts';
import type { Finding, NextStep, Thresholds, TrustNote, WhatIf } from './model/finding.ts';
import type { Link } from './model/link.ts';
import type { Verdict } from './model/verdict.ts';
import type { Incident, Window } from './model/window.ts';

export type * from './model/capture.ts';
export type * from './model/connection.ts';
export type * from './model/finding.ts';
export type * from './model/link.ts';
export type * from './model/values.ts';
export type * from './model/verdict.ts';
export type * from './model/window.ts';

/**
 * The JSON report, `watchpcap.report/1`: what other programs rely on. These types are the schema's one source
 * (`npm run schema` writes schema/report.schema.json). Keys may be added; none is renamed or removed without a new schema number. One that
 * was added since the first report says by `@default`, or in words by `@comment`, what is read where an older report lacks it; the schema does not require it.
 *
 * Times are UTC, durations seconds, packet numbers 1-based as Wireshark counts them in their own file. Where several files were
 * given, every object with a packet number also has `file`, an index into `capture.files`.
 */
export interface Report {
  schema: 'watchpcap.report/1';
  tool: Tool;
  capture: Capture;
  verdict: Verdict;
  gateways: Gateway[];
  connections: Connection[];
  /** The surest first. */
  links: Link[];
  windows: Window[];
  /**
   * The windows by what they came of: one entry for each time in which one upstream server was dead. Those that cost most first.
   * @default []
   */
  incidents: Incident[];
  thresholds: Thresholds;
  trust: TrustNote[];
  findings: Finding[];
  /** What each remedy would have done on this capture. */
  whatIf: WhatIf[];
  /**
   * What to do now, most useful first.
   * @default []
   */
  nextSteps: NextStep[];
}
