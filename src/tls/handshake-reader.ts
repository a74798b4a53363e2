import type { Budget } from './budget.ts';

const HEADER_BYTES = 4;
/** Hellos are far shorter (RFC 8446 §4.1.2 allows more, in extensions that nobody sends). */
const BODY_MAX_BYTES: number = 2 ** 14;
const NOTHING = new Uint8Array(0);

export type OnMessage = (type: number, body: Uint8Array) => void;

/**
 * Cuts the handshake bytes of one direction into messages (RFC 8446 §4), whatever records they came in (§5.1). Only wanted types are
 * collected: certificates are stepped over, so that what is kept is bounded and each byte is looked at once.
 */
export class HandshakeReader {
  readonly #isWanted: (type: number) => boolean;
  readonly #budget: Budget;
  readonly #header = new Uint8Array(HEADER_BYTES);
  #headerBytes = 0;
  /** Bytes of the body still to come. */
  #missing = 0;
  #body: Uint8Array = NOTHING;

  /** @param budget of what all readers collect: a message for which there is no room is stepped over */
  constructor(isWanted: (type: number) => boolean, budget: Budget) {
    this.#isWanted = isWanted;
    this.#budget = budget;
  }

  /** Takes the next bytes, and tells each wanted message as it is complete; its body is the caller's to keep. */
  read(bytes: Uint8Array, onMessage: OnMessage): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#headerBytes < HEADER_BYTES) {
        this.#header[this.#headerBytes++] = bytes[at++] ?? 0;
        if (this.#headerBytes < HEADER_BYTES) continue;
        this.#begin();
      }
      const taken = Math.min(this.#missing, bytes.length - at);
      if (this.#body.length > 0) this.#body.set(bytes.subarray(at, at + taken), this.#body.length - this.#missing);
      at += taken;
      this.#missing -= taken;
      if (this.#missing === 0) this.#end(onMessage);
    }
  }

  /** From here on messages begin anew. */
  restart(): void {
    this.#headerBytes = 0;
    this.#missing = 0;
    this.#budget.give(this.#body.length);
    this.#body = NOTHING;
  }

  get #type(): number {
    return this.#header[0] ?? 0;
  }

  #begin(): void {
    const [, high = 0, middle = 0, low = 0] = this.#header;
    this.#missing = (high << 16) | (middle << 8) | low;
    const isKept = this.#isWanted(this.#type) && this.#missing <= BODY_MAX_BYTES;
    this.#body = isKept && this.#budget.take(this.#missing) ? new Uint8Array(this.#missing) : NOTHING;
  }

  #end(onMessage: OnMessage): void {
    const body = this.#body;
    const type = this.#type;
    const isWhole = this.#headerBytes === HEADER_BYTES && this.#isWanted(type);
    this.restart();
    if (isWhole && body.length > 0) onMessage(type, body);
  }
}
