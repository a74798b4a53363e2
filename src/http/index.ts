export { FINGERPRINT_BYTES, type HttpSink, type KeptFields, type Protocol } from './sink.ts';
