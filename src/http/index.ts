export { HTTP_BOUNDS } from './bounds.ts';
export type { HttpCounters } from './counters.ts';
export { DataTails, TAIL_UNKNOWN } from './h2/data-tail.ts';
export { ERROR_REASONS, isConnectFailure, isStatusReason, type ErrorReason } from './error-reason.ts';
export { FRAME, FRAME_FLAG } from './h2/frame.ts';
export { HttpPass } from './pass.ts';
export { FINGERPRINT_BYTES, type FrameObserver, type HttpSink, type KeptFields, type Protocol } from './sink.ts';
export {
  describeRequest,
  describeUserAgent,
  type RequestDescription,
  type RequestKind,
  type UserAgent,
} from './kubernetes.ts';
