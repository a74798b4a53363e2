import { BUILT_EPOCH_SECONDS, LINKTYPE, type LinkTypeName, type PcapRecord } from './pcap.ts';

/** Writes pcapng files for tests, block by block: any byte order, option and resolution, and lies where a test asks for them. */

export type ByteOrder = 'little' | 'big';

/** A block's bytes in either byte order: a section decides. */
export type BuiltBlock = (little: boolean) => Uint8Array;

export interface PcapngOption {
  readonly code: number;
  readonly value: Uint8Array;
}

/** What a block's length fields say instead of its length. */
export interface LengthLies {
  readonly first?: number;
  readonly last?: number;
}

export interface SectionHeader {
  readonly version?: readonly [number, number];
  readonly length?: bigint;
  readonly options?: readonly PcapngOption[];
}

/** @returns the bytes of a section: its header and its blocks in one byte order */
export function section(
  blocks: readonly BuiltBlock[],
  byteOrder: ByteOrder = 'little',
  header: SectionHeader = {},
): Uint8Array {
  const little = byteOrder === 'little';
  const all = [sectionHeader(header), ...blocks].map((built) => built(little));
  return joined(all);
}

function sectionHeader({ version = [1, 0], length = 2n ** 64n - 1n, options = [] }: SectionHeader): BuiltBlock {
  return block(0x0a0d0d0a, (little) => {
    const body = new Uint8Array(16);
    const view = new DataView(body.buffer);
    view.setUint32(0, 0x1a2b3c4d, little);
    view.setUint16(4, version[0], little);
    view.setUint16(6, version[1], little);
    view.setBigUint64(8, length, little);
    return joined([body, optionBytes(options, little)]);
  });
}

export interface BuiltInterface {
  readonly linkType?: LinkTypeName | number;
  readonly snapLength?: number;
  /** if_tsresol's byte. */
  readonly resolution?: number;
  /** if_tsoffset, seconds. */
  readonly offset?: bigint;
  readonly options?: readonly PcapngOption[];
}

export function interfaceBlock(described: BuiltInterface = {}): BuiltBlock {
  const { linkType = 'ETHERNET', snapLength = 0, resolution, offset, options = [] } = described;
  return block(1, (little) => {
    const head = new Uint8Array(8);
    const view = new DataView(head.buffer);
    view.setUint16(0, typeof linkType === 'number' ? linkType : LINKTYPE[linkType], little);
    view.setUint32(4, snapLength, little);
    const resolutions = resolution === undefined ? [] : [{ code: 9, value: Uint8Array.of(resolution) }];
    const offsets = offset === undefined ? [] : [{ code: 14, value: bigBytes(offset, little) }];
    return joined([head, optionBytes([...options, ...resolutions, ...offsets], little)]);
  });
}

export interface BuiltPacket {
  readonly interfaceId?: number;
  /** Units since 1970 in the interface's resolution. */
  readonly units: bigint;
  readonly bytes: Uint8Array;
  readonly originalBytes?: number;
  /** What the block says as captured length: a lie. */
  readonly claimedBytes?: number;
  readonly options?: readonly PcapngOption[];
  readonly lengths?: LengthLies;
}

/** Enhanced Packet Block. */
export function packetBlock(packet: BuiltPacket): BuiltBlock {
  return anyPacketBlock(6, packet, (view, little) => view.setUint32(0, packet.interfaceId ?? 0, little));
}

/** The obsolete Packet Block. */
export function oldPacketBlock(packet: BuiltPacket): BuiltBlock {
  return anyPacketBlock(2, packet, (view, little) => {
    view.setUint16(0, packet.interfaceId ?? 0, little);
    view.setUint16(2, 7, little);
  });
}

function anyPacketBlock(
  type: number,
  packet: BuiltPacket,
  writeInterface: (view: DataView, little: boolean) => void,
): BuiltBlock {
  const { units, bytes, options = [] } = packet;
  return block(
    type,
    (little) => {
      const head = new Uint8Array(20);
      const view = new DataView(head.buffer);
      writeInterface(view, little);
      view.setUint32(4, Number(units >> 32n), little);
      view.setUint32(8, Number(units & 0xffff_ffffn), little);
      view.setUint32(12, packet.claimedBytes ?? bytes.length, little);
      view.setUint32(16, packet.originalBytes ?? bytes.length, little);
      return joined([head, paddedTo4(bytes), optionBytes(options, little)]);
    },
    packet.lengths,
  );
}

export function simplePacketBlock(bytes: Uint8Array, originalBytes: number = bytes.length): BuiltBlock {
  return block(3, (little) => joined([words([originalBytes], little), paddedTo4(bytes)]));
}

export function customBlock(bytes: Uint8Array, isCopied = true): BuiltBlock {
  return block(isCopied ? 0x0bad : 0x40000bad, (little) => joined([words([32473], little), paddedTo4(bytes)]));
}

export function statisticsBlock(interfaceId: number, dropped: bigint, droppedByOs: bigint): BuiltBlock {
  return block(5, (little) => {
    const options = [
      { code: 4, value: bigBytes(1000n, little) },
      { code: 5, value: bigBytes(dropped, little) },
      { code: 7, value: bigBytes(droppedByOs, little) },
    ];
    return joined([words([interfaceId, 0, 0], little), optionBytes(options, little)]);
  });
}

/** Decryption Secrets Block of TLS key log lines. */
export function secretsBlock(keyLog: Uint8Array, type = 0x544c534b): BuiltBlock {
  return block(10, (little) => joined([words([type, keyLog.length], little), paddedTo4(keyLog)]));
}

/** A block of any type around `body`, its length twice, or what `lengths` says instead. */
export function block(type: number, body: (little: boolean) => Uint8Array, lengths: LengthLies = {}): BuiltBlock {
  return (little) => {
    const content = paddedTo4(body(little));
    const total = 12 + content.length;
    return joined([words([type, lengths.first ?? total], little), content, words([lengths.last ?? total], little)]);
  };
}

export function comment(text: string): PcapngOption {
  return { code: 1, value: new TextEncoder().encode(text) };
}

function optionBytes(options: readonly PcapngOption[], little: boolean): Uint8Array {
  if (options.length === 0) return new Uint8Array(0);
  const written = options.map(({ code, value }) => {
    const head = new Uint8Array(4);
    const view = new DataView(head.buffer);
    view.setUint16(0, code, little);
    view.setUint16(2, value.length, little);
    return joined([head, paddedTo4(value)]);
  });
  return joined([...written, new Uint8Array(4)]);
}

/** The units of a time in a built capture, `perSecond` of them in a second. */
export function unitsAt(timeNs: number, perSecond: bigint): bigint {
  return BUILT_EPOCH_SECONDS * perSecond + (BigInt(timeNs) * perSecond) / 1_000_000_000n;
}

/** What `buildPcap` makes of the same records, as pcapng with one interface. */
export function buildPcapng(
  records: readonly PcapRecord[],
  options: {
    readonly byteOrder?: ByteOrder;
    readonly linkType?: LinkTypeName | number;
    readonly resolution?: 'us' | 'ns';
  } = {},
): Uint8Array {
  const isNano = options.resolution === 'ns';
  const perSecond = isNano ? 1_000_000_000n : 1_000_000n;
  const described = { linkType: options.linkType ?? 'ETHERNET', ...(isNano ? { resolution: 9 } : {}) };
  const packets = records.map(({ timeNs, bytes, originalBytes }) =>
    packetBlock({ units: unitsAt(timeNs, perSecond), bytes, originalBytes: originalBytes ?? bytes.length }),
  );
  return section([interfaceBlock(described), ...packets], options.byteOrder);
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  const all = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
}

function words(values: readonly number[], little: boolean): Uint8Array {
  const bytes = new Uint8Array(4 * values.length);
  const view = new DataView(bytes.buffer);
  for (const [index, value] of values.entries()) view.setUint32(4 * index, value, little);
  return bytes;
}

function bigBytes(value: bigint, little: boolean): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, value, little);
  return bytes;
}

function paddedTo4(bytes: Uint8Array): Uint8Array {
  return bytes.length % 4 === 0 ? bytes : joined([bytes, new Uint8Array(4 - (bytes.length % 4))]);
}
