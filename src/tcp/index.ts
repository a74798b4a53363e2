export { DID, GAP, LABEL, RESENT, otherSide, type GapReason, type Side, type TcpSink } from './sink.ts';
