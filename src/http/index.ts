export { HTTP_BOUNDS } from './bounds.ts';
export type { HttpCounters } from './counters.ts';
export { DataTails, TAIL_UNKNOWN } from './h2/data-tail.ts';
export { ERROR_REASONS, errorReason, isConnectFailure, wordsOf, type ErrorReason } from './error-reason.ts';
export { FRAME, FRAME_FLAG } from './h2/frame.ts';
export { beginsChunks, hexDigit } from './h1/chunk-size.ts';
export { isStatusReason, reasonByStatus } from './kubernetes-status.ts';
export { endOfHead } from './h1/line-feed.ts';
export { beginsMessage, beginsResponse } from './protocol.ts';
export { Cursor, readInteger } from './hpack/integer.ts';
export { decodeHuffman, HUFFMAN_CODE_BITS } from './hpack/huffman.ts';
export { ENTRY_OVERHEAD_BYTES, STATIC_TABLE } from './hpack/table.ts';
export { HttpPass } from './pass.ts';
export type { TunnelOutlet } from './tunnels.ts';
export { isErrorStatus, isGrpcError, isServerError } from './status.ts';
export { FINGERPRINT_BYTES, type FrameObserver, type HttpSink, type KeptFields, type Protocol } from './sink.ts';
export {
  describeRequest,
  describeUserAgent,
  type RequestDescription,
  type RequestKind,
  type UserAgent,
} from './kubernetes.ts';
export { lastWatchErrorReason, watchErrorOf, watchErrorReason } from './watch-error.ts';
