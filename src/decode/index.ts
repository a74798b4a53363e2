export { Decoder, type LateSegment } from './decoder.ts';
export { ETHER_LENGTH_MAX, ETHER_TYPE, NEXT_PROTOCOL_TYPES, SERVICE_TAG_BYTES } from './ether-type.ts';
export { GRE, GRE_FLAG, GRE_WCCP, greBytes, isMirror, mirrorBytes } from './gre-layout.ts';
export { AUTHENTICATION_UNIT_BYTES, IP_PROTOCOL } from './ip-protocol.ts';
export { linkTypeName } from './link/names.ts';
export { isLinkTypeKnown } from './link/table.ts';
export { ETHER_TYPE_ORGANISATIONS } from './llc.ts';
export {
  GENEVE_PROTOCOL,
  geneveBytes,
  gpeInnerType,
  gtpInnerAt,
  isVxlan,
  OVERLAY_HEADER_BYTES,
  OVERLAY_PORT,
  overlayPort,
  TEREDO,
  teredoAuthenticationBytes,
} from './overlay-layout.ts';
export { decodePacket } from './packet.ts';
export { DIRECTION, FLAG, NO_PORT, Segment, TUNNEL, type Direction, type Tunnel } from './segment.ts';
export { isOtherTraffic, isSegment, STOP, STOP_COUNT, STOP_NAMES, type StopCode, type StopName } from './stop.ts';
