import type { Flood, LimitHit } from '../trace/index.ts';
import type { Finding, TrustNote } from './model/finding.ts';
import type { Gateway, Leg } from './model/leg.ts';
import type { Link } from './model/link.ts';
import type { Verdict } from './model/verdict.ts';
import type { Window } from './model/window.ts';
import type { Outage } from './model/outage.ts';
import type { Thresholds } from './thresholds.ts';

export type * from './model/during.ts';
export type * from './model/finding.ts';
export type * from './model/leg.ts';
export type * from './model/link.ts';
export type * from './model/outage.ts';
export type * from './model/verdict.ts';
export type * from './model/window.ts';

/** What the incident model says of a trace. Findings are data; every sentence lives in `report`. */
export interface Incident {
  readonly verdict: Verdict;
  readonly gateways: readonly Gateway[];
  readonly connections: readonly Leg[];
  readonly links: readonly Link[];
  readonly windows: readonly Window[];
  /** Those that cost most first. */
  readonly outages: readonly Outage[];
  readonly findings: readonly Finding[];
  readonly trust: readonly TrustNote[];
  readonly thresholds: Thresholds;
  /** Packets that are not TCP or could not be decoded, by reason (names of the decode stage's stop codes). */
  readonly undecoded: ReadonlyMap<string, number>;
  /** Of those whose link type is not read, how many have which LINKTYPE_ number; negative where the file does not tell. */
  readonly unknownLinkTypes: ReadonlyMap<number, number>;
  /** Packets that the capture holds more than once. */
  readonly duplicates: number;
  /** Bounds that were reached while reading. */
  readonly limits: readonly LimitHit[];
  /** Unanswered SYNs whose connections were given up while reading. */
  readonly floods: readonly Flood[];
}
