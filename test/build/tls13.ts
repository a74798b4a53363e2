import { createCipheriv, createHash, createHmac } from 'node:crypto';
import { concat } from './h2.ts';
import { latin1 } from './hpack.ts';

/** Records of TLS 1.3 made by hand (RFC 8446), for what no peer at hand can be made to send: TLS_AES_128_GCM_SHA256 throughout. */
const SUITE = [0x13, 0x01];
const RANDOM_BYTES = 32;
/** SHA-256 of "HelloRetryRequest" (§4.1.3). */
const RETRY = Uint8Array.from(createHash('sha256').update('HelloRetryRequest').digest());
export const HANDSHAKE = 22;
export const APPLICATION_DATA = 23;
export const CHANGE_CIPHER_SPEC: Uint8Array = Uint8Array.of(20, 3, 3, 0, 1, 1);

/** HKDF-Expand-Label of at most 32 bytes: one block of HMAC. */
function expanded(secret: Uint8Array, label: string, bytes: number): Uint8Array {
  const name = latin1(`tls13 ${label}`);
  const info = concat(Uint8Array.of(0, bytes, name.length), name, Uint8Array.of(0, 1));
  return Uint8Array.from(createHmac('sha256', secret).update(info).digest()).subarray(0, bytes);
}

function record(type: number, fragment: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, 3, 3, fragment.length >> 8, fragment.length & 0xff), fragment);
}

/** One direction under one traffic secret. */
export class Sealer {
  readonly #secret: Uint8Array;
  #sequence = 0;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** @param padding zeros behind the content's type (§5.4) */
  seal(type: number, content: Uint8Array, padding = 0): Uint8Array {
    const inner = concat(content, Uint8Array.of(type), new Uint8Array(padding));
    const nonce = expanded(this.#secret, 'iv', 12);
    nonce[10] = (nonce[10] ?? 0) ^ (this.#sequence >> 8);
    nonce[11] = (nonce[11] ?? 0) ^ (this.#sequence++ & 0xff);
    const bytes = inner.length + 16;
    const header = Uint8Array.of(APPLICATION_DATA, 3, 3, bytes >> 8, bytes & 0xff);
    const cipher = createCipheriv('aes-128-gcm', expanded(this.#secret, 'key', 16), nonce);
    cipher.setAAD(header);
    const sealed = [cipher.update(inner), cipher.final(), cipher.getAuthTag()];
    return concat(header, ...sealed.map((each) => Uint8Array.from(each)));
  }

  /** What comes after it is under the next secret (§7.2). */
  updateKeys(): [record: Uint8Array, next: Sealer] {
    const update = message(24, Uint8Array.of(0));
    return [this.seal(HANDSHAKE, update), new Sealer(expanded(this.#secret, 'traffic upd', 32))];
  }
}

function message(type: number, body: Uint8Array): Uint8Array {
  return concat(Uint8Array.of(type, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff), body);
}

function extension(type: number, ...body: readonly number[]): number[] {
  return [0, type, body.length >> 8, body.length & 0xff, ...body];
}

function extensions(...each: readonly number[][]): Uint8Array {
  const all = each.flat();
  return Uint8Array.of(all.length >> 8, all.length & 0xff, ...all);
}

const VERSIONS = 43;
const EARLY_DATA = 42;
const PRE_SHARED_KEY = 41;

export function clientHello(random: Uint8Array, hasEarlyData: boolean): Uint8Array {
  const early = hasEarlyData ? [extension(EARLY_DATA), extension(PRE_SHARED_KEY, 0, 0, 0, 0)] : [];
  const start = Uint8Array.of(3, 3, ...random, 0, 0, 2, ...SUITE, 1, 0);
  return record(HANDSHAKE, message(1, concat(start, extensions(extension(VERSIONS, 2, 3, 4), ...early))));
}

export function serverHello(hasPreSharedKey: boolean): Uint8Array {
  return hello(new Uint8Array(RANDOM_BYTES).fill(9), hasPreSharedKey ? [extension(PRE_SHARED_KEY, 0, 0)] : []);
}

export function retryRequest(): Uint8Array {
  return hello(RETRY, []);
}

function hello(random: Uint8Array, more: readonly number[][]): Uint8Array {
  const start = Uint8Array.of(3, 3, ...random, 0, ...SUITE, 0);
  return record(HANDSHAKE, message(2, concat(start, extensions(extension(VERSIONS, 3, 4), ...more))));
}

export function encryptedExtensions(hasEarlyData: boolean): Uint8Array {
  return message(8, extensions(...(hasEarlyData ? [extension(EARLY_DATA)] : [])));
}

export const FINISHED: Uint8Array = message(20, new Uint8Array(32));
export const END_OF_EARLY_DATA: Uint8Array = message(5, new Uint8Array(0));

/** A line of a key log. */
export function keyLine(label: string, random: Uint8Array, secret: Uint8Array): string {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  return `${label} ${hex(random)} ${hex(secret)}\n`;
}
