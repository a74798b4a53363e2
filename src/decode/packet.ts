import { linkReader } from './link/table.ts';
import { DIRECTION, type Segment } from './segment.ts';
import type { StopCode } from './stop.ts';

/** Above any packet's length on the wire (a jumbogram off the loopback stays below 1 MB), and far from where int32 offsets end. */
const WIRE_MAX_BYTES = 16 * 1024 * 1024;

/**
 * Decodes one captured packet down to its TCP segment.
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
  return linkReader(linkType)(view, at, end, wireEnd, into);
}
