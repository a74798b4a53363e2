import { copyExtensions, copyHello, type HelloStandIns } from './tls-hello.ts';
import { TlsStructure } from './tls-structure.ts';

/** RFC 8446 §4, RFC 5246 §7.4. */
const MESSAGE = { clientHello: 1, serverHello: 2, newSessionTicket: 4, encryptedExtensions: 8, keyUpdate: 24 } as const;
/** Types in use, from hello requests to compressed certificates (IANA's registry). */
const TYPES: ReadonlySet<number> = new Set([0, 1, 2, 4, 5, 8, 11, 12, 13, 14, 15, 16, 20, 21, 22, 24, 25]);
/** A type, and a length of 24 bits; no chain of certificates is longer. */
const HEADER_BYTES = 4;
const MESSAGE_MAX_BYTES: number = 2 ** 16;
const LIFETIME_BYTES = 4;

/** Handshake messages of one direction: their types and lengths stay, of what they say what names nobody. Certificates are zeros. */
export class HandshakeMessages {
  readonly #standIns: HelloStandIns;
  /** Bytes of a message that goes on in the next record; Infinity where something is no message. */
  #missing = 0;

  constructor(standIns: HelloStandIns) {
    this.#standIns = standIns;
  }

  /** Records were lost: the next one begins with a message. */
  lose(): void {
    this.#missing = 0;
  }

  /** @param content  of one record. @returns as many bytes */
  rewritten(content: Uint8Array): Uint8Array {
    const told = new Uint8Array(content.length);
    let at = Math.min(this.#missing, content.length);
    this.#missing -= at;
    while (content.length - at >= HEADER_BYTES) {
      const [type = 0, high = 0, middle = 0, low = 0] = content.subarray(at);
      const bytes = high * 65_536 + middle * 256 + low;
      if (!TYPES.has(type) || bytes > MESSAGE_MAX_BYTES) {
        this.#missing = Infinity;
        return told;
      }
      told.set(content.subarray(at, at + HEADER_BYTES), at);
      const end = at + HEADER_BYTES + bytes;
      if (end <= content.length) this.#copy(type, new TlsStructure(content, told, at + HEADER_BYTES, end));
      else this.#missing = end - content.length;
      at = Math.min(end, content.length);
    }
    return told;
  }

  #copy(type: number, body: TlsStructure): void {
    switch (type) {
      case MESSAGE.clientHello:
      case MESSAGE.serverHello:
        return copyHello(body, type === MESSAGE.clientHello, this.#standIns);
      case MESSAGE.encryptedExtensions:
        return copyExtensions(body, false, this.#standIns.names);
      case MESSAGE.keyUpdate:
        return body.keepAll();
      case MESSAGE.newSessionTicket:
        body.keep(LIFETIME_BYTES);
        return undefined;
      default:
    }
  }
}
