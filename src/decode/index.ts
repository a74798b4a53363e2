export { Decoder, type LateSegment } from './decoder.ts';
export { FRAGMENTED_PACKETS_MAX } from './fragments.ts';
export { linkTypeName } from './link/names.ts';
export { isLinkTypeKnown } from './link/table.ts';
export { decodePacket } from './packet.ts';
export { DIRECTION, FLAG, NO_PORT, Segment, TUNNEL, type Direction, type Tunnel } from './segment.ts';
export {
  isOtherTraffic,
  isSegment,
  STOP,
  STOP_COUNT,
  STOP_LAYERS,
  STOP_NAMES,
  type StopCode,
  type StopLayer,
  type StopName,
} from './stop.ts';
