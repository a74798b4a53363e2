/** What a ClientHello or ServerHello says of what follows (RFC 8446 §4.1, RFC 5246 §7.4.1). */
export interface Hello {
  readonly random: Uint8Array;
  /** The version that was chosen, 0x0303 or 0x0304; of a ClientHello its legacy version. */
  readonly version: number;
  /** The chosen suite; 0 in a ClientHello. */
  readonly cipherSuite: number;
  /** RFC 5246 §6.2.2, RFC 3749; nobody should any more. */
  readonly isCompressed: boolean;
  readonly serverName: string | null;
  /** Offered, or the one chosen (TLS 1.2 only: 1.3 encrypts it). */
  readonly protocols: readonly string[];
  readonly encryptThenMac: boolean;
  /** RFC 8446 §4.1.4: asks for another ClientHello. */
  readonly isRetryRequest: boolean;
  /** In hexadecimal digits; empty where none. A TLS 1.2 server that sends the client's own resumes that session (RFC 5246 §7.4.1.3). */
  readonly sessionId: string;
  /** Of a TLS 1.2 client's hello: an earlier session's ticket, to go on with it (RFC 5077 §3.2); empty where none. */
  readonly ticket: Uint8Array;
  /** Of a ServerHello: it took the client's key of an earlier session (RFC 8446 §4.2.11). */
  readonly hasPreSharedKey: boolean;
  /** Of a ClientHello: early data follow it (RFC 8446 §4.2.10). */
  readonly hasEarlyData: boolean;
}

/** What a TLS 1.3 server says of the session in its first protected message (RFC 8446 §4.3.1). */
export interface EncryptedExtensions {
  /** The one chosen. */
  readonly protocols: readonly string[];
  /** It took the early data. */
  readonly hasEarlyData: boolean;
}

const RANDOM_BYTES = 32;
const NOTHING = new Uint8Array(0);
const EXTENSION = {
  serverName: 0,
  alpn: 16,
  encryptThenMac: 22,
  sessionTicket: 35,
  preSharedKey: 41,
  earlyData: 42,
  supportedVersions: 43,
} as const;
/** SHA-256 of "HelloRetryRequest", in place of a random (RFC 8446 §4.1.3). */
const RETRY_RANDOM = 'cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c';

/** Reads along bytes, and remembers that they ended too early. */
class Cursor {
  readonly bytes: Uint8Array;
  at = 0;
  isCut = false;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }

  number(bytes: number): number {
    let value = 0;
    for (const byte of this.take(bytes)) value = value * 256 + byte;
    return value;
  }

  take(bytes: number): Uint8Array {
    const end = this.at + bytes;
    if (end > this.bytes.length) this.isCut = true;
    const taken = this.bytes.subarray(this.at, Math.min(end, this.bytes.length));
    this.at = Math.min(end, this.bytes.length);
    return taken;
  }

  /** A vector behind its length, of so many bytes. */
  vector(lengthBytes: number): Cursor {
    return new Cursor(this.take(this.number(lengthBytes)));
  }

  get isAtEnd(): boolean {
    return this.at >= this.bytes.length;
  }
}

/** @param body of the handshake message. @returns null where it is cut */
export function readClientHello(body: Uint8Array): Hello | null {
  const cursor = new Cursor(body);
  const version = cursor.number(2);
  const random = cursor.take(RANDOM_BYTES);
  const sessionId = hexOf(cursor.vector(1).bytes);
  cursor.vector(2); // cipher suites
  cursor.vector(1); // compression methods
  if (cursor.isCut) return null;
  const extensions = extensionsOf(cursor, false);
  return { ...extensions, random, version, cipherSuite: 0, isCompressed: false, isRetryRequest: false, sessionId };
}

/** As `readClientHello`. */
export function readServerHello(body: Uint8Array): Hello | null {
  const cursor = new Cursor(body);
  const legacy = cursor.number(2);
  const random = cursor.take(RANDOM_BYTES);
  const sessionId = hexOf(cursor.vector(1).bytes);
  const cipherSuite = cursor.number(2);
  const isCompressed = cursor.number(1) !== 0;
  if (cursor.isCut) return null;
  const { version, ...extensions } = extensionsOf(cursor, true);
  const isRetryRequest = hexOf(random) === RETRY_RANDOM;
  return {
    random,
    version: version === 0 ? legacy : version,
    cipherSuite,
    isCompressed,
    isRetryRequest,
    sessionId,
    ...extensions,
  };
}

export function readEncryptedExtensions(body: Uint8Array): EncryptedExtensions {
  return extensionsOf(new Cursor(body), true);
}

type Extensions = Pick<
  Hello,
  'serverName' | 'protocols' | 'encryptThenMac' | 'ticket' | 'hasPreSharedKey' | 'hasEarlyData'
> & {
  version: number;
};

function extensionsOf(cursor: Cursor, isServer: boolean): Extensions {
  const found: { -readonly [K in keyof Extensions]: Extensions[K] } = {
    version: 0,
    serverName: null,
    protocols: [],
    encryptThenMac: false,
    ticket: NOTHING,
    hasPreSharedKey: false,
    hasEarlyData: false,
  };
  const extensions = cursor.isAtEnd ? new Cursor(new Uint8Array(0)) : cursor.vector(2);
  while (!extensions.isAtEnd && !extensions.isCut) {
    const type = extensions.number(2);
    const content = extensions.vector(2);
    if (type === EXTENSION.encryptThenMac) found.encryptThenMac = true;
    else if (type === EXTENSION.sessionTicket) found.ticket = content.bytes;
    else if (type === EXTENSION.preSharedKey) found.hasPreSharedKey = true;
    else if (type === EXTENSION.earlyData) found.hasEarlyData = true;
    else if (type === EXTENSION.supportedVersions && isServer) found.version = content.number(2);
    else if (type === EXTENSION.alpn) found.protocols = protocolsOf(content.vector(2));
    else if (type === EXTENSION.serverName && !isServer) found.serverName = serverNameOf(content.vector(2));
  }
  return found;
}

/** Names of protocols that are kept of a hello: clients offer two or three, a hostile one 16,000 empty ones. */
const PROTOCOLS_MAX = 16;

/** RFC 7301 §3.1. */
function protocolsOf(list: Cursor): string[] {
  const protocols: string[] = [];
  while (!list.isAtEnd && !list.isCut && protocols.length < PROTOCOLS_MAX) protocols.push(textOf(list.vector(1).bytes));
  return protocols;
}

/** RFC 6066 §3. */
function serverNameOf(list: Cursor): string | null {
  if (list.isAtEnd || list.number(1) !== 0) return null;
  return textOf(list.vector(2).bytes);
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 255));
}

/** Lower case. */
export function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
