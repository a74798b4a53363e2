import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server } from 'node:net';
import type { Side } from '../../src/tcp/index.ts';

/** What one side of a relayed connection wrote, as it came. Side 0 is the one that connected. */
export interface Sent {
  readonly connection: number;
  readonly side: Side;
  /** Null: the side closed. */
  readonly bytes: Uint8Array | null;
}

/** Stands between two real peers on loopback and writes down what they say to each other. */
export class Relay {
  readonly sent: Sent[] = [];
  readonly #server: Server;
  readonly #over: Promise<unknown>[] = [];
  #connections = 0;

  private constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (near) => {
      const connection = this.#connections++;
      const far = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      for (const socket of [near, far]) this.#over.push(new Promise((resolve) => socket.once('close', resolve)));
      for (const [side, from, to] of [
        [0, near, far],
        [1, far, near],
      ] as const) {
        from.on('data', (chunk: Buffer) => {
          const bytes = Uint8Array.from(chunk);
          this.sent.push({ connection, side, bytes });
          to.write(bytes);
        });
        from.on('end', () => {
          this.sent.push({ connection, side, bytes: null });
          to.end();
        });
        // A peer that resets its connection has said what it had to say.
        from.on('error', () => to.destroy());
      }
    });
  }

  /** @param port on loopback, of the server that connections are passed on to */
  static async to(port: number): Promise<Relay> {
    const relay = new Relay(port);
    relay.#server.listen(0, '127.0.0.1');
    await once(relay.#server, 'listening');
    return relay;
  }

  /** Where to connect, on loopback. */
  get port(): number {
    return portOf(this.#server);
  }

  get connections(): number {
    return this.#connections;
  }

  /** All that was said is written down: the connections are closed, both ways. */
  async over(): Promise<void> {
    await Promise.all(this.#over);
  }

  of(connection: number): readonly Sent[] {
    return this.sent.filter((each) => each.connection === connection);
  }

  close(): void {
    this.#server.close();
  }
}

/** The port of a server that listens on one. */
export function portOf(server: Pick<Server, 'address'>): number {
  return (server.address() as AddressInfo).port;
}
