/** GRE's header (RFC 2784 §2.1, RFC 2890 §2; RFC 1701 for the routing bit; RFC 2637 §4.1 for version 1) and what mirrors put behind it. */
export const GRE = {
  flags: 0,
  protocol: 2,
  checksum: 4,
  headerBytes: 4,
  fieldBytes: 4,
  versionMask: 0x0007,
} as const;
export const GRE_FLAG = {
  checksum: 0x8000,
  routing: 0x4000,
  key: 0x2000,
  sequence: 0x1000,
  acknowledgement: 0x0080,
} as const;
const VERSION_PPTP = 1;

/** WCCP's second version has a word in front of the packet: it is there where no IP header begins. */
export const GRE_WCCP: number = 0x883e;

/** Cisco's mirror of an Ethernet port, and its later form (draft-foschiano-erspan-03 §4). */
const ERSPAN = { typeII: 0x88be, typeIII: 0x22eb } as const;
const ERSPAN_II_BYTES = 8;
const ERSPAN_III_BYTES = 12;
const ERSPAN_III_OPTION_BIT_AT = 11;
const ERSPAN_III_OPTION_BYTES = 8;

/** The header with those of its fields that the flags announce; not RFC 1701's source routes, which nobody uses (RFC 2784 §2.3). */
export function greBytes(flags: number): number {
  let bytes: number = GRE.headerBytes;
  if ((flags & GRE_FLAG.checksum) !== 0) bytes += GRE.fieldBytes;
  if ((flags & GRE_FLAG.key) !== 0) bytes += GRE.fieldBytes;
  if ((flags & GRE_FLAG.sequence) !== 0) bytes += GRE.fieldBytes;
  const isPptp = (flags & GRE.versionMask) === VERSION_PPTP;
  if (isPptp && (flags & GRE_FLAG.acknowledgement) !== 0) bytes += GRE.fieldBytes;
  return bytes;
}

export function isMirror(protocol: number): boolean {
  return protocol === ERSPAN.typeII || protocol === ERSPAN.typeIII;
}

/**
 * @param at  where a mirror's own header begins
 * @returns its length, which may be more than is there. Type I has none, and no sequence number by which it is told from type II
 */
export function mirrorBytes(view: DataView, at: number, end: number, protocol: number, hasSequence: boolean): number {
  if (protocol === ERSPAN.typeII) return hasSequence ? ERSPAN_II_BYTES : 0;
  const hasOption = end - at >= ERSPAN_III_BYTES && (view.getUint8(at + ERSPAN_III_OPTION_BIT_AT) & 1) !== 0;
  return ERSPAN_III_BYTES + (hasOption ? ERSPAN_III_OPTION_BYTES : 0);
}
