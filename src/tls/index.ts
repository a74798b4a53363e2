export { overheadOf, suiteName } from './ciphers.ts';
export type { Keys, TlsFacts } from './facts.ts';
export { KeyLog } from './key-log.ts';
export { TLS_BOUNDS, TlsPass, type TlsSink } from './pass.ts';
