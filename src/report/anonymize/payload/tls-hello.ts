import type { StandInRandoms } from '../../../tls/index.ts';
import type { SizedNames } from './sized-names.ts';
import type { TlsStructure } from './tls-structure.ts';

const RANDOM_BYTES = 32;
const RETRY_KEY_SHARE_BYTES = 2;
/** Extensions that say how, and not who: groups, point formats, algorithms, versions, modes and flags (IANA's registry). */
const KEPT: ReadonlySet<number> = new Set([10, 11, 13, 22, 23, 27, 28, 42, 43, 45, 50]);
const EXTENSION = { serverName: 0, alpn: 16, preSharedKey: 41, keyShare: 51, renegotiation: 0xff01 } as const;
/** Names of protocols that everybody has (RFC 7301 §6). */
const PROTOCOLS: ReadonlySet<string> = new Set(['h2', 'http/1.1', 'http/1.0', 'h2c', 'istio', 'istio-peer-exchange']);

/** What hellos have in place of what is somebody's. */
export interface HelloStandIns {
  readonly names: SizedNames;
  readonly randoms: StandInRandoms;
}

/**
 * Writes what may stay of a hello (RFC 8446 §4.1.2, §4.1.3) and stand-ins of the same length: for its random and session id; of extensions
 * their kinds and lengths stay.
 */
export function copyHello(hello: TlsStructure, isClient: boolean, { names, randoms }: HelloStandIns): void {
  hello.keep(2);
  const random = hello.take(RANDOM_BYTES);
  if (random.length === RANDOM_BYTES) hello.write(random.at, randoms.of(hexOf(random.bytes)));
  const session = hello.vector(1);
  const id = session.isAtEnd ? session.rest : randoms.of(`session ${hexOf(session.rest)}`);
  session.write(session.at, id.subarray(0, session.rest.length));
  // Suites, or the one that was chosen; compression methods.
  if (isClient) {
    hello.vector(2).keepAll();
    hello.vector(1).keepAll();
  } else hello.keep(3);
  copyExtensions(hello, isClient, names);
}

/** A list of extensions behind its length, of a hello or a message of its own (RFC 8446 §4.2). */
export function copyExtensions(message: TlsStructure, isClient: boolean, names: SizedNames): void {
  if (message.isAtEnd) return;
  const list = message.vector(2);
  while (!list.isAtEnd) {
    const type = list.keep(2);
    copyExtension(type, list.vector(2), isClient, names);
  }
}

function copyExtension(type: number, content: TlsStructure, isClient: boolean, names: SizedNames): void {
  if (KEPT.has(type)) content.keepAll();
  else if (type === EXTENSION.serverName) copyServerName(content, names);
  else if (type === EXTENSION.alpn) copyProtocols(content.isAtEnd ? content : content.vector(2));
  else if (type === EXTENSION.keyShare) copyKeyShares(content, isClient);
  else if (type === EXTENSION.preSharedKey) copyPreSharedKey(content, isClient);
  // What is verified of an earlier handshake (RFC 5746 §3.2).
  else if (type === EXTENSION.renegotiation) content.keep(1);
}

/** RFC 6066 §3; a server answers with an empty one. */
function copyServerName(content: TlsStructure, names: SizedNames): void {
  if (content.isAtEnd) return;
  const list = content.vector(2);
  while (!list.isAtEnd) {
    list.keep(1);
    const name = list.vector(2);
    name.writeText(names.standIn('host', textOf(name.rest)));
  }
}

/** RFC 7301 §3.1. */
function copyProtocols(list: TlsStructure): void {
  while (!list.isAtEnd) {
    const protocol = list.vector(1);
    const text = textOf(protocol.rest);
    protocol.writeText(PROTOCOLS.has(text) ? text : 'x'.repeat(text.length));
  }
}

/** Groups stay, keys do not (RFC 8446 §4.2.8). */
function copyKeyShares(content: TlsStructure, isClient: boolean): void {
  if (content.rest.length === RETRY_KEY_SHARE_BYTES) {
    content.keepAll();
    return;
  }
  const shares = isClient ? content.vector(2) : content;
  while (!shares.isAtEnd) {
    shares.keep(2);
    shares.vector(2);
  }
}

/** How many identities there are, and which was chosen (RFC 8446 §4.2.11). */
function copyPreSharedKey(content: TlsStructure, isClient: boolean): void {
  if (!isClient) {
    content.keepAll();
    return;
  }
  const identities = content.vector(2);
  while (!identities.isAtEnd) {
    identities.vector(2);
    identities.take(4);
  }
  const binders = content.vector(2);
  while (!binders.isAtEnd) binders.vector(1);
}

function textOf(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes.subarray(0, 255));
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
