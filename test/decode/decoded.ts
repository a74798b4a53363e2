import { decodePacket, Segment, STOP_NAMES } from '../../src/decode/index.ts';
import { linkTypeOf, type TcpPacket, tcpPacket } from '../build/packet.ts';

/** Where packets are put in the view, so that an offset taken from the view's start would be wrong. */
export const AT = 64;

export interface Decoded {
  /** Name of the stop code; `none` where `segment` is filled in. */
  readonly stop: string;
  readonly segment: Segment;
  /** Captured payload as text. */
  readonly payload: string;
}

/** Decodes a frame into `segment`; bytes of other packets stand before and after it. */
export function decodeBytes(
  frame: Uint8Array,
  linkType: number,
  originalBytes: number = frame.length,
  segment: Segment = new Segment(),
): Decoded {
  const bytes = new Uint8Array(AT + frame.length + 64).fill(0x5a);
  bytes.set(frame, AT);
  const end = AT + frame.length;
  const stop = decodePacket(new DataView(bytes.buffer), AT, end, originalBytes, linkType, segment);
  const payload = new TextDecoder('latin1').decode(bytes.subarray(segment.payloadAt, segment.payloadEnd));
  return { stop: STOP_NAMES[stop] ?? `no name for ${stop}`, segment, payload };
}

/** Builds and decodes; with `capturedBytes` only that much of the packet was captured. */
export function decode(packet: TcpPacket, capturedBytes?: number, segment?: Segment): Decoded {
  const frame = tcpPacket(packet);
  return decodeBytes(frame.subarray(0, capturedBytes), linkTypeOf(packet), frame.length, segment);
}
