import { HEADROOM_BYTES, type Block } from './block.ts';
import { Interfaces } from './interfaces.ts';
import { BASE_SEARCH_BYTES } from './pcap.ts';
import {
  BLOCK,
  BLOCK_MIN_BYTES,
  BLOCK_TOTAL,
  BLOCK_TYPE,
  INTERFACE_MIN_BYTES,
  PACKET_INTERFACE,
  PACKET_MIN_BYTES,
  SECTION_MIN_BYTES,
} from './pcapng-layout.ts';
import { sectionByteOrder } from './pcapng-resync.ts';
import { CaptureClock, type FileTime, isPlausibleTime } from './timestamp.ts';

/**
 * The first plausible time among a pcapng file's first packets, else the first time; undefined where there is none near its beginning.
 * Takes nothing from the block. Secrets and names may stand before the packets: then it looks as far as bytes can be kept together.
 */
export function firstPacketTime(block: Block): FileTime | undefined {
  return search(block, BASE_SEARCH_BYTES) ?? search(block, HEADROOM_BYTES);
}

function search(block: Block, bytes: number): FileTime | undefined {
  block.require(bytes);
  const { view } = block;
  const end = Math.min(block.end, block.at + bytes);
  const interfaces = new Interfaces();
  const clock = new CaptureClock();
  let first: FileTime | undefined;
  for (let at = block.at; end - at >= BLOCK_MIN_BYTES;) {
    const type = view.getUint32(at + BLOCK_TYPE, interfaces.littleEndian);
    if (type === BLOCK.section && end - at >= SECTION_MIN_BYTES) interfaces.begin(sectionByteOrder(view, at) !== 'big');
    const total = view.getUint32(at + BLOCK_TOTAL, interfaces.littleEndian);
    if (total < BLOCK_MIN_BYTES || total > end - at) break;
    if (type === BLOCK.interface && total >= INTERFACE_MIN_BYTES) interfaces.add(view, at, at + total, clock);
    const time = packetTime(view, at, type, total, interfaces);
    if (time !== undefined && isPlausibleTime(time.seconds)) return time;
    first ??= time;
    at += total;
  }
  return first;
}

function packetTime(
  view: DataView,
  at: number,
  type: number,
  total: number,
  interfaces: Interfaces,
): FileTime | undefined {
  if (total < PACKET_MIN_BYTES) return undefined;
  const { littleEndian } = interfaces;
  if (type === BLOCK.enhancedPacket)
    return interfaces.timeOf(view, at, view.getUint32(at + PACKET_INTERFACE, littleEndian));
  if (type === BLOCK.packet) return interfaces.timeOf(view, at, view.getUint16(at + PACKET_INTERFACE, littleEndian));
  return undefined;
}
