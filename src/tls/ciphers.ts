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
  ...[0x009c, 0x009e, 0xc02b, 0xc02f].map((id) => [id, aead(gcm(128, EXPLICIT_NONCE_BYTES), 'sha256')] as const),
  ...[0x009d, 0x009f, 0xc02c, 0xc030].map((id) => [id, aead(gcm(256, EXPLICIT_NONCE_BYTES), 'sha384')] as const),
  ...[0xc09c, 0xc09e, 0xc0ac].map((id) => [id, aead(ccm(128, EXPLICIT_NONCE_BYTES), 'sha256')] as const),
  ...[0xc09d, 0xc09f, 0xc0ad].map((id) => [id, aead(ccm(256, EXPLICIT_NONCE_BYTES), 'sha256')] as const),
  ...[0xc0a0, 0xc0a2, 0xc0ae].map(
    (id) => [id, aead(ccm(128, EXPLICIT_NONCE_BYTES, SHORT_TAG_BYTES), 'sha256')] as const,
  ),
  ...[0xc0a1, 0xc0a3, 0xc0af].map(
    (id) => [id, aead(ccm(256, EXPLICIT_NONCE_BYTES, SHORT_TAG_BYTES), 'sha256')] as const,
  ),
  ...[0xcca8, 0xcca9, 0xccaa].map((id) => [id, aead(CHACHA, 'sha256')] as const),
  ...[0x002f, 0x0033, 0xc009, 0xc013].map((id) => [id, cbc(128, 'sha1')] as const),
  ...[0x0035, 0x0039, 0xc00a, 0xc014].map((id) => [id, cbc(256, 'sha1')] as const),
  ...[0x003c, 0x0067, 0xc023, 0xc027].map((id) => [id, cbc(128, 'sha256')] as const),
  ...[0x003d, 0x006b].map((id) => [id, cbc(256, 'sha256')] as const),
  ...[0xc024, 0xc028].map((id) => [id, cbc(256, 'sha384')] as const),
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
