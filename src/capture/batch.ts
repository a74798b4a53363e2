/**
 * What the capture stage hands to its right: the records that lie whole in the block just read, as columns.
 *
 * Columns instead of a call per record: a row costs no object, and the stages stay apart (design §3).
 * Everything here is reused: `view` and all rows are valid only until the consumer returns.
 */
export interface RecordBatch {
  /** The block. Record offsets are offsets in here. */
  view: DataView;
  /** First row in use: where files overlap in time, a batch is handed on in parts. 0 where one file is read. */
  firstRow: number;
  /** Row after the last in use. */
  count: number;
  /** Packet number of row 0, in use or not; 1-based in its own file, as Wireshark counts. */
  firstPacket: number;
  /** Index of the file in the capture. */
  file: number;
  /** Offset in `view` of the packet's first byte. */
  readonly at: Int32Array;
  /** Bytes that the capture holds of the packet. */
  readonly capturedBytes: Int32Array;
  /** Bytes that the packet had on the wire; an unsigned 32-bit number from the record's header. */
  readonly originalBytes: Float64Array;
  /** Nanoseconds since the capture's base time (`CaptureFacts.baseNs`); negative where file order is not time order. */
  readonly timeNs: Float64Array;
  /** LINKTYPE_ number (tcpdump.org list); LINK_UNDECLARED or LINK_NO_PACKET. */
  readonly linkType: Int32Array;
  /** Where the packet was captured: the interface, counted from 0 through all sections of the file; 0 in classic pcap. */
  readonly vantage: Int32Array;
  /** 0 where the record has no time (a Simple Packet Block): `timeNs` is then that of the record before it. */
  readonly hasTime: Uint8Array;
  /**
   * The row's time as nanoseconds since 1970, with every digit that the file has, from the record itself: `timeNs` is exact within 104 days
   * of the base only. Null where the record has no time. Allocates; for what is printed.
   */
  epochNs: (row: number) => bigint | null;
  /** Comments on packets of this batch, by row; also of rows that are not in use. */
  readonly comments: BatchComment[];
}

/** A comment that somebody wrote on a packet; wire text. */
export interface BatchComment {
  readonly row: number;
  readonly text: string;
}

/** The packet's interface was never declared, so that its link type is unknown. */
export const LINK_UNDECLARED: number = -1;

/** No packet, but something that Wireshark numbers like one (a Custom Block): for the numbers to agree, it has a row. */
export const LINK_NO_PACKET: number = -2;

/** The most rows that a batch carries: a 1 MiB block of bare 16-byte record headers would need 65,536. */
export const BATCH_ROWS: number = 4096;

/** A batch with room for BATCH_ROWS rows, over `view`. */
export function createBatch(view: DataView, file: number): RecordBatch {
  return {
    view,
    firstRow: 0,
    count: 0,
    firstPacket: 1,
    file,
    at: new Int32Array(BATCH_ROWS),
    capturedBytes: new Int32Array(BATCH_ROWS),
    originalBytes: new Float64Array(BATCH_ROWS),
    timeNs: new Float64Array(BATCH_ROWS),
    linkType: new Int32Array(BATCH_ROWS),
    vantage: new Int32Array(BATCH_ROWS),
    hasTime: new Uint8Array(BATCH_ROWS).fill(1),
    epochNs: () => null,
    comments: [],
  };
}
