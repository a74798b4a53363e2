import { KEPT_VALUE_MAX_BYTES } from '../hpack/decode.ts';
import { ValueCache } from '../hpack/values.ts';

/** What Buffer has and its types leave out. */
interface Latin1Bytes {
  latin1Slice(start: number, end: number): string;
}

/** Makes strings of bytes that are kept (latin1, as header values are elsewhere); the ones made lately are found, not made again. */
export class TextReader {
  private readonly octets = new Uint8Array(KEPT_VALUE_MAX_BYTES);
  private readonly bytes: Latin1Bytes = Buffer.from(this.octets.buffer) as Buffer & Latin1Bytes;
  private readonly cache = new ValueCache();

  /** @returns null where it is longer than KEPT_VALUE_MAX_BYTES */
  read(view: DataView, at: number, end: number): string | null {
    const length = end - at;
    if (length > KEPT_VALUE_MAX_BYTES) return null;
    if (this.cache.find(view, at, length, 0)) return this.cache.value;
    for (let i = 0; i < length; i++) this.octets[i] = view.getUint8(at + i);
    const text = this.bytes.latin1Slice(0, length);
    this.cache.keep(view, at, length, length, text);
    return text;
  }
}
