/** Walks through a structure of TLS (RFC 8446 §3), copying what may stay of it into as many zero bytes. Whatever the lengths say, it ends. */
export class TlsStructure {
  readonly #from: Uint8Array;
  readonly #to: Uint8Array;
  readonly #end: number;
  #at: number;

  constructor(from: Uint8Array, to: Uint8Array, at: number, end: number) {
    this.#from = from;
    this.#to = to;
    this.#at = at;
    this.#end = Math.min(end, from.length);
  }

  get at(): number {
    return this.#at;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#end;
  }

  /** The bytes that were not walked over yet. */
  get rest(): Uint8Array {
    return this.#from.subarray(this.#at, this.#end);
  }

  /** Takes over so many bytes, as far as there are any. @returns the number that they are */
  keep(bytes: number): number {
    const { at, bytes: kept } = this.take(bytes);
    this.#to.set(kept, at);
    return kept.reduce((value, byte) => value * 256 + byte, 0);
  }

  keepAll(): void {
    this.keep(this.#end - this.#at);
  }

  /** Steps over so many bytes. */
  take(bytes: number): { readonly at: number; readonly length: number; readonly bytes: Uint8Array } {
    const at = this.#at;
    this.#at = Math.min(at + bytes, this.#end);
    return { at, length: this.#at - at, bytes: this.#from.subarray(at, this.#at) };
  }

  /** What stands behind its length, a number of so many bytes, which stays. */
  vector(lengthBytes: number): TlsStructure {
    const length = this.keep(lengthBytes);
    const { at, length: taken } = this.take(length);
    return new TlsStructure(this.#from, this.#to, at, at + taken);
  }

  write(at: number, bytes: Uint8Array): void {
    this.#to.set(bytes.subarray(0, Math.max(this.#end - at, 0)), at);
  }

  writeText(text: string): void {
    this.write(
      this.#at,
      Uint8Array.from(text, (character) => character.charCodeAt(0)),
    );
    this.#at = this.#end;
  }
}
