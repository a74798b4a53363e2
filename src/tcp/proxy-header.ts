/**
 * The PROXY protocol's header (version 1 and 2 of HAProxy's specification, §2): what a load balancer puts before a connection's first
 * byte to name the client that it speaks for. It stands before TLS and before HTTP, so every stage may have to step over it.
 */

/** Longest header that is read: address blocks are at most 216 bytes, the rest are TLVs (a balancer's own ids, a TLS client's name). */
export const PROXY_HEADER_MAX_BYTES: number = 16 + 4096;
/** With so many bytes it is told from everything else. */
export const PROXY_START_BYTES = 12;
/** §2.1: "PROXY TCP6" with two of the longest addresses and ports. */
const V1_MAX_BYTES = 107;
const V1_START = bytesOf('PROXY ');
const V2_START = bytesOf('\r\n\r\n\0\r\nQUIT\n');
const V2 = { versionAndCommand: 12, family: 13, length: 14, addresses: 16 } as const;
const VERSION_2 = 0x20;
const COMMAND_PROXY = 0x21;
/** §2.2: family and transport in one byte; source and destination address, then their ports. */
const TCP_OVER_IPV4 = { code: 0x11, source: 16, sourcePort: 24, bytes: 12 } as const;
const TCP_OVER_IPV6 = { code: 0x21, source: 16, sourcePort: 48, bytes: 36 } as const;

const CR = 0x0d;
const LF = 0x0a;
const WORD_BYTES = 4;
const WORDS = 4;
const GROUPS = 8;
const PORT_MAX = 0xffff;

function bytesOf(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

/** How much of a header is there. */
export const PROXY_HEADER = {
  /** These bytes do not begin one. */
  none: 0,
  /** They may, or do, and are not all of it. */
  cut: -1,
} as const;

/** Whom the connection is for. Reused: valid until the next header is read. */
export class ProxiedClient {
  /** 4 or 6; 0 where the header names nobody (a balancer's own health check, or a family that is not IP). */
  ipVersion: 0 | 4 | 6 = 0;
  /** Of the client: its address in network order, as `Segment` has it; of IPv4 only the last word. */
  readonly words: Int32Array = new Int32Array(WORDS);
  port = 0;
}

/**
 * Reads a PROXY header.
 * @returns its bytes, with the client in `into`; PROXY_HEADER.none or PROXY_HEADER.cut, `into` then says nothing
 */
export function readProxyHeader(view: DataView, at: number, end: number, into: ProxiedClient): number {
  into.ipVersion = 0;
  if (begins(view, at, end, V1_START)) return readText(view, at, end, into);
  if (begins(view, at, end, V2_START)) return readBinary(view, at, end, into);
  return PROXY_HEADER.none;
}

/** Whether bytes begin as a header does, as far as they go. */
export function beginsProxyHeader(view: DataView, at: number, end: number): boolean {
  return begins(view, at, end, V1_START) || begins(view, at, end, V2_START);
}

function begins(view: DataView, at: number, end: number, start: Uint8Array): boolean {
  const most = Math.min(start.length, end - at);
  for (let i = 0; i < most; i++) if (view.getUint8(at + i) !== start[i]) return false;
  return true;
}

/** §2.1: `PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n`, or `PROXY UNKNOWN` and anything. */
function readText(view: DataView, at: number, end: number, into: ProxiedClient): number {
  const most = Math.min(end, at + V1_MAX_BYTES);
  let lineEnd = at;
  while (lineEnd < most && view.getUint8(lineEnd) !== LF) lineEnd++;
  if (lineEnd === most) return end - at < V1_MAX_BYTES ? PROXY_HEADER.cut : PROXY_HEADER.none;
  if (view.getUint8(lineEnd - 1) !== CR) return PROXY_HEADER.none;
  let line = '';
  for (let next = at; next < lineEnd - 1; next++) line += String.fromCharCode(view.getUint8(next));
  const [, family, source = '', , port = ''] = line.split(' ');
  if (!/^(?:TCP4|TCP6|UNKNOWN)$/.test(family ?? '')) return PROXY_HEADER.none;
  const isKnown = family === 'TCP4' ? readIpv4(source, into.words) : family === 'TCP6' && readIpv6(source, into.words);
  if (isKnown && /^\d{1,5}$/.test(port) && Number(port) <= PORT_MAX) {
    into.ipVersion = family === 'TCP4' ? 4 : 6;
    into.port = Number(port);
  }
  return lineEnd + 1 - at;
}

/** §2.2. */
function readBinary(view: DataView, at: number, end: number, into: ProxiedClient): number {
  if (end - at < V2.addresses) return PROXY_HEADER.cut;
  const versionAndCommand = view.getUint8(at + V2.versionAndCommand);
  const length = view.getUint16(at + V2.length);
  const bytes = V2.addresses + length;
  if ((versionAndCommand & 0xf0) !== VERSION_2 || bytes > PROXY_HEADER_MAX_BYTES) return PROXY_HEADER.none;
  if (end - at < bytes) return PROXY_HEADER.cut;
  const family = view.getUint8(at + V2.family);
  if (versionAndCommand !== COMMAND_PROXY) return bytes;
  if (family === TCP_OVER_IPV4.code && length >= TCP_OVER_IPV4.bytes) {
    into.ipVersion = 4;
    into.words.fill(0);
    into.words[WORDS - 1] = view.getInt32(at + TCP_OVER_IPV4.source);
    into.port = view.getUint16(at + TCP_OVER_IPV4.sourcePort);
  } else if (family === TCP_OVER_IPV6.code && length >= TCP_OVER_IPV6.bytes) {
    into.ipVersion = 6;
    for (let i = 0; i < WORDS; i++) into.words[i] = view.getInt32(at + TCP_OVER_IPV6.source + i * WORD_BYTES);
    into.port = view.getUint16(at + TCP_OVER_IPV6.sourcePort);
  }
  return bytes;
}

function readIpv4(text: string, into: Int32Array): boolean {
  const bytes = text.split('.').map((part) => (/^\d{1,3}$/.test(part) ? Number(part) : Number.NaN));
  if (bytes.length !== WORD_BYTES || !bytes.every((byte) => byte <= 0xff)) return false;
  into.fill(0);
  into[WORDS - 1] = bytes.reduce((word, byte) => (word << 8) | byte, 0);
  return true;
}

/** RFC 4291 §2.2, forms 1 and 2. */
function readIpv6(text: string, into: Int32Array): boolean {
  const halves = text.split('::');
  const [front = [], back = []] = halves.map((half) => (half === '' ? [] : half.split(':')));
  const missing = GROUPS - front.length - back.length;
  if (halves.length > 2 || (halves.length === 2 ? missing < 1 : missing !== 0)) return false;
  const groups = [...front, ...Array.from({ length: missing }, () => '0'), ...back];
  if (!groups.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false;
  for (let i = 0; i < WORDS; i++) {
    into[i] = (Number.parseInt(groups[2 * i] ?? '', 16) << 16) | Number.parseInt(groups[2 * i + 1] ?? '', 16);
  }
  return true;
}
