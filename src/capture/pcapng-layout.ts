/** Layout and numbers of pcapng (draft-ietf-opsawg-pcapng). All offsets count from the block's first byte. */

export const BLOCK: Readonly<
  Record<
    | 'interface'
    | 'packet'
    | 'simplePacket'
    | 'nameResolution'
    | 'interfaceStatistics'
    | 'enhancedPacket'
    | 'journal'
    | 'secrets'
    | 'custom'
    | 'customNotCopied'
    | 'section',
    number
  >
> = {
  interface: 1,
  /** Obsolete (appendix A). */
  packet: 2,
  simplePacket: 3,
  nameResolution: 4,
  interfaceStatistics: 5,
  enhancedPacket: 6,
  journal: 9,
  secrets: 10,
  custom: 0x0000_0bad,
  customNotCopied: 0x4000_0bad,
  /** Reads the same in both byte orders. */
  section: 0x0a0d_0d0a,
};

/** Sysdig's events: Wireshark numbers them like packets. */
export const SYSDIG_EVENTS: ReadonlySet<number> = new Set([0x204, 0x208, 0x216, 0x217, 0x221, 0x222, 0x223]);

// §3.1: general block structure
export const BLOCK_TYPE = 0;
export const BLOCK_TOTAL = 4;
export const BLOCK_HEAD_BYTES = 8;
export const BLOCK_TAIL_BYTES = 4;
export const BLOCK_MIN_BYTES: number = BLOCK_HEAD_BYTES + BLOCK_TAIL_BYTES;

/** Blocks up to this length are looked at in one piece; of longer ones only a packet's data are, or the secrets. */
export const WHOLE_BLOCK_BYTES: number = 512 * 1024;

// §4.1: section header
export const SECTION_BYTE_ORDER = 8;
export const SECTION_MAJOR = 12;
export const SECTION_MINOR = 14;
export const SECTION_OPTIONS = 24;
export const SECTION_MIN_BYTES = 28;
export const BYTE_ORDER_MAGIC = 0x1a2b_3c4d;

// §4.2: interface description
export const INTERFACE_LINK_TYPE = 8;
export const INTERFACE_SNAP_LENGTH = 12;
export const INTERFACE_OPTIONS = 16;
export const INTERFACE_MIN_BYTES: number = INTERFACE_OPTIONS + BLOCK_TAIL_BYTES;

// §4.3: enhanced packet; the obsolete packet block has the same fields but for a shorter interface id
export const PACKET_INTERFACE = 8;
export const PACKET_TIME_HIGH = 12;
export const PACKET_TIME_LOW = 16;
export const PACKET_CAPTURED = 20;
export const PACKET_ORIGINAL = 24;
export const PACKET_DATA = 28;
export const PACKET_MIN_BYTES: number = PACKET_DATA + BLOCK_TAIL_BYTES;

// §4.4: simple packet
export const SIMPLE_ORIGINAL = 8;
export const SIMPLE_DATA = 12;
export const SIMPLE_MIN_BYTES: number = SIMPLE_DATA + BLOCK_TAIL_BYTES;

// §4.6: interface statistics
export const STATISTICS_INTERFACE = 8;
export const STATISTICS_OPTIONS = 20;
export const STATISTICS_MIN_BYTES: number = STATISTICS_OPTIONS + BLOCK_TAIL_BYTES;

// §4.7: decryption secrets
export const SECRETS_TYPE = 8;
export const SECRETS_BYTES = 12;
export const SECRETS_DATA = 16;
export const SECRETS_MIN_BYTES: number = SECRETS_DATA + BLOCK_TAIL_BYTES;
export const SECRETS_TLS_KEY_LOG = 0x544c_534b;

// §4.8: custom block; what follows its Private Enterprise Number is its own
export const CUSTOM_DATA = 12;
export const CUSTOM_MIN_BYTES: number = CUSTOM_DATA + BLOCK_TAIL_BYTES;

// §3.5: options
export const OPTION_HEAD_BYTES = 4;
export const OPTION_LENGTH = 2;
export const OPTION = {
  end: 0,
  comment: 1,
  interfaceName: 2,
  application: 4,
  resolution: 9,
  offset: 14,
  dropped: 5,
  droppedByOs: 7,
} as const;

// §4.5: name resolution; records of the same form as options
export const NAMES_END = 0;

/** Data and options are padded to 32 bits. */
export function padded(bytes: number): number {
  return (bytes + 3) & ~3;
}
