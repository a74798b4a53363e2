import { enterTunnel, goInside, INNER } from './inner.ts';
import { type Segment, TUNNEL } from './segment.ts';
import { STOP, type StopCode } from './stop.ts';

// RFC 2784 §2.1, RFC 2890 §2; RFC 1701 for the routing bit; RFC 2637 §4.1 for version 1
const FLAGS = 0;
const PROTOCOL = 2;
const HEADER_BYTES = 4;
const FLAG = { checksum: 0x8000, routing: 0x4000, key: 0x2000, sequence: 0x1000, acknowledgement: 0x0080 } as const;
const VERSION_MASK = 0x0007;
const FIELD_BYTES = 4;
const VERSION = { plain: 0, pptp: 1 } as const;

/** Cisco's mirror of an Ethernet port, and its later form (draft-foschiano-erspan-03 §4). */
const ERSPAN = { typeII: 0x88be, typeIII: 0x22eb } as const;
const ERSPAN_II_BYTES = 8;
const ERSPAN_III_BYTES = 12;
const ERSPAN_III_OPTION_BIT_AT = 11;
const ERSPAN_III_OPTION_BYTES = 8;
/** WCCP's second version has a word in front of the packet. */
const WCCP = 0x883e;

/** Reads a GRE header; what follows is named by an EtherType. */
export function readGre(view: DataView, at: number, end: number, wireEnd: number, into: Segment): StopCode {
  if (end - at < HEADER_BYTES) return STOP.tunnelCut;
  const flags = view.getUint16(at + FLAGS);
  const protocol = view.getUint16(at + PROTOCOL);
  const version = flags & VERSION_MASK;
  if (version > VERSION.pptp) return STOP.tunnelOdd;
  // RFC 1701's source routes are of a variable length that nobody uses (RFC 2784 §2.3: such packets are discarded).
  if ((flags & FLAG.routing) !== 0) return STOP.tunnelOdd;
  const innerAt = at + headerBytes(flags, version);
  if (innerAt > end) return STOP.tunnelCut;
  const hasKey = (flags & FLAG.key) !== 0;
  const keyAt = at + HEADER_BYTES + ((flags & FLAG.checksum) !== 0 ? FIELD_BYTES : 0);
  // RFC 2637 §4.1: an acknowledgement without a sequence number carries nothing.
  if (version === VERSION.pptp && (flags & FLAG.sequence) === 0) return STOP.gre;
  enterTunnel(TUNNEL.gre, hasKey && version === VERSION.plain ? view.getInt32(keyAt) : 0, into);
  return readPayload(view, innerAt, end, wireEnd, protocol, (flags & FLAG.sequence) !== 0, into);
}

function headerBytes(flags: number, version: number): number {
  let bytes = HEADER_BYTES;
  if ((flags & FLAG.checksum) !== 0) bytes += FIELD_BYTES;
  if ((flags & FLAG.key) !== 0) bytes += FIELD_BYTES;
  if ((flags & FLAG.sequence) !== 0) bytes += FIELD_BYTES;
  if (version === VERSION.pptp && (flags & FLAG.acknowledgement) !== 0) bytes += FIELD_BYTES;
  return bytes;
}

function readPayload(
  view: DataView,
  at: number,
  end: number,
  wireEnd: number,
  protocol: number,
  hasSequence: boolean,
  into: Segment,
): StopCode {
  switch (protocol) {
    case ERSPAN.typeII:
      // Type I has no header of its own, and no sequence number by which the two are told apart.
      return goInside(at + (hasSequence ? ERSPAN_II_BYTES : 0), end, wireEnd, INNER.ethernet, into);
    case ERSPAN.typeIII: {
      if (end - at < ERSPAN_III_BYTES) return STOP.tunnelCut;
      const hasOption = (view.getUint8(at + ERSPAN_III_OPTION_BIT_AT) & 1) !== 0;
      const bytes = ERSPAN_III_BYTES + (hasOption ? ERSPAN_III_OPTION_BYTES : 0);
      return goInside(at + bytes, end, wireEnd, INNER.ethernet, into);
    }
    case WCCP: {
      // The word is there where no IP header begins.
      const isBare = at < end && view.getUint8(at) >> 4 === 4;
      return goInside(isBare ? at : at + FIELD_BYTES, end, wireEnd, INNER.ipv4, into);
    }
    default:
      return goInside(at, end, wireEnd, protocol, into);
  }
}
