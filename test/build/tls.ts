import { once } from 'node:events';
import { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import {
  connect,
  createServer,
  type SecureContextOptions,
  type TlsOptions as TlsServerOptions,
  type TLSSocket,
} from 'node:tls';
import { setImmediate as turn } from 'node:timers/promises';
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
  /** Both end it. */
  readonly bye: readonly Flight[];
  readonly keyLog: string;
  /** What the client may go on with in a later connection; null where the server gave it nothing. */
  readonly session: Buffer | null;
}

/** So many turns of the event loop in which neither end says anything: both have said all that they have to say. No time tells that of a busy machine. */
const QUIET_TURNS = 20;

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
  /** An earlier session, with which the client offers to go on. */
  readonly session?: Buffer | null;
  /** A key that both have; no certificate is needed then (RFC 4279, RFC 5487). */
  readonly sharedKey?: Uint8Array;
  /** The sessions that the server remembers by their ids (RFC 5246 §7.3). */
  readonly remembered?: Map<string, Buffer>;
}

/** A server over one wire. */
async function serverOf(end: End, options: TlsServerOptions, remembered: TlsOptions['remembered']): Promise<TLSSocket> {
  const server = createServer(options);
  if (remembered !== undefined) {
    server.on('newSession', (id: Buffer, session: Buffer, done: () => void) => {
      remembered.set(id.toString('hex'), session);
      done();
    });
    server.on('resumeSession', (id: Buffer, done: (error: Error | null, session: Buffer | null) => void) => {
      done(null, remembered.get(id.toString('hex')) ?? null);
    });
  }
  const accepted = once(server, 'secureConnection') as Promise<[TLSSocket]>;
  server.emit('connection', socketOf(end));
  const [socket] = await accepted;
  return socket;
}

/**
 * Lets two ends of node:tls talk in memory, and writes down what goes over the wire.
 * @param said what the client (0) and the server (1) say, one after the other
 */
export async function tlsConversation(
  version: 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3',
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
  const psk = more.sharedKey;
  const keyOfServer = psk === undefined ? {} : { pskCallback: () => psk };
  const keyOfClient = psk === undefined ? {} : { pskCallback: () => ({ psk, identity: 'client' }) };
  const accepted = serverOf(
    ends[1],
    { key: PRIVATE_KEY, cert: CERTIFICATE, ...options, ...more.server, ...keyOfServer },
    more.remembered,
  );
  const session = more.session === undefined || more.session === null ? {} : { session: more.session };
  const client = connect({
    socket: socketOf(ends[0]),
    rejectUnauthorized: false,
    ...options,
    ...more.client,
    ...keyOfClient,
    ...session,
  });
  const lines: string[] = [];
  client.on('keylog', (line: Buffer) => lines.push(line.toString('latin1')));
  client.resume();
  let given: Buffer | null = null;
  client.on('session', (session: Buffer) => (given = session));
  const [server] = await Promise.all([accepted, once(client, 'secureConnect')]);
  server.resume();
  const settled = async (): Promise<void> => {
    for (let quiet = 0, before = -1; quiet < QUIET_TURNS; before = flights.length) {
      await turn();
      quiet = flights.length === before ? quiet + 1 : 0;
    }
  };
  await settled();
  const handshake = flights;
  const parts: Flight[][] = [];
  for (const [side, bytes] of said) {
    flights = [];
    (side === 0 ? client : server).write(bytes);
    await settled();
    parts.push(flights);
  }
  flights = [];
  client.end();
  server.end();
  await settled();
  client.destroy();
  server.destroy();
  return { handshake, said: parts, bye: flights, keyLog: lines.join(''), session: given };
}
