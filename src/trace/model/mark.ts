import type { Side } from '../../tcp/index.ts';
import type { Ref } from './values.ts';

export type MarkKind =
  | 'syn'
  | 'syn-ack'
  | 'fin'
  | 'rst'
  | 'request'
  | 'response'
  | 'data'
  | 'ping'
  | 'ping-ack'
  | 'goaway'
  | 'rst-stream'
  | 'keep-alive'
  | 'keep-alive-ack'
  | 'retransmission';

/** A run of like packets of one side, with less than the run's gap between two of them. */
export interface Mark {
  readonly kind: MarkKind;
  readonly by: Side;
  readonly from: Ref;
  readonly to: Ref;
  readonly count: number;
}
