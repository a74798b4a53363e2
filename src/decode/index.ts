export { linkTypeName } from './link/names.ts';
export { isLinkTypeKnown } from './link/table.ts';
export { decodePacket } from './packet.ts';
export { DIRECTION, FLAG, Segment, type Direction } from './segment.ts';
export { isOtherTraffic, STOP, STOP_COUNT, STOP_LAYERS, STOP_NAMES, type StopCode, type StopLayer } from './stop.ts';
