import { parseArgs } from 'node:util';
import { type Field, HpackEncoder } from '../test/build/hpack.ts';
import { concat, data, headers, PREFACE, settings } from '../test/build/h2.ts';
import { CaptureFile, FLAGS, type End } from './capture-file.ts';

/**
 * Writes a capture of very many connections to a pipe, so that no disk has to hold it: clients of one gateway, each forwarded
 * over an upstream connection of its own. `--syns` writes a SYN flood instead.
 */
const OPTIONS = {
  /** Client connections and upstream connections together. */
  connections: { type: 'string', default: '10000' },
  /** Requests of each client connection; every one makes two streams. */
  requests: { type: 'string', default: '1' },
  /** Bytes of each response's body. */
  body: { type: 'string', default: '100' },
  /** Pairs of connections that are open at one moment; those before are closed with FIN. 0: all, until the capture ends. */
  open: { type: 'string', default: '0' },
  syns: { type: 'string', default: '0' },
  to: { type: 'string' },
} as const;

const GATEWAY = 0x0a09_0002;
const SERVERS = [0x0a09_0201, 0x0a09_0202] as const;
const CLIENT_PORT = 80;
const SERVER_PORT = 6443;
const FIRST_PORT = 10_000;
const PORTS = 50_000;
/** Between two packets. */
const STEP_US = 20;
const NONE = new Uint8Array(0);
/** Of a frame's stream number. */
const STREAM_AT = 5;
/** HEADERS with the one field `:status: 200`, before the DATA frame. */
const RESPONSE_HEAD_BYTES = 10;

interface Leg {
  readonly from: End;
  readonly to: End;
  readonly request: Uint8Array;
  readonly response: Uint8Array;
}

interface Pair {
  readonly near: Leg;
  readonly far: Leg;
  stream: number;
}

class Crowd {
  readonly #file: CaptureFile;
  readonly #body: Uint8Array;
  #nowUs = 0;

  constructor(path: string, bodyBytes: number) {
    this.#file = new CaptureFile(path);
    this.#body = new Uint8Array(bodyBytes).fill(0x61);
  }

  /** All pairs are opened first, then take turns. */
  steady(pairs: number, requests: number): void {
    const all = Array.from({ length: pairs }, (_, i) => this.#open(i));
    for (let request = 0; request < requests; request++) for (const pair of all) this.#exchange(pair);
    for (const pair of all) this.#closeBoth(pair);
    this.#file.close();
  }

  /** `open` pairs at a time; one that made its requests is closed, and the next is opened. */
  passing(pairs: number, requests: number, open: number): void {
    const all: Pair[] = [];
    for (let i = 0; i < pairs; i++) {
      const pair = this.#open(i);
      for (let request = 0; request < requests; request++) this.#exchange(pair);
      all.push(pair);
      const oldest = i >= open ? all[i - open] : undefined;
      if (oldest !== undefined) this.#closeBoth(oldest);
    }
    for (const pair of all.slice(-open)) this.#closeBoth(pair);
    this.#file.close();
  }

  /** SYNs from invented addresses, never answered, and one connection that works. */
  flood(syns: number): void {
    const pair = this.#open(0);
    this.#exchange(pair);
    const to = end(GATEWAY, CLIENT_PORT, true);
    for (let i = 0; i < syns; i++) {
      const from = end(0xc612_0000 + (i % 0x1_0000), FIRST_PORT + (Math.floor(i / 0x1_0000) % PORTS), false);
      this.#file.segment(this.#next(), from, to, FLAGS.syn, NONE);
    }
    this.#exchange(pair);
    this.#closeBoth(pair);
    this.#file.close();
  }

  #next(): number {
    return (this.#nowUs += STEP_US);
  }

  #open(nth: number): Pair {
    const port = FIRST_PORT + (nth % PORTS);
    const host = Math.floor(nth / PORTS);
    const client = end(0x0a09_0100 + 3 + host, port, false);
    const near = this.#leg(client, end(GATEWAY, CLIENT_PORT, true), nth);
    const server = SERVERS[nth & 1] ?? SERVERS[0];
    const far = this.#leg(end(GATEWAY + host * 256, port, true), end(server, SERVER_PORT, false), nth);
    return { near, far, stream: 1 };
  }

  #leg(from: End, to: End, nth: number): Leg {
    const file = this.#file;
    file.segment(this.#next(), from, to, FLAGS.syn, NONE);
    file.segment(this.#next(), to, from, FLAGS.synAck, NONE);
    file.segment(this.#next(), from, to, FLAGS.data, concat(PREFACE, settings()));
    file.segment(this.#next(), to, from, FLAGS.data, settings());
    const response = concat(headers(1, STATUS_200), data(1, this.#body, { endStream: true }));
    return { from, to, request: requestOf(nth), response };
  }

  #exchange(pair: Pair): void {
    const { near, far, stream } = pair;
    for (const leg of [near, far]) number(leg, stream);
    this.#file.segment(this.#next(), near.from, near.to, FLAGS.data, near.request);
    this.#file.segment(this.#next(), far.from, far.to, FLAGS.data, far.request);
    this.#file.segment(this.#next(), far.to, far.from, FLAGS.data, far.response);
    this.#file.segment(this.#next(), near.to, near.from, FLAGS.data, near.response);
    pair.stream += 2;
  }

  #closeBoth({ near, far }: Pair): void {
    this.#close(near);
    this.#close(far);
  }

  #close({ from, to }: Leg): void {
    this.#file.segment(this.#next(), from, to, FLAGS.fin, NONE);
    this.#file.segment(this.#next(), to, from, FLAGS.fin, NONE);
    this.#file.segment(this.#next(), from, to, FLAGS.ack, NONE);
  }
}

function end(ip: number, port: number, isLocal: boolean): End {
  return { ip, port, isLocal, seq: (ip ^ (port * 65_537)) >>> 0, acked: 0, tsVal: 0, ipId: port };
}

/** Indexed field 8 of the static table (RFC 7541 appendix A). */
const STATUS_200 = Uint8Array.of(0x88);

/** A block that inserts nothing: it reads the same however often it is sent. */
function requestOf(nth: number): Uint8Array {
  const path = `/api/v1/namespaces/ns-${nth}/pods`;
  const fields: readonly Field[] = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', path, 'plain'],
  ];
  return headers(1, new HpackEncoder().encode(fields), { endStream: true });
}

/** Writes the stream's number into the frames that are sent again and again. */
function number({ request, response }: Leg, stream: number): void {
  write(request, STREAM_AT, stream);
  write(response, STREAM_AT, stream);
  write(response, RESPONSE_HEAD_BYTES + STREAM_AT, stream);
}

function write(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
}

const { values } = parseArgs({ options: OPTIONS });
const crowd = new Crowd(values.to ?? '/dev/stdout', Number(values.body));
const pairs = Number(values.connections) / 2;
if (Number(values.syns) > 0) crowd.flood(Number(values.syns));
else if (Number(values.open) > 0) crowd.passing(pairs, Number(values.requests), Number(values.open));
else crowd.steady(pairs, Number(values.requests));
