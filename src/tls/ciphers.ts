/** How records are protected. */
export type Cipher =
  | {
      readonly kind: 'aead';
      /** Name in node:crypto. */
      readonly name: 'aes-128-gcm' | 'aes-256-gcm' | 'chacha20-poly1305' | 'aes-128-ccm' | 'aes-256-ccm';
      readonly keyBytes: number;
      /** Of the nonce: sent with each record in TLS 1.2 AES-GCM (RFC 5288 §3) and AES-CCM (RFC 6655 §3), else made from the sequence number. */
      readonly explicitNonceBytes: number;
      readonly tagBytes: number;
    }
  | {
      readonly kind: 'cbc';
      readonly name: 'aes-128-cbc' | 'aes-256-cbc';
      readonly keyBytes: number;
      readonly macBytes: number;
    };

export interface Suite {
  readonly cipher: Cipher;
  /** Of the pseudo-random function or of HKDF. */
  readonly hash: 'sha256' | 'sha384';
  /** Of the MAC of CBC suites. */
  readonly mac: 'sha1' | 'sha256' | 'sha384';
}

const EXPLICIT_NONCE_BYTES = 8;
const TAG_BYTES = 16;
/** Of the suites whose names end in CCM_8 (RFC 6655 §6.1, §6.2). */
const SHORT_TAG_BYTES = 8;
const MAC_BYTES = { sha1: 20, sha256: 32, sha384: 48 } as const;

function gcm(bits: 128 | 256, explicitNonceBytes: number): Cipher {
  const name = bits === 128 ? 'aes-128-gcm' : 'aes-256-gcm';
  return { kind: 'aead', name, keyBytes: bits / 8, explicitNonceBytes, tagBytes: TAG_BYTES };
}

function ccm(bits: 128 | 256, explicitNonceBytes: number, tagBytes: number = TAG_BYTES): Cipher {
  const name = bits === 128 ? 'aes-128-ccm' : 'aes-256-ccm';
  return { kind: 'aead', name, keyBytes: bits / 8, explicitNonceBytes, tagBytes };
}

const CHACHA: Cipher = {
  kind: 'aead',
  name: 'chacha20-poly1305',
  keyBytes: 32,
  explicitNonceBytes: 0,
  tagBytes: TAG_BYTES,
};

function aead(cipher: Cipher, hash: Suite['hash']): Suite {
  return { cipher, hash, mac: 'sha256' };
}

function cbc(bits: 128 | 256, mac: Suite['mac']): Suite {
  const name = bits === 128 ? 'aes-128-cbc' : 'aes-256-cbc';
  return {
    cipher: { kind: 'cbc', name, keyBytes: bits / 8, macBytes: MAC_BYTES[mac] },
    hash: mac === 'sha384' ? 'sha384' : 'sha256',
    mac,
  };
}

type Row = readonly [id: number, suite: Suite];

/** In IANA's registry the suite with keys of 256 bits stands behind the one of 128. */
function both(...ids: readonly number[]): (readonly [id: number, bits: 128 | 256])[] {
  return ids.flatMap((id) => [[id, 128] as const, [id + 1, 256] as const]);
}

function gcmSuite([id, bits]: readonly [number, 128 | 256]): Row {
  return [id, aead(gcm(bits, EXPLICIT_NONCE_BYTES), bits === 128 ? 'sha256' : 'sha384')];
}

function ccmSuite(tagBytes: number): (row: readonly [number, 128 | 256]) => Row {
  return ([id, bits]) => [id, aead(ccm(bits, EXPLICIT_NONCE_BYTES, tagBytes), 'sha256')];
}

function cbcSuite(bits: 128 | 256, mac: Suite['mac']): (id: number) => Row {
  return (id) => [id, cbc(bits, mac)];
}

/** IANA's names of the suites that are met; others are told by their number. */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0x1301, 'TLS_AES_128_GCM_SHA256'],
  [0x1302, 'TLS_AES_256_GCM_SHA384'],
  [0x1303, 'TLS_CHACHA20_POLY1305_SHA256'],
  [0x1304, 'TLS_AES_128_CCM_SHA256'],
  [0x1305, 'TLS_AES_128_CCM_8_SHA256'],
  [0x002f, 'TLS_RSA_WITH_AES_128_CBC_SHA'],
  [0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA'],
  [0x003c, 'TLS_RSA_WITH_AES_128_CBC_SHA256'],
  [0x003d, 'TLS_RSA_WITH_AES_256_CBC_SHA256'],
  [0x009c, 'TLS_RSA_WITH_AES_128_GCM_SHA256'],
  [0x009d, 'TLS_RSA_WITH_AES_256_GCM_SHA384'],
  [0x009e, 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'],
  [0x009f, 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xc0ac, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM'],
  [0xc0ad, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM'],
  [0xc0ae, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'],
  [0xc0af, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8'],
  [0xc009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'],
  [0xc00a, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'],
  [0xc013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'],
  [0xc014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA'],
  [0xc023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'],
  [0xc024, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384'],
  [0xc027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'],
  [0xc028, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'],
  [0xc02b, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'],
  [0xc02c, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'],
  [0xc02f, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'],
  [0xc030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'],
  [0xcca8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'],
  [0xcca9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'],
]);

/** The name of a suite; its number in hexadecimal digits where it has none here. */
export function suiteName(id: number): string {
  return NAMES.get(id) ?? `0x${id.toString(16).padStart(4, '0')}`;
}

/** Suites of TLS 1.3 (RFC 8446 §B.4) and TLS 1.2 (IANA's registry) that are decrypted. */
const SUITES: ReadonlyMap<number, Suite> = new Map([
  [0x1301, aead(gcm(128, 0), 'sha256')],
  [0x1302, aead(gcm(256, 0), 'sha384')],
  [0x1303, aead(CHACHA, 'sha256')],
  [0x1304, aead(ccm(128, 0), 'sha256')],
  [0x1305, aead(ccm(128, 0, SHORT_TAG_BYTES), 'sha256')],
  // Who they are agreed on by, and how keys are exchanged, changes nothing here: RSA, DHE, ECDHE, PSK and the rare ones alike.
  ...both(0x009c, 0x009e, 0x00a0, 0x00a2, 0x00a4, 0x00a6, 0x00a8, 0x00aa, 0x00ac).map(gcmSuite),
  ...both(0xc02b, 0xc02d, 0xc02f, 0xc031).map(gcmSuite),
  [0xd001, aead(gcm(128, EXPLICIT_NONCE_BYTES), 'sha256')],
  [0xd002, aead(gcm(256, EXPLICIT_NONCE_BYTES), 'sha384')],
  ...both(0xc09c, 0xc09e, 0xc0a4, 0xc0a6, 0xc0ac).map(ccmSuite(TAG_BYTES)),
  ...both(0xc0a0, 0xc0a2, 0xc0a8, 0xc0aa, 0xc0ae).map(ccmSuite(SHORT_TAG_BYTES)),
  ...[0xcca8, 0xcca9, 0xccaa, 0xccab, 0xccac, 0xccad, 0xccae].map((id) => [id, aead(CHACHA, 'sha256')] as const),
  ...[0x002f, 0x0030, 0x0031, 0x0032, 0x0033, 0x0034, 0x008c, 0x0090, 0x0094, 0xc035].map(cbcSuite(128, 'sha1')),
  ...[0xc004, 0xc009, 0xc00e, 0xc013, 0xc018].map(cbcSuite(128, 'sha1')),
  ...[0x0035, 0x0036, 0x0037, 0x0038, 0x0039, 0x003a, 0x008d, 0x0091, 0x0095, 0xc036].map(cbcSuite(256, 'sha1')),
  ...[0xc005, 0xc00a, 0xc00f, 0xc014, 0xc019].map(cbcSuite(256, 'sha1')),
  ...[0x003c, 0x003e, 0x003f, 0x0040, 0x0067, 0x006c, 0x00ae, 0x00b2, 0x00b6].map(cbcSuite(128, 'sha256')),
  ...[0xc023, 0xc025, 0xc027, 0xc029, 0xc037].map(cbcSuite(128, 'sha256')),
  ...[0x003d, 0x0068, 0x0069, 0x006a, 0x006b, 0x006d].map(cbcSuite(256, 'sha256')),
  ...[0x00af, 0x00b3, 0x00b7, 0xc024, 0xc026, 0xc028, 0xc02a, 0xc038].map(cbcSuite(256, 'sha384')),
]);

/** What a cipher suite's number stands for; undefined for one that is not decrypted. */
export function suiteOf(id: number): Suite | undefined {
  return SUITES.get(id);
}

/** Suites of TLS 1.3 whose hash is as long as a secret: of early data the hellos do not tell which (RFC 8446 §4.2.10). */
export function suitesOfTls13(secretBytes: number): Suite[] {
  const hash = secretBytes === MAC_BYTES.sha384 ? 'sha384' : 'sha256';
  return [...SUITES].flatMap(([id, suite]) => (id >> 8 === 0x13 && suite.hash === hash ? [suite] : []));
}

/**
 * Bytes that a record is longer than what it holds: nonce, tag, and in TLS 1.3 the type (RFC 8446 §5.2; nobody pads). Null for suites that
 * fill up blocks, and for unknown ones.
 */
export function overheadOf(id: number): number | null {
  const cipher = suiteOf(id)?.cipher;
  if (cipher?.kind !== 'aead') return null;
  return cipher.explicitNonceBytes + cipher.tagBytes + (id >> 8 === 0x13 ? 1 : 0);
}
