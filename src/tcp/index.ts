export { TCP_BOUNDS } from './bounds.ts';
export { OPENING, type Opening } from './connection.ts';
export type { ConnectionFacts } from './facts.ts';
export { TcpPass, type TcpLimits, type TcpOptions } from './pass.ts';
export { planPoints, type PointPlan, Points } from './points.ts';
export {
  beginsProxyHeader,
  PROXY_HEADER,
  PROXY_HEADER_MAX_BYTES,
  PROXY_START_BYTES,
  ProxiedClient,
  readProxyHeader,
} from './proxy-header.ts';
export { seqDiff } from './sequence.ts';
export { Sightings } from './sightings.ts';
export {
  DID,
  GAP,
  LABEL,
  NONE_TO_SPARE,
  isResent,
  otherSide,
  type GapReason,
  type Side,
  type TcpKeeper,
  type TcpSink,
} from './sink.ts';
