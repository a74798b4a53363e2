import type { Side } from '../tcp/index.ts';
import type { Hello } from './hello.ts';

/**
 * How far the secrets that were given reach: none for this connection; some opened it; none of them did; some parts opened and others did not;
 * its version or its cipher is not decrypted here.
 */
export type Keys = 'none' | 'used' | 'wrong' | 'partial' | 'unsupported';

/** What the handshake of a connection says in clear. It grows as the handshake is read. */
export interface TlsFacts {
  /** Who sent the ClientHello; null where none was read. */
  readonly clientSide: Side | null;
  /** The version that the server chose, 0x0303 or 0x0304 and older ones; null where its hello was not read. */
  readonly version: number | null;
  /** The suite that it chose, IANA's number. */
  readonly cipherSuite: number | null;
  /** As on the wire (latin1); null where the client named none. */
  readonly serverName: string | null;
  /** What the client offered by ALPN. */
  readonly offered: readonly string[];
  /** What the server chose; null where it said so in secret (TLS 1.3), or chose none. */
  readonly chosen: string | null;
  /** An earlier session was gone on with; null where the hellos do not tell. */
  readonly isResumed: boolean | null;
  readonly keys: Keys;
  /** Secrets were given, of this connection or of others. */
  readonly hasKeyLog: boolean;
}

const TLS_1_3 = 0x0304;

/** Facts while they are gathered. */
export class GatheredFacts implements TlsFacts {
  clientSide: Side | null = null;
  version: number | null = null;
  cipherSuite: number | null = null;
  serverName: string | null = null;
  offered: readonly string[] = [];
  chosen: string | null = null;
  isResumed: boolean | null = null;
  readonly hasKeyLog: boolean;
  /** Records that opened, and records or secrets that failed. */
  opened = 0;
  failed = 0;
  isUnsupported = false;
  #sessionId = '';

  constructor(hasKeyLog: boolean) {
    this.hasKeyLog = hasKeyLog;
  }

  get keys(): Keys {
    if (this.opened > 0) return this.failed > 0 ? 'partial' : 'used';
    if (this.isUnsupported) return 'unsupported';
    return this.failed > 0 ? 'wrong' : 'none';
  }

  client(side: Side, { serverName, protocols, sessionId }: Hello): void {
    this.clientSide = side;
    this.serverName = serverName;
    this.offered = protocols;
    this.#sessionId = sessionId;
  }

  server({ version, cipherSuite, protocols, sessionId, hasPreSharedKey }: Hello): void {
    this.version = version;
    this.cipherSuite = cipherSuite;
    this.chosen = protocols[0] ?? null;
    // RFC 8446 §4.1.3: in TLS 1.3 the session id is only echoed.
    this.isResumed = version >= TLS_1_3 ? hasPreSharedKey : sessionId !== '' && sessionId === this.#sessionId;
  }
}
