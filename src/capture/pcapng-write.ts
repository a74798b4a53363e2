import type { InterfaceFacts, NameRecord } from './facts.ts';
import {
  BLOCK,
  BLOCK_HEAD_BYTES,
  BLOCK_MIN_BYTES,
  BLOCK_TOTAL,
  BLOCK_TYPE,
  BYTE_ORDER_MAGIC,
  INTERFACE_LINK_TYPE,
  INTERFACE_OPTIONS,
  INTERFACE_SNAP_LENGTH,
  NAMES_END,
  OPTION,
  OPTION_HEAD_BYTES,
  OPTION_LENGTH,
  PACKET_CAPTURED,
  PACKET_DATA,
  PACKET_INTERFACE,
  PACKET_ORIGINAL,
  PACKET_TIME_HIGH,
  PACKET_TIME_LOW,
  padded,
  SECRETS_BYTES,
  SECRETS_DATA,
  SECRETS_TLS_KEY_LOG,
  SECRETS_TYPE,
  SECTION_BYTE_ORDER,
  SECTION_MAJOR,
  SECTION_MINOR,
} from './pcapng-layout.ts';
import { joinBytes } from './source.ts';

/** Writes pcapng (draft-ietf-opsawg-pcapng), block by block, in little-endian order: a section header first, interfaces before their packets. */

const LITTLE = true;
const SECTION_OPTIONS = 24;
const SECTION_LENGTH = 16;
/** §4.1: the section's length is not told, so that blocks can be added without going back. */
const LENGTH_UNKNOWN = 0xffff_ffff_ffff_ffffn;
/** The longest value whose length an option's field can say, padding left aside. */
const OPTION_MAX_BYTES: number = 64 * 1024 - 4;
const NANOSECONDS = 9;
const NS_PER_MICROSECOND = 1000n;

export interface SectionText {
  /** What wrote the file. */
  readonly application: string;
  readonly comment: string;
}

export interface WrittenPacket {
  /** Index among the interfaces written so far. */
  readonly interfaceId: number;
  readonly resolutionDigits: 6 | 9;
  /** Nanoseconds since 1970; times before that have no form in pcapng and become 1970. */
  readonly epochNs: bigint;
  readonly bytes: Uint8Array;
  /** Bytes that the packet had on the wire. */
  readonly originalBytes: number;
  /** Each becomes an option of its own. */
  readonly comments: readonly string[];
}

/** §4.1: Section Header Block. */
export function writeSection({ application, comment }: SectionText): Uint8Array {
  const options = [textOption(OPTION.comment, comment), textOption(OPTION.application, application)];
  return block(BLOCK.section, SECTION_OPTIONS, [], options, (view) => {
    view.setUint32(SECTION_BYTE_ORDER, BYTE_ORDER_MAGIC, LITTLE);
    view.setUint16(SECTION_MAJOR, 1, LITTLE);
    view.setUint16(SECTION_MINOR, 0, LITTLE);
    view.setBigUint64(SECTION_LENGTH, LENGTH_UNKNOWN, LITTLE);
  });
}

/** §4.2: Interface Description Block. */
export function writeInterface({
  linkType,
  snapLength,
  name,
  resolutionDigits,
}: Omit<InterfaceFacts, 'file' | 'vantage'>): Uint8Array {
  const options = name === null ? [] : [textOption(OPTION.interfaceName, name)];
  if (resolutionDigits === NANOSECONDS) options.push(option(OPTION.resolution, Uint8Array.of(NANOSECONDS)));
  return block(BLOCK.interface, INTERFACE_OPTIONS, [], options, (view) => {
    view.setUint16(INTERFACE_LINK_TYPE, linkType, LITTLE);
    view.setUint32(INTERFACE_SNAP_LENGTH, snapLength, LITTLE);
  });
}

/** §4.3: Enhanced Packet Block. */
export function writePacket(packet: WrittenPacket): Uint8Array {
  const { interfaceId, bytes, originalBytes } = packet;
  const options = packet.comments.map((comment) => textOption(OPTION.comment, comment));
  const units = unitsOf(packet);
  return block(BLOCK.enhancedPacket, PACKET_DATA, [bytes], options, (view) => {
    view.setUint32(PACKET_INTERFACE, interfaceId, LITTLE);
    view.setUint32(PACKET_TIME_HIGH, Number(units >> 32n), LITTLE);
    view.setUint32(PACKET_TIME_LOW, Number(units & 0xffff_ffffn), LITTLE);
    view.setUint32(PACKET_CAPTURED, bytes.length, LITTLE);
    view.setUint32(PACKET_ORIGINAL, originalBytes, LITTLE);
  });
}

/** §4.5: Name Resolution Block. */
export function writeNames(records: readonly NameRecord[]): Uint8Array {
  const written = [...records.map(({ type, value }) => option(type, value)), option(NAMES_END, new Uint8Array(0))];
  return block(BLOCK.nameResolution, BLOCK_HEAD_BYTES, written, [], () => {});
}

/** §4.7: Decryption Secrets Block with lines of a TLS key log. */
export function writeSecrets(keyLog: Uint8Array): Uint8Array {
  return block(BLOCK.secrets, SECRETS_DATA, [keyLog], [], (view) => {
    view.setUint32(SECRETS_TYPE, SECRETS_TLS_KEY_LOG, LITTLE);
    view.setUint32(SECRETS_BYTES, keyLog.length, LITTLE);
  });
}

function unitsOf({ epochNs, resolutionDigits }: WrittenPacket): bigint {
  if (epochNs < 0n) return 0n;
  return resolutionDigits === NANOSECONDS ? epochNs : epochNs / NS_PER_MICROSECOND;
}

/**
 * §3.1: head, fixed fields, data padded to 32 bits, options, and the length once more.
 * @param dataAt  where the fixed fields end
 */
function block(
  type: number,
  dataAt: number,
  data: readonly Uint8Array[],
  options: readonly Uint8Array[],
  write: (view: DataView) => void,
): Uint8Array {
  const content = joinBytes([...data.map(padding), ...endedOptions(options)]);
  const total = BLOCK_MIN_BYTES - BLOCK_HEAD_BYTES + dataAt + content.length;
  const bytes = new Uint8Array(total);
  const view = new DataView(bytes.buffer);
  view.setUint32(BLOCK_TYPE, type, LITTLE);
  view.setUint32(BLOCK_TOTAL, total, LITTLE);
  write(view);
  bytes.set(content, dataAt);
  view.setUint32(dataAt + content.length, total, LITTLE);
  return bytes;
}

function endedOptions(options: readonly Uint8Array[]): readonly Uint8Array[] {
  return options.length === 0 ? options : [...options, option(OPTION.end, new Uint8Array(0))];
}

function textOption(code: number, text: string): Uint8Array {
  const value = new Uint8Array(Math.min(OPTION_MAX_BYTES, 3 * text.length));
  // A character that does not fit whole is left out.
  const { written } = new TextEncoder().encodeInto(text, value);
  return option(code, value.subarray(0, written));
}

/** §3.5. */
function option(code: number, value: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(OPTION_HEAD_BYTES + padded(value.length));
  const view = new DataView(bytes.buffer);
  view.setUint16(0, code, LITTLE);
  view.setUint16(OPTION_LENGTH, value.length, LITTLE);
  bytes.set(value, OPTION_HEAD_BYTES);
  return bytes;
}

function padding(bytes: Uint8Array): Uint8Array {
  if (bytes.length === padded(bytes.length)) return bytes;
  const whole = new Uint8Array(padded(bytes.length));
  whole.set(bytes);
  return whole;
}
