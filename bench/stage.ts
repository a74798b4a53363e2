import { Moment, openSource, readCapture, type RecordBatch } from '../src/capture/index.ts';
import { WirePass } from '../src/cli/wire-pass.ts';
import { decodePacket, FLAG, Segment, STOP } from '../src/decode/index.ts';
import { HttpPass, type HttpSink } from '../src/http/index.ts';
import { TcpPass, type GapReason, type Side, type TcpSink } from '../src/tcp/index.ts';
import { LeastFlows } from './least-flows.ts';
import { LeastHttp } from './least.ts';

/**
 * One stage of the wire pass with all stages to its left, over one file, as a program: `stage.js STAGE FILE`. It prints the number of packets
 * it saw. A process knows one stage only: call sites that have seen another stage's sinks are slower for ever.
 */

const STAGES: Readonly<Record<string, (path: string) => number>> = {
  read,
  walk: (path) => {
    let packets = 0;
    readCapture(openSource(path), ({ count }) => {
      packets += count;
    });
    return packets;
  },
  decode: (path) => decode(path, new Moment(), () => undefined),
  tcp: (path) => tcp(path, ignoringBytes),
  http: (path) => tcp(path, readingHttp),
  least,
  wire: (path) => {
    const pass = new WirePass();
    let packets = 0;
    readCapture(openSource(path), (batch) => {
      packets += batch.count;
      pass.consume(batch);
    });
    pass.finish();
    return packets;
  },
};

const READ_BYTES = 1024 * 1024;

function read(path: string): number {
  const source = openSource(path);
  const block = new Uint8Array(READ_BYTES);
  while (source.read(block, 0, READ_BYTES) > 0);
  source.close();
  return 0;
}

function decode(path: string, moment: Moment, take: (segment: Segment, view: DataView) => void): number {
  const segment = new Segment();
  let packets = 0;
  readCapture(openSource(path), (batch: RecordBatch) => {
    const { view, count } = batch;
    packets += count;
    for (let row = 0; row < count; row++) {
      const at = batch.at[row] ?? 0;
      const end = at + (batch.capturedBytes[row] ?? 0);
      moment.packet = batch.firstPacket + row;
      moment.ns[0] = batch.timeNs[row] ?? 0;
      const stop = decodePacket(view, at, end, batch.originalBytes[row] ?? 0, batch.linkType[row] ?? 0, segment);
      if (stop === STOP.none) take(segment, view);
    }
  });
  return packets;
}

function tcp(path: string, makeSink: (moment: Moment) => TcpSink): number {
  const moment = new Moment();
  const pass = new TcpPass(moment, makeSink(moment));
  const packets = decode(path, moment, (segment, view) => {
    pass.segment(segment, view);
  });
  pass.finish();
  return packets;
}

/** @throws where it did not follow the streams that the benchmark makes */
function least(path: string): number {
  const moment = new Moment();
  const http = new LeastHttp(moment);
  const flows = new LeastFlows(http.bytes.bind(http));
  const packets = decode(path, moment, flows.segment.bind(flows));
  if (http.pairs === 0 || http.streams < http.pairs) throw new Error('streams were not followed');
  return packets;
}

function ignoringBytes(): TcpSink {
  return { opened: ignore, segment: ignore, bytes: ignore, gap: ignore };
}

function readingHttp(moment: Moment): TcpSink {
  const http = new HttpPass(moment, deafSink());
  return {
    opened(connection: number, segment: Segment): void {
      http.opened(connection, (segment.flags & FLAG.syn) !== 0);
    },
    segment: ignore,
    bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
      http.bytes(connection, side, view, at, end);
    },
    gap(connection: number, side: Side, lostBytes: number, _reason: GapReason): void {
      http.gap(connection, side, lostBytes);
    },
  };
}

function deafSink(): HttpSink {
  return {
    protocol: ignore,
    headers: ignore,
    wantsPayload: () => false,
    data: ignore,
    rstStream: ignore,
    settings: ignore,
    ping: ignore,
    goaway: ignore,
    windowUpdate: ignore,
    lost: ignore,
    regained: ignore,
  };
}

function ignore(): void {
  // a sink that keeps nothing
}

const [stage = '', path = ''] = process.argv.slice(2);
const run = STAGES[stage];
if (run === undefined) throw new Error(`no stage is called ${stage}`);
process.stdout.write(`${run(path)}\n`);
