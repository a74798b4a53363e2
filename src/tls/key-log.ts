import { EarlierSessions } from './earlier-sessions.ts';

/** Labels of the NSS key log format that decrypt records. */
export const SECRET = {
  master: 'CLIENT_RANDOM',
  clientHandshake: 'CLIENT_HANDSHAKE_TRAFFIC_SECRET',
  serverHandshake: 'SERVER_HANDSHAKE_TRAFFIC_SECRET',
  clientTraffic: 'CLIENT_TRAFFIC_SECRET_0',
  serverTraffic: 'SERVER_TRAFFIC_SECRET_0',
  clientEarly: 'CLIENT_EARLY_TRAFFIC_SECRET',
} as const;
export type SecretLabel = (typeof SECRET)[keyof typeof SECRET];

export type Secrets = ReadonlyMap<SecretLabel, Uint8Array>;

const LABELS: ReadonlySet<string> = new Set(Object.values(SECRET));
const LINE = /^([A-Z0-9_]+) ([0-9a-f]{64}) ([0-9a-f]{64,128})$/i;
/** Connections whose secrets are held; at 300 bytes each 30 MB. */
export const KEY_LOG_CONNECTIONS_MAX = 100_000;

function isLabel(text: string): text is SecretLabel {
  return LABELS.has(text);
}

/** Connections without secrets that are remembered, in case theirs come later: 16,384 x 0.1 kB = 1.6 MB. */
const MISSED_MAX: number = 16 * 1024;

/**
 * TLS secrets by client random, from key log text (SSLKEYLOGFILE: NSS, OpenSSL, Envoy's `key_log`) or a pcapng's Decryption Secrets Block.
 * They never leave the tls stage.
 */
export class KeyLog {
  /** Lines that are neither empty, comments nor secrets, and secrets beyond KEY_LOG_CONNECTIONS_MAX connections. */
  badLines = 0;
  /** Secrets that were not kept, of connections beyond so many. */
  refused = 0;
  /** Secrets came for a connection that had asked for them before: reading the same once more would open it. */
  cameLate = false;
  /** What was learned of sessions with secrets while reading. */
  readonly sessions: EarlierSessions = new EarlierSessions();
  readonly #byRandom = new Map<string, Map<SecretLabel, Uint8Array>>();
  /** Asked for, and not there. */
  readonly #missed = new Set<string>();

  get isEmpty(): boolean {
    return this.#byRandom.size === 0;
  }

  /** Adds key log text, whole lines. */
  add(text: string): void {
    // Line by line: all lines of a text of nothing but line ends would take many times its size.
    for (let at = 0; at < text.length;) {
      const next = text.indexOf('\n', at);
      const end = next < 0 ? text.length : next;
      const line = text.slice(at, end).trim();
      if (line !== '' && !line.startsWith('#') && !this.#addLine(line)) this.badLines++;
      at = end + 1;
    }
  }

  /** @param clientRandom as hexadecimal digits in lower case */
  of(clientRandom: string): Secrets | undefined {
    const known = this.#byRandom.get(clientRandom);
    if (known === undefined && this.#missed.size < MISSED_MAX) this.#missed.add(clientRandom);
    return known;
  }

  #addLine(line: string): boolean {
    const match = LINE.exec(line);
    const [label = '', random = '', secret = ''] = match?.slice(1) ?? [];
    if (match === null || secret.length % 2 !== 0) return false;
    // Labels that decrypt no records (exporter secrets) are no mistake.
    if (!isLabel(label)) return true;
    const key = random.toLowerCase();
    let known = this.#byRandom.get(key);
    if (known === undefined) {
      if (this.#byRandom.size >= KEY_LOG_CONNECTIONS_MAX) {
        this.refused++;
        return false;
      }
      if (this.#missed.has(key)) this.cameLate = true;
      known = new Map();
      this.#byRandom.set(key, known);
    }
    known.set(label, fromHex(secret));
    return true;
  }
}

function fromHex(text: string): Uint8Array {
  return Uint8Array.from({ length: text.length / 2 }, (_, i) => Number.parseInt(text.slice(2 * i, 2 * i + 2), 16));
}
