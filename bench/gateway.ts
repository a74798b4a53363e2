import { concat } from '../test/build/h2.ts';
import type { Field } from '../test/build/hpack.ts';
import { Agenda } from './agenda.ts';
import { CaptureFile, type End } from './capture-file.ts';
import { Connection, type Sender } from './connection.ts';
import {
  Bodies,
  forwardedFields,
  makeCaller,
  makeRequest,
  makeWatch,
  relayedFields,
  requestFields,
  responseFields,
  type Caller,
  type Request,
} from './kubernetes.ts';
import { Random } from './random.ts';

/** What the generated capture is made of; the same figures give the same bytes. */
export interface Traffic {
  /** The capture ends soon after it is this long. */
  readonly bytes: number;
  readonly clients: number;
  readonly upstreams: number;
  readonly seed: number;
}

/** What was written, so that an analysis of it can be checked. */
export interface Written {
  readonly bytes: number;
  readonly packets: number;
  readonly connections: number;
  readonly fieldBlocks: number;
  readonly durationUs: number;
}

/** One exchange, as both legs need it. */
interface Asked {
  readonly request: Request;
  readonly body: Uint8Array;
  readonly client: Client;
  /** On the client's connection. */
  readonly stream: number;
}

interface Client {
  readonly connection: Connection;
  readonly ip: number;
  readonly caller: Caller;
}

export const CLIENT_PORT = 80;
export const UPSTREAM_PORT = 6443;
const FIRST_CLIENT_PORT = 30_000;
const FIRST_UPSTREAM_PORT = 40_000;
const GATEWAY = ip(10, 9, 0, 2);
const APISERVERS = [ip(10, 9, 2, 11), ip(10, 9, 2, 12)] as const;

/** Between two bursts of requests of one client. */
const THINK_US = 180_000;
const BURST_MOST = 4;
const WATCHES_PER_CLIENT = 2;
/** Between two events of one watch. */
const EVENT_US = 600_000;
const EVENT_BYTES = [400, 3000] as const;
const PING_US = 30_000_000;
const GATEWAY_US = [60, 220] as const;
const ANSWER_US = [700, 9000] as const;
/** Envoy passes bodies on in pieces of its own, not in the upstream's frames. */
const GATEWAY_FRAME_BYTES = 8192;
/** Longer than any wait for a watch's next event: -ln(2^-32) means. */
const LAST_EVENT_US = 23 * EVENT_US;
const JOINED_CLIENT = 2;
const JOINED_UPSTREAM = 4;

/** Writes one gateway's traffic: clients on its one side, two API servers on the other, every request forwarded. */
export function writeTraffic(path: string, traffic: Traffic): Written {
  const gateway = new Gateway(path, traffic);
  return gateway.run();
}

class Gateway {
  readonly #traffic: Traffic;
  readonly #random: Random;
  readonly #bodies: Bodies;
  readonly #agenda = new Agenda();
  readonly #file: CaptureFile;
  readonly #clients: readonly Client[];
  readonly #upstreams: readonly Connection[];
  #forwarded = 0;
  #fieldBlocks = 0;
  #isEnding = false;

  constructor(path: string, traffic: Traffic) {
    this.#traffic = traffic;
    this.#random = new Random(traffic.seed);
    this.#bodies = new Bodies(this.#random);
    this.#file = new CaptureFile(path);
    this.#clients = range(traffic.clients, (nth) => this.#client(nth));
    this.#upstreams = range(traffic.upstreams, (nth) => this.#upstream(nth));
  }

  run(): Written {
    for (const upstream of this.#upstreams) this.#start(upstream);
    for (const client of this.#clients) {
      this.#start(client.connection);
      this.#agenda.after(2000 + this.#random.wait(THINK_US), () => {
        range(WATCHES_PER_CLIENT, () => {
          this.#watch(client);
        });
        this.#think(client);
      });
    }
    while (this.#agenda.step()) if (this.#file.size >= this.#traffic.bytes && !this.#isEnding) this.#end();
    this.#file.close();
    return {
      bytes: this.#file.size,
      packets: this.#file.packets,
      connections: this.#clients.length + this.#upstreams.length,
      fieldBlocks: this.#fieldBlocks,
      durationUs: this.#file.lastUs,
    };
  }

  #client(nth: number): Client {
    const address = ip(10, 9, 1, 2 + (nth % 250));
    const opener = this.#makeEnd(address, FIRST_CLIENT_PORT + nth * 7);
    const acceptor = this.#makeEnd(GATEWAY, CLIENT_PORT);
    const connection = new Connection(this.#agenda, this.#file, { opener, acceptor }, JOINED_CLIENT);
    return { connection, ip: address, caller: makeCaller(this.#random) };
  }

  #upstream(nth: number): Connection {
    const opener = this.#makeEnd(GATEWAY, FIRST_UPSTREAM_PORT + nth * 2);
    const acceptor = this.#makeEnd(APISERVERS[nth % 2 === 0 ? 0 : 1], UPSTREAM_PORT);
    return new Connection(this.#agenda, this.#file, { opener, acceptor }, JOINED_UPSTREAM);
  }

  #makeEnd(address: number, port: number): End {
    const isLocal = address === GATEWAY;
    const ipId = this.#random.between(0, 65_536);
    return { ip: address, port, isLocal, seq: this.#random.word(), acked: 0, tsVal: 0, ipId };
  }

  #start(connection: Connection): void {
    this.#agenda.after(this.#random.between(0, 1000), () => {
      connection.open();
    });
    this.#ping(connection, 1);
  }

  #ping(connection: Connection, nth: number): void {
    this.#agenda.after(nth === 1 ? this.#random.between(PING_US / 2, PING_US) : PING_US, () => {
      if (this.#isEnding) return;
      connection.ping('opener', nth);
      this.#ping(connection, nth + 1);
    });
  }

  /** A client sends a burst of requests in one go, and again after a while. */
  #think(client: Client): void {
    if (this.#isEnding) return;
    const asked = range(this.#random.between(1, BURST_MOST + 1), () => this.#ask(client, makeRequest(this.#random)));
    client.connection.send('opener', concat(...asked.map((one) => this.#asClient(one))));
    for (const one of asked) {
      this.#soon(GATEWAY_US, () => {
        this.#forward(one);
      });
    }
    this.#agenda.after(this.#random.wait(THINK_US), () => {
      this.#think(client);
    });
  }

  #ask(client: Client, request: Request): Asked {
    return { request, body: this.#bodies.cut(request.bodyBytes), client, stream: client.connection.newStream() };
  }

  #asClient({ request, body, client, stream }: Asked): Uint8Array {
    return this.#message(client.connection, 'opener', stream, requestFields(request, client.caller), body);
  }

  #asGateway({ request, body, client }: Asked, upstream: Connection, stream: number): Uint8Array {
    const fields = forwardedFields(request, client.caller, this.#random, dotted(client.ip));
    return this.#message(upstream, 'opener', stream, fields, body);
  }

  /** HEADERS and DATA; the stream's end is with the headers where the body is empty. */
  #message(on: Connection, from: Sender, stream: number, fields: readonly Field[], body: Uint8Array): Uint8Array {
    this.#fieldBlocks += 1;
    const head = on.headers(from, stream, fields, body.length === 0);
    return concat(head, on.body(stream, body, true, from === 'opener' ? undefined : GATEWAY_FRAME_BYTES));
  }

  #forward(asked: Asked): void {
    const upstream = this.#nextUpstream();
    const stream = upstream.newStream();
    upstream.send('opener', this.#asGateway(asked, upstream, stream));
    const tookUs = this.#random.between(...ANSWER_US);
    this.#agenda.after(tookUs, () => {
      const body = this.#bodies.cut(asked.request.responseBytes);
      const fields = responseFields(this.#random, this.#seconds(), body.length);
      upstream.send('acceptor', this.#message(upstream, 'acceptor', stream, fields, body));
      upstream.consume('acceptor', 0, body.length);
      this.#soon(GATEWAY_US, () => {
        this.#relay(asked, relayedFields(fields, Math.round(tookUs / 1000)), body);
      });
    });
  }

  #relay({ client: { connection }, stream }: Asked, fields: readonly Field[], body: Uint8Array): void {
    connection.send('acceptor', this.#message(connection, 'acceptor', stream, fields, body));
    connection.consume('acceptor', 0, body.length);
  }

  /** A watch: answered at once, then events for as long as the capture runs. */
  #watch(client: Client): void {
    const asked = this.#ask(client, makeWatch(this.#random));
    client.connection.send('opener', this.#asClient(asked));
    this.#soon(GATEWAY_US, () => {
      const upstream = this.#nextUpstream();
      const stream = upstream.newStream();
      upstream.send('opener', this.#asGateway(asked, upstream, stream));
      this.#soon(ANSWER_US, () => {
        const fields = responseFields(this.#random, this.#seconds(), -1);
        this.#openWatch(upstream, stream, fields);
        this.#soon(GATEWAY_US, () => {
          this.#openWatch(client.connection, asked.stream, relayedFields(fields, 1));
          this.#event(client.connection, asked.stream, upstream, stream);
        });
      });
    });
  }

  #openWatch(connection: Connection, stream: number, fields: readonly Field[]): void {
    this.#fieldBlocks += 1;
    connection.send('acceptor', connection.headers('acceptor', stream, fields, false));
  }

  #event(client: Connection, stream: number, upstream: Connection, upstreamStream: number): void {
    this.#agenda.after(this.#random.wait(EVENT_US), () => {
      if (this.#isEnding) {
        upstream.endStream('acceptor', upstreamStream);
        client.endStream('acceptor', stream);
        return;
      }
      const event = this.#bodies.cut(this.#random.between(...EVENT_BYTES));
      upstream.send('acceptor', upstream.body(upstreamStream, event, false));
      upstream.consume('acceptor', upstreamStream, event.length);
      this.#soon(GATEWAY_US, () => {
        client.send('acceptor', client.body(stream, event, false, GATEWAY_FRAME_BYTES));
        client.consume('acceptor', stream, event.length);
      });
      this.#event(client, stream, upstream, upstreamStream);
    });
  }

  #nextUpstream(): Connection {
    const upstream = this.#upstreams[this.#forwarded++ % this.#upstreams.length];
    if (upstream === undefined) throw new Error('traffic needs at least one upstream connection');
    return upstream;
  }

  #seconds(): number {
    return Math.floor(this.#agenda.nowUs / 1e6);
  }

  #soon(range: readonly [number, number], run: () => void): void {
    this.#agenda.after(this.#random.between(...range), run);
  }

  /** No new requests; what is under way is finished, the watches end, then all connections close. */
  #end(): void {
    this.#isEnding = true;
    const connections = [...this.#clients.map(({ connection }) => connection), ...this.#upstreams];
    this.#agenda.after(LAST_EVENT_US, () => {
      for (const connection of connections) connection.close();
    });
  }
}

function range<T>(count: number, make: (nth: number) => T): T[] {
  return Array.from({ length: count }, (_, nth) => make(nth));
}

function ip(a: number, b: number, c: number, d: number): number {
  return ((a << 24) | (b << 16) | (c << 8) | d) >>> 0;
}

function dotted(address: number): string {
  return [24, 16, 8, 0].map((shift) => (address >>> shift) & 0xff).join('.');
}
