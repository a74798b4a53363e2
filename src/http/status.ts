/** RFC 9110 §15.4: from here on a CONNECT opened no tunnel (§9.3.6). */
export const REDIRECTION_MIN = 300;
const ERROR_MIN = 400;
const SERVER_ERROR_MIN = 500;
/** OK among the status codes of gRPC. */
const GRPC_OK = '0';

/** RFC 9110 §15.5, §15.6; a status that is not known is none. */
export function isErrorStatus(status: number | null | undefined): boolean {
  return typeof status === 'number' && status >= ERROR_MIN;
}

/** RFC 9110 §15.6: the server side failed; a status that is not known is none. */
export function isServerError(status: number | null | undefined): boolean {
  return typeof status === 'number' && status >= SERVER_ERROR_MIN;
}

/** A gRPC status that is no OK, or cannot be known; undefined: the call told none. */
export function isGrpcError(grpcStatus: string | null | undefined): boolean {
  return grpcStatus !== undefined && grpcStatus !== GRPC_OK;
}
