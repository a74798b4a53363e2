export { KeyLog } from './key-log.ts';
export { TlsPass, type TlsSink } from './pass.ts';
