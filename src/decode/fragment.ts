import { NO_PORT, type Segment } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

/**
 * Writes down where a fragment's payload lies, for `Decoder`, which joins it with the others.
 * @param offset  in bytes, of its payload in the whole packet's
 * @param more    whether others follow
 * @returns STOP.ipFragment, what it is where nobody joins it
 */
export function noteFragment(
  at: number,
  end: number,
  wireEnd: number,
  offset: number,
  more: boolean,
  id: number,
  protocol: number,
  into: Segment,
): StopCode {
  into.innerAt = at;
  into.innerEnd = end;
  into.innerWireEnd = wireEnd;
  into.fragmentOffset = offset;
  into.fragmentMore = more ? 1 : 0;
  into.fragmentId = id;
  into.fragmentProtocol = protocol;
  into.srcPort = NO_PORT;
  into.dstPort = NO_PORT;
  return at > end ? STOP.ipExtensionCut : STOP.ipFragment;
}
