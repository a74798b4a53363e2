export { TCP_BOUNDS } from './bounds.ts';
export { OPENING, type Opening } from './connection.ts';
export type { ConnectionFacts } from './facts.ts';
export { TcpPass, type TcpBounds, type TcpLimits } from './pass.ts';
export { DID, GAP, LABEL, isResent, otherSide, type GapReason, type Side, type TcpSink } from './sink.ts';
