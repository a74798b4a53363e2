/** https://grpc.github.io/grpc/core/md_doc_statuscodes.html */
const GRPC_NAMES: ReadonlyMap<number, string> = new Map([
  [1, 'CANCELLED'],
  [2, 'UNKNOWN'],
  [4, 'DEADLINE_EXCEEDED'],
  [8, 'RESOURCE_EXHAUSTED'],
  [13, 'INTERNAL'],
  [14, 'UNAVAILABLE'],
]);

/**
 * What a client got: `503`, or `grpc-status 14 (UNAVAILABLE)` where the call is gRPC's, whose HTTP status says 200 all the same.
 * @param grpcStatus  undefined: the report comes from a version that did not tell
 */
export function statusText(status: number | null, grpcStatus: number | null | undefined): string {
  if (grpcStatus === null || grpcStatus === undefined) return status === null ? '' : String(status);
  const name = GRPC_NAMES.get(grpcStatus);
  return `grpc-status ${grpcStatus}${name === undefined ? '' : ` (${name})`}`;
}
