export { alertName, isAlertName, type TlsAlert } from './alert.ts';
export { overheadOf, suiteName } from './ciphers.ts';
export type { Keys, TlsFacts } from './facts.ts';
export { KeyLog } from './key-log.ts';
export { CONTENT, isRecordChain, isRecordStart } from './record.ts';
export { TLS_BOUNDS, TlsPass, type TlsSink, UNKNOWN_BYTES } from './pass.ts';
export { type OpenedRecord, ResealedSession } from './resealed-session.ts';
export { StandInRandoms } from './stand-in-randoms.ts';
