import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { type Side, TcpPass, type TcpSink } from '../../src/tcp/index.ts';
import { Recorder } from '../../src/trace/index.ts';
import { liveBytes } from '../build/live-bytes.ts';
import { fields } from './recording.ts';

const PAIRS = 20;
const FRAME_BYTES = 200;
/** Failed streams are kept by themselves, up to a bound that this traffic does not reach. */
const FAILS_UNTIL = 100_000;
const REQUEST = fields({ method: 'GET', path: '/api/v1/pods', authority: 'kubernetes', userAgent: 'kubectl' });
const RESPONSE = fields({ status: 200 });

/**
 * A gateway at work, wired as the wire pass wires it: PAIRS client connections, each with its upstream connection. A request goes in, is passed
 * on, is answered and passed back: four segments with a frame each. Now and then one fails, a PING goes round, a segment is sent again.
 */
class Traffic implements TcpSink {
  readonly #moment = new Moment();
  readonly #tcp = new TcpPass(this.#moment, this);
  readonly recorder: Recorder = new Recorder(this.#moment, this.#tcp.connections);
  readonly #view = new DataView(new ArrayBuffer(FRAME_BYTES));
  readonly #segment = Object.assign(new Segment(), { ipVersion: 4, src2: 0xffff, dst2: 0xffff, window: 501, ttl: 64 });
  readonly #sent = new Int32Array(4 * PAIRS);
  #step = 0;

  run(segments: number): void {
    for (let n = 0; n < segments; n++) this.#next();
  }

  opened(connection: number): void {
    this.recorder.opened(connection, true);
    this.recorder.http.protocol(connection, 'h2');
  }

  segment(connection: number, side: Side, labels: number, did: number, segment: Segment): void {
    this.recorder.tcp.segment(connection, side, labels, did, segment);
  }

  bytes(): void {}

  gap(): void {}

  #next(): void {
    const step = this.#step++;
    const exchange = step >> 2;
    const pair = exchange % PAIRS;
    const phase = step & 3;
    const id = 2 * Math.floor(exchange / PAIRS) + 1;
    const isNear = phase === 0 || phase === 3;
    const fromServer = phase >= 2;
    const isLoss = step % 5003 === 0;
    this.#send(pair, isNear, fromServer, isLoss);
    const connection = 2 * pair + (isNear ? 0 : 1);
    const { recorder } = this;
    if (!fromServer) recorder.http.headers(connection, 0, id, REQUEST, true);
    else if (exchange % 1009 === 0 && step < FAILS_UNTIL) recorder.http.rstStream(connection, 1, id, 2);
    else {
      recorder.http.headers(connection, 1, id, RESPONSE, false);
      const wanted = recorder.http.wantsPayload(connection, 1, id);
      recorder.http.data(connection, 1, id, FRAME_BYTES, wanted ? exchange + 1 : 0, true);
    }
    if (exchange % 101 === 0) recorder.http.ping(connection, fromServer ? 1 : 0, fromServer, exchange, 0);
  }

  #send(pair: number, isNear: boolean, fromServer: boolean, isLoss: boolean): void {
    const s = this.#segment;
    const row = 4 * pair + (isNear ? 0 : 2);
    const own = row + (fromServer ? 1 : 0);
    const other = row + (fromServer ? 0 : 1);
    const client = isNear ? 0x0a090102 : 0x0a090002;
    const server = isNear ? 0x0a090002 : 0x0a090202;
    const clientPort = 20_000 + pair;
    const serverPort = isNear ? 80 : 8080;
    s.src3 = fromServer ? server : client;
    s.dst3 = fromServer ? client : server;
    s.srcPort = fromServer ? serverPort : clientPort;
    s.dstPort = fromServer ? clientPort : serverPort;
    s.flags = FLAG.ack | FLAG.psh;
    s.seq = this.#sent[own] ?? 0;
    s.ack = this.#sent[other] ?? 0;
    s.payloadBytes = FRAME_BYTES;
    s.payloadEnd = FRAME_BYTES;
    this.#sent[own] = (s.seq + FRAME_BYTES) | 0;
    this.#packet(0.0005);
    if (isLoss) this.#packet(0.2);
  }

  #packet(seconds: number): void {
    this.#moment.packet++;
    this.#moment.ns[0] = (this.#moment.ns[0] ?? 0) + seconds * 1e9;
    this.recorder.packet();
    this.#tcp.segment(this.#segment, this.#view);
  }
}

test('nothing grows: the live heap after 10^5 and 10^6 segments is the same', () => {
  const traffic = new Traffic();
  traffic.run(100_000);
  const before = liveBytes();
  traffic.run(900_000);
  // The least object, once a request, would be 3.6 MB.
  expect(liveBytes() - before).toBeLessThan(2_500_000);
  const { connections, streams, joins } = traffic.recorder.finish([]);
  expect(connections).toHaveLength(2 * PAIRS);
  expect(joins.reduce((sum, { streams: joined }) => sum + joined, 0)).toBeGreaterThan(240_000);
  expect(streams.length + connections.reduce((sum, { folded }) => sum + folded.count, 0)).toBe(500_000);
  for (const { marks } of connections) expect(marks.length).toBeLessThanOrEqual(256);
});
