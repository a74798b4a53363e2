import { HEADER_BYTES, isRecordStart, recordBytes, VERSION_AT } from './record.ts';
import type { RecordBuffer, RecordBuffers } from './record-buffers.ts';

export type OnRecord = (type: number, version: number, fragment: Uint8Array) => void;

/** Cuts one direction's bytes into records (RFC 8446 §5.1); what segments cut is put together. */
export class RecordReader {
  /** Bytes are missing or are no records: nothing is read until `restart`. */
  isLost = false;
  /** Offset in the view that is being read at which the record ends that is being told. */
  end = 0;
  readonly #buffers: RecordBuffers;
  readonly #onRecord: OnRecord;
  /** The record that is put together: a buffer, how far it is filled, and how far it goes as far as that is known. */
  #kept: RecordBuffer | null = null;
  #keptBytes = 0;
  #wanted = HEADER_BYTES;

  /**
   * @param buffers  for what is kept: a flow whose record finds no room is lost
   * @param onRecord is told each record as it is complete; its fragment is valid until the call returns
   */
  constructor(buffers: RecordBuffers, onRecord: OnRecord) {
    this.#buffers = buffers;
    this.#onRecord = onRecord;
  }

  /** Takes the next bytes. */
  read(view: DataView, at: number, end: number): void {
    let next = at;
    while (next < end && !this.isLost) {
      const whole = this.#keptBytes === 0 ? this.#wholeAt(view, next, end) : 0;
      if (whole > 0) {
        this.end = next + whole;
        this.#tell(view, next, whole);
        next += whole;
      } else if (!this.isLost) next = this.#keep(view, next, end);
    }
  }

  /** From here on records begin anew. */
  restart(): void {
    this.#drop();
    this.isLost = false;
  }

  lose(): void {
    this.#drop();
    this.isLost = true;
  }

  /** @returns the length of the record that lies whole in the bytes, 0 where it does not, or where there is none: lost then */
  #wholeAt(view: DataView, at: number, end: number): number {
    if (end - at < HEADER_BYTES) return 0;
    if (!isRecordStart(view, at, end)) {
      this.lose();
      return 0;
    }
    const bytes = recordBytes(view, at);
    return bytes <= end - at ? bytes : 0;
  }

  /** Takes a part of a record: as far as a header that is cut goes, else as far as the record. @returns where it ends */
  #keep(view: DataView, at: number, end: number): number {
    if (this.#keptBytes === 0 && end - at >= HEADER_BYTES) this.#wanted = recordBytes(view, at);
    const taken = Math.min(this.#wanted - this.#keptBytes, end - at);
    const kept = this.#roomFor(this.#wanted);
    if (kept === null) {
      this.lose();
      return end;
    }
    kept.bytes.set(new Uint8Array(view.buffer, view.byteOffset + at, taken), this.#keptBytes);
    this.#keptBytes += taken;
    if (this.#keptBytes === HEADER_BYTES && this.#wanted === HEADER_BYTES) {
      if (isRecordStart(kept.view, 0, HEADER_BYTES)) this.#wanted = recordBytes(kept.view, 0);
      else this.lose();
    }
    if (this.#keptBytes === this.#wanted && !this.isLost) {
      this.end = at + taken;
      this.#tell(kept.view, 0, this.#wanted);
      this.#drop();
    }
    return at + taken;
  }

  /** @returns null where there is none */
  #roomFor(bytes: number): RecordBuffer | null {
    const before = this.#kept;
    if (before !== null && before.bytes.length >= bytes) return before;
    const room = this.#buffers.take(bytes);
    if (before !== null) {
      room?.bytes.set(before.bytes.subarray(0, this.#keptBytes));
      this.#buffers.give(before);
    }
    this.#kept = room;
    return room;
  }

  #drop(): void {
    if (this.#kept !== null) this.#buffers.give(this.#kept);
    this.#kept = null;
    this.#keptBytes = 0;
    this.#wanted = HEADER_BYTES;
  }

  #tell(view: DataView, at: number, bytes: number): void {
    const fragment = new Uint8Array(view.buffer, view.byteOffset + at + HEADER_BYTES, bytes - HEADER_BYTES);
    this.#onRecord(view.getUint8(at), view.getUint16(at + VERSION_AT), fragment);
  }
}
