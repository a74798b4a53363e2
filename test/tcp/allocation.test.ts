import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { TcpPass, type TcpSink } from '../../src/tcp/index.ts';
import { collect, liveBytes } from '../build/live-bytes.ts';

/** Bytes allocated since the last collection, as long as none ran meanwhile: 10^5 segments stay far below a scavenge. */
function allocatedBy(work: () => void): number {
  collect();
  const before = process.memoryUsage().heapUsed;
  work();
  return process.memoryUsage().heapUsed - before;
}

class Counter implements TcpSink {
  bytes_ = 0;
  opened(): void {}
  segment(): void {}
  bytes(_connection: number, _side: 0 | 1, _view: DataView, at: number, end: number): void {
    this.bytes_ += end - at;
  }
  gap(): void {}
}

const PAYLOAD_BYTES = 1448;
const CONNECTIONS = 50;

/** Downloads, well ordered: two segments of data, one acknowledgement, round robin over the connections. */
class Traffic {
  readonly sink: Counter = new Counter();
  readonly #moment = new Moment();
  readonly #pass = new TcpPass(this.#moment, this.sink);
  readonly #view = new DataView(new ArrayBuffer(PAYLOAD_BYTES));
  readonly #segment = Object.assign(new Segment(), { ipVersion: 4, src2: 0xffff, dst2: 0xffff });
  readonly #sent = new Int32Array(CONNECTIONS);
  #step = 0;

  run(segments: number): void {
    for (let n = 0; n < segments; n++) this.#next();
  }

  #next(): void {
    const step = this.#step++;
    const connection = Math.floor(step / 3) % CONNECTIONS;
    const s = this.#segment;
    const isAck = step % 3 === 2;
    s.src3 = isAck ? 1 : 2;
    s.dst3 = isAck ? 2 : 1;
    s.srcPort = isAck ? 1000 + connection : 443;
    s.dstPort = isAck ? 443 : 1000 + connection;
    s.seq = isAck ? 7 : (this.#sent[connection] ?? 0);
    s.ack = isAck ? (this.#sent[connection] ?? 0) : 7;
    s.flags = FLAG.ack;
    s.window = 501;
    s.payloadBytes = isAck ? 0 : PAYLOAD_BYTES;
    s.payloadEnd = s.payloadBytes;
    if (!isAck) this.#sent[connection] = ((this.#sent[connection] ?? 0) + PAYLOAD_BYTES) | 0;
    this.#moment.packet++;
    this.#moment.ns[0] = (this.#moment.ns[0] ?? 0) + 1000.5;
    this.#pass.segment(s, this.#view);
  }
}

test('well-ordered streams allocate nothing', () => {
  const traffic = new Traffic();
  traffic.run(300_000);
  const per = 100_000;
  const best = Math.min(...Array.from({ length: 5 }, () => allocatedBy(() => traffic.run(per))));
  // The least object is 16 bytes: one in eight packets would show. Below that lies what the engine itself allocates now and then.
  expect(best / per).toBeLessThan(2);
});

test('nothing grows: the live heap after 10^5 and 10^6 segments is the same', () => {
  const traffic = new Traffic();
  traffic.run(100_000);
  const before = liveBytes();
  traffic.run(900_000);
  expect(liveBytes() - before).toBeLessThan(200_000);
  expect(traffic.sink.bytes_).toBe(PAYLOAD_BYTES * Math.ceil((1_000_000 * 2) / 3));
});
