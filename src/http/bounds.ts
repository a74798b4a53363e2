import { PENDING_MAX } from './h1/reader.ts';
import { WAITING_ERRORS_MAX } from './h2/error-streams.ts';
import { HEADER_BLOCK_MAX_BYTES } from './h2/frame.ts';
import { SEARCH_MAX_BYTES, UNSYNCED_FLOW_BYTES } from './h2/resync.ts';
import { KEPT_VALUE_MAX_BYTES } from './hpack/decode.ts';
import { ROWS_TOTAL_MAX, TABLE_KEPT_MAX_BYTES } from './hpack/table.ts';
import { CODED_BODIES_MAX } from './reason-reader.ts';
import { SUSPECTS_MAX, TUNNELS_MAX, TUNNELS_TOTAL } from './tunnels.ts';

/** The bounds that `HttpCounters` counts. */
export const HTTP_BOUNDS: {
  readonly fieldBlockBytes: number;
  readonly tableRows: number;
  readonly valueBytes: number;
  readonly unsyncedFlowBytes: number;
  readonly searchBytes: number;
  readonly pendingRequests: number;
  readonly errorsWaiting: number;
  readonly codedBodies: number;
  readonly tunnels: number;
  readonly tunnelsTotal: number;
  readonly suspects: number;
  readonly tableBytes: number;
} = {
  fieldBlockBytes: HEADER_BLOCK_MAX_BYTES,
  tableRows: ROWS_TOTAL_MAX,
  valueBytes: KEPT_VALUE_MAX_BYTES,
  unsyncedFlowBytes: UNSYNCED_FLOW_BYTES,
  searchBytes: SEARCH_MAX_BYTES,
  pendingRequests: PENDING_MAX,
  errorsWaiting: WAITING_ERRORS_MAX,
  codedBodies: CODED_BODIES_MAX,
  tunnels: TUNNELS_MAX,
  tunnelsTotal: TUNNELS_TOTAL,
  suspects: SUSPECTS_MAX,
  tableBytes: TABLE_KEPT_MAX_BYTES,
};
