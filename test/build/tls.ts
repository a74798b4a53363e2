import { once } from 'node:events';
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { connect, createSecureContext, type SecureContextOptions, TLSSocket } from 'node:tls';
import { setTimeout as sleep } from 'node:timers/promises';
import { CERTIFICATE, PRIVATE_KEY } from './certificate.ts';

/** Bytes that one side of a TLS connection put on the wire. */
export interface Flight {
  readonly side: 0 | 1;
  readonly bytes: Uint8Array;
}

export interface TlsConversation {
  /** The handshake, then for each thing that was said what it took. */
  readonly handshake: readonly Flight[];
  readonly said: readonly (readonly Flight[])[];
  readonly keyLog: string;
}

/** Time for both ends to have said all that they have to say. */
const SETTLE_MS = 30;

/** One end of a wire in memory; the other is told by `to`. */
class End extends Duplex {
  readonly #onWrite: (bytes: Uint8Array) => void;

  constructor(onWrite: (bytes: Uint8Array) => void) {
    super();
    this.#onWrite = onWrite;
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#onWrite(Uint8Array.from(chunk));
    done();
  }
}

/** Any duplex stream will do (documentation of `tls.connect`, `options.socket`); the types ask for a socket. */
function socketOf(end: End): Socket {
  return end as Duplex as Socket;
}

/** What either end is told beside version and suites. */
export interface TlsOptions {
  readonly client?: SecureContextOptions;
  readonly server?: SecureContextOptions;
}

/**
 * Lets two ends of node:tls talk in memory, and writes down what goes over the wire.
 * @param said what the client (0) and the server (1) say, one after the other
 */
export async function tlsConversation(
  version: 'TLSv1.2' | 'TLSv1.3',
  ciphers: string | undefined,
  said: readonly (readonly [side: 0 | 1, bytes: Uint8Array])[],
  more: TlsOptions = {},
): Promise<TlsConversation> {
  let flights: Flight[] = [];
  const ends: [End, End] = [
    new End((bytes) => {
      flights.push({ side: 0, bytes });
      ends[1].push(bytes);
    }),
    new End((bytes) => {
      flights.push({ side: 1, bytes });
      ends[0].push(bytes);
    }),
  ];
  const options = { minVersion: version, maxVersion: version, ...(ciphers === undefined ? {} : { ciphers }) } as const;
  const server = new TLSSocket(socketOf(ends[1]), {
    isServer: true,
    secureContext: createSecureContext({ key: PRIVATE_KEY, cert: CERTIFICATE, ...options, ...more.server }),
  });
  const client = connect({ socket: socketOf(ends[0]), rejectUnauthorized: false, ...options, ...more.client });
  const lines: string[] = [];
  client.on('keylog', (line: Buffer) => lines.push(line.toString('latin1')));
  client.resume();
  server.resume();
  await once(client, 'secureConnect');
  await sleep(SETTLE_MS);
  const handshake = flights;
  const parts: Flight[][] = [];
  for (const [side, bytes] of said) {
    flights = [];
    (side === 0 ? client : server).write(bytes);
    await sleep(SETTLE_MS);
    parts.push(flights);
  }
  client.destroy();
  server.destroy();
  return { handshake, said: parts, keyLog: lines.join('') };
}
