/**
 * What the capture stage hands to its right: the records that lie whole in the block just read, as columns.
 *
 * Columns instead of a call per record: a row costs no object, and the stages stay apart (design §3).
 * Everything here is reused: `view` and all rows are valid only until the consumer returns.
 */
export interface RecordBatch {
  /** The block. Record offsets are offsets in here. */
  view: DataView;
  /** Rows in use. */
  count: number;
  /** Packet number of row 0; 1-based in its own file, as Wireshark counts. */
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
  /** LINKTYPE_ number (tcpdump.org list). */
  readonly linkType: Int32Array;
}

/** The most rows that a batch carries: a 1 MiB block of bare 16-byte record headers would need 65,536. */
export const BATCH_ROWS: number = 4096;

/** A batch with room for BATCH_ROWS rows, over `view`. */
export function createBatch(view: DataView, file: number): RecordBatch {
  return {
    view,
    count: 0,
    firstPacket: 1,
    file,
    at: new Int32Array(BATCH_ROWS),
    capturedBytes: new Int32Array(BATCH_ROWS),
    originalBytes: new Float64Array(BATCH_ROWS),
    timeNs: new Float64Array(BATCH_ROWS),
    linkType: new Int32Array(BATCH_ROWS),
  };
}
