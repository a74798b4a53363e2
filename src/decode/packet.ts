import { ETHER_TYPE } from './ether-type.ts';
import { INNER_LINK_BASE } from './inner.ts';
import { readEthernet } from './link/ethernet.ts';
import { linkReader } from './link/table.ts';
import { readEtherType } from './network.ts';
import { DIRECTION, type Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

/** Above any packet's length on the wire (a jumbogram off the loopback stays below 1 MB), and far from where int32 offsets end. */
const WIRE_MAX_BYTES = 16 * 1024 * 1024;

/** Headers that a reader may find inside another: VXLAN in GRE in MPLS between two providers' tags takes 6. */
const LAYERS_MAX = 16;

/**
 * Decodes one captured packet down to its innermost TCP segment. Joins no fragments and reads no ICMP quotes: `Decoder` does.
 * @param at             offset in `view` of the packet's first captured byte
 * @param end            offset after its last captured byte; not beyond the view
 * @param originalBytes  its length on the wire, as the capture says; a smaller value than `end - at` counts as that
 * @param linkType       LINKTYPE_ number
 * @returns STOP.none, with every field of `into` written; else why it stopped: `into` holds what was decoded until there,
 *          mixed with what an earlier packet left. Never throws.
 */
export function decodePacket(
  view: DataView,
  at: number,
  end: number,
  originalBytes: number,
  linkType: number,
  into: Segment,
): StopCode {
  const capturedBytes = end - at;
  const wireBytes = originalBytes > WIRE_MAX_BYTES ? WIRE_MAX_BYTES : originalBytes | 0;
  const wireEnd = at + (wireBytes > capturedBytes ? wireBytes : capturedBytes);
  into.direction = DIRECTION.unknown;
  into.interfaceIndex = 0;
  into.ipVersion = 0;
  into.tunnels = 0;
  const stop = linkReader(linkType)(view, at, end, wireEnd, into);
  return stop === STOP.inner ? decodeInner(view, wireEnd, into) : stop;
}

/**
 * Goes on with the header inside that a reader has found, until one finds none.
 * @param wireEnd  where the outermost frame ended on the wire
 */
export function decodeInner(view: DataView, wireEnd: number, into: Segment): StopCode {
  for (let layers = 0; layers < LAYERS_MAX; layers++) {
    const { innerEnd, innerWireEnd } = into;
    const stop = readInner(view, into);
    if (stop === STOP.none && innerEnd === innerWireEnd && innerWireEnd < wireEnd) clipToFrame(into);
    if (stop !== STOP.inner) return stop;
  }
  return STOP.layersMany;
}

/** A header outside says where the packet ends, and all until there was captured: an IP length beyond counts padding as payload. */
function clipToFrame(into: Segment): void {
  into.payloadBytes = Math.min(into.payloadBytes, into.payloadEnd - into.payloadAt);
}

function readInner(view: DataView, into: Segment): StopCode {
  const { innerAt, innerEnd, innerWireEnd, innerType } = into;
  if (innerAt > innerEnd) return into.tunnels === 0 ? STOP.linkHeaderCut : STOP.tunnelCut;
  if (innerType === ETHER_TYPE.ethernet) return readEthernet(view, innerAt, innerEnd, innerWireEnd, into);
  if (innerType < INNER_LINK_BASE) return readEtherType(view, innerAt, innerEnd, innerWireEnd, innerType, into);
  return linkReader(innerType - INNER_LINK_BASE)(view, innerAt, innerEnd, innerWireEnd, into);
}
