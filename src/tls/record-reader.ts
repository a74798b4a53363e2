import type { Budget } from './budget.ts';

/** Content types (RFC 8446 §5.1). */
export const CONTENT = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

export const HEADER_BYTES = 5;
/** 2^14 of plaintext and what protection may add in TLS 1.2 (RFC 5246 §6.2.3). */
export const FRAGMENT_MAX_BYTES: number = 2 ** 14 + 2048;
const FIRST_BYTES = 2048;
const NOTHING = new Uint8Array(0);

export type OnRecord = (type: number, version: number, fragment: Uint8Array) => void;

/** Whether a record may begin with these bytes; as far as there are any. */
export function isRecordStart(view: DataView, at: number, end: number): boolean {
  if (end - at < 3) return false;
  const type = view.getUint8(at);
  if (type < CONTENT.changeCipherSpec || type > CONTENT.applicationData) return false;
  if (view.getUint8(at + 1) !== 3 || view.getUint8(at + 2) > 4) return false;
  return end - at < HEADER_BYTES || view.getUint16(at + 3) <= FRAGMENT_MAX_BYTES;
}

/** Whether a segment from the middle of a flow is TLS: two records begin in it, or one that ends where it does. Five bytes alone turn up anywhere. */
export function isRecordChain(view: DataView, at: number, end: number): boolean {
  let next = at;
  for (let records = 0; end - next >= HEADER_BYTES; records++) {
    if (!isRecordStart(view, next, end)) return false;
    if (records === 1) return true;
    next += HEADER_BYTES + view.getUint16(next + 3);
  }
  return next === end;
}

/** Cuts one direction's bytes into records (RFC 8446 §5.1); what segments cut is put together. */
export class RecordReader {
  /** Bytes are missing or are no records: nothing is read until `restart`. */
  isLost = false;
  #kept = new Uint8Array(0);
  #view = new DataView(this.#kept.buffer);
  #keptBytes = 0;
  readonly #budget: Budget;

  /** @param budget of what all readers keep: a flow whose record finds no room is lost */
  constructor(budget: Budget) {
    this.#budget = budget;
  }

  /** Takes the next bytes, and tells each record as it is complete; its fragment is valid until the call returns. */
  read(view: DataView, at: number, end: number, onRecord: OnRecord): void {
    let next = at;
    while (next < end && !this.isLost) {
      if (this.#keptBytes === 0) {
        const whole = this.#wholeAt(view, next, end);
        if (whole > 0) {
          this.#tell(view, next, whole, onRecord);
          next += whole;
          continue;
        }
      }
      next = this.#keep(view, next, end, onRecord);
    }
  }

  /** From here on records begin anew. */
  restart(): void {
    this.isLost = false;
    this.#keptBytes = 0;
  }

  lose(): void {
    this.isLost = true;
    this.#keptBytes = 0;
  }

  /** @returns the length of the record that lies whole in the bytes, 0 where it does not, or where there is none: lost then */
  #wholeAt(view: DataView, at: number, end: number): number {
    if (end - at < HEADER_BYTES) return 0;
    if (!isRecordStart(view, at, end)) {
      this.lose();
      return 0;
    }
    const bytes = HEADER_BYTES + view.getUint16(at + 3);
    return bytes <= end - at ? bytes : 0;
  }

  #keep(view: DataView, at: number, end: number, onRecord: OnRecord): number {
    if (this.isLost) return end;
    let next = at;
    const wanted = (): number =>
      this.#keptBytes < HEADER_BYTES ? HEADER_BYTES : HEADER_BYTES + this.#view.getUint16(3);
    for (let bytes = wanted(); this.#keptBytes < bytes && next < end; bytes = wanted()) {
      const taken = Math.min(bytes - this.#keptBytes, end - next);
      if (!this.#append(view, next, taken)) {
        this.lose();
        return end;
      }
      next += taken;
      if (this.#keptBytes >= HEADER_BYTES && !isRecordStart(this.#view, 0, this.#keptBytes)) {
        this.lose();
        return end;
      }
    }
    if (this.#keptBytes >= HEADER_BYTES && this.#keptBytes === wanted()) {
      this.#keptBytes = 0;
      this.#tell(this.#view, 0, HEADER_BYTES + this.#view.getUint16(3), onRecord);
    }
    return next;
  }

  /** @returns false where there is no room */
  #append(view: DataView, at: number, bytes: number): boolean {
    if (this.#keptBytes + bytes > this.#kept.length) {
      const room = Math.max(FIRST_BYTES, 2 * (this.#keptBytes + bytes));
      if (!this.#budget.take(room - this.#kept.length)) return false;
      const larger = new Uint8Array(room);
      larger.set(this.#kept.subarray(0, this.#keptBytes));
      this.#kept = larger;
      this.#view = new DataView(larger.buffer);
    }
    this.#kept.set(new Uint8Array(view.buffer, view.byteOffset + at, bytes), this.#keptBytes);
    this.#keptBytes += bytes;
    return true;
  }

  /** Gives back what it keeps; nothing may be read after. */
  release(): void {
    this.lose();
    this.#budget.give(this.#kept.length);
    this.#kept = NOTHING;
  }

  #tell(view: DataView, at: number, bytes: number, onRecord: OnRecord): void {
    const fragment = new Uint8Array(view.buffer, view.byteOffset + at + HEADER_BYTES, bytes - HEADER_BYTES);
    onRecord(view.getUint8(at), view.getUint16(at + 1), fragment);
  }
}
