import type { Ref, StreamName } from '../../trace/index.ts';
import type { FindingArgs, FindingCode } from '../findings/args.ts';
import type { Party } from './leg.ts';

export type EvidenceKind =
  | 'last-heard'
  | 'first-unanswered'
  | 'retransmission'
  | 'probe'
  | 'syn'
  | 'reset'
  | 'refused'
  | 'goaway'
  | 'close'
  | 'request'
  | 'client-ping'
  | 'client-ping-answered'
  | 'gateway-response'
  | 'gateway-grpc-response'
  | 'stream-reset'
  | 'answered'
  | 'recovered';

export interface Evidence {
  readonly at: Ref;
  /** Leg id. */
  readonly connection: string;
  readonly kind: EvidenceKind;
  /** Who sent the packet. */
  readonly by: Party;
  /** What the sentence needs beside the kind: a stream id, a status, an ordinal, a count; null where none. */
  readonly value: number | null;
  /** Where that is the id of a stream in a tunnel: the tunnel, as in `StreamName`. */
  readonly tunnel: number | null;
}

export type Severity = 'critical' | 'warning' | 'info';

/** One finding: code, typed arguments, severity, evidence. The words are made in `report`. */
export interface FindingOf<C extends FindingCode> {
  readonly code: C;
  readonly severity: Severity;
  readonly args: FindingArgs[C];
  /** Leg id; null: the whole capture. */
  readonly connection: string | null;
  readonly stream: StreamName | null;
  readonly at: Ref | null;
  readonly packets: readonly Ref[];
}

export type Finding = { [C in FindingCode]: FindingOf<C> }[FindingCode];

/** A weakness of the capture, and which conclusions it weakens. */
export interface TrustNote {
  readonly code:
    | 'one-sided'
    | 'lost-by-capture'
    | 'missing-bytes'
    | 'differing-overlap'
    | 'snaplen-cut'
    | 'begun-mid-stream'
    | 'clock-step'
    | 'no-bare-acks'
    | 'keys-unfit'
    | 'payload-blanked';
  readonly connection: string | null;
  readonly weakens: readonly string[];
  readonly packets: readonly Ref[];
  readonly count: number;
}
