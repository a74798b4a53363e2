export { HTTP_BOUNDS } from './bounds.ts';
export type { HttpCounters } from './counters.ts';
export { HttpPass } from './pass.ts';
export { FINGERPRINT_BYTES, type HttpSink, type KeptFields, type Protocol } from './sink.ts';
export { describeRequest, type RequestDescription, type RequestKind } from './kubernetes.ts';
