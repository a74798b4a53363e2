import type { Endpoint } from '../../trace/index.ts';
import type { Confidence } from './verdict.ts';
import type { Cause, Outcome } from './window.ts';

/** One time in which one upstream server was dead: all windows that came of it, on whatever connections. */
export interface Outage {
  readonly id: string;
  readonly server: Endpoint;
  /** Its dead connections, leg ids. */
  readonly upstreams: readonly string[];
  /** In order of time. */
  readonly windows: readonly string[];
  /** Of its surest window. */
  readonly confidence: Confidence;
  /** Most frequent first. */
  readonly causes: readonly Cause[];
  readonly fromNs: number;
  /** Null: still so when the capture ends. */
  readonly toNs: number | null;
  readonly durationNs: number;
  /** How long clients were kept on it, the durations of all windows together. */
  readonly waitedNs: number;
  /** Client connections that it left waiting, and their hurt streams, each counted once. */
  readonly clients: number;
  readonly streams: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Those with most streams first. */
  readonly victims: readonly VictimGroup[];
}

/** Streams of one kind of program that asked for the same thing. */
export interface VictimGroup {
  readonly userAgent: string | null;
  readonly kind: string;
  readonly resource: string | null;
  /** Client connections. */
  readonly clients: number;
  readonly streams: number;
  /** Of these, those that nothing ended. */
  readonly hung: number;
}
