import { CONNECTIONS_MAX } from './flow-table.ts';
import { NODE_BYTES, POOL_NODES_MAX } from './hold-pool.ts';
import { FLOW_HELD_NODES_MAX } from './held.ts';

/** The bounds that `TcpLimits` counts, by the same names. */
export const TCP_BOUNDS: { readonly connections: number; readonly flowHeldBytes: number; readonly heldBytes: number } =
  {
    connections: CONNECTIONS_MAX,
    flowHeldBytes: FLOW_HELD_NODES_MAX * NODE_BYTES,
    heldBytes: POOL_NODES_MAX * NODE_BYTES,
  };
