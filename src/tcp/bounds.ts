import { CONNECTIONS_MAX } from './flow-table.ts';
import { RING_PACKETS } from './duplicates.ts';
import { NODE_BYTES, POOL_NODES_MAX } from './hold-pool.ts';
import { FLOW_HELD_NODES_MAX } from './held.ts';
import { SIGHTINGS_MAX } from './sightings.ts';

/** The bounds that `TcpLimits` counts, by the same names. */
export const TCP_BOUNDS: {
  readonly connections: number;
  readonly flowHeldBytes: number;
  readonly heldBytes: number;
  readonly remembered: number;
  readonly sightings: number;
} = {
  connections: CONNECTIONS_MAX,
  flowHeldBytes: FLOW_HELD_NODES_MAX * NODE_BYTES,
  heldBytes: POOL_NODES_MAX * NODE_BYTES,
  remembered: RING_PACKETS,
  sightings: SIGHTINGS_MAX,
};
