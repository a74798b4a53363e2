import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { Moment, openSource, readCapture, type RecordBatch } from '../src/capture/index.ts';
import { WirePass } from '../src/cli/wire-pass.ts';
import { decodePacket, FLAG, Segment, STOP } from '../src/decode/index.ts';
import { HttpPass, type HttpSink } from '../src/http/index.ts';
import { TcpPass, type GapReason, type Side, type TcpSink } from '../src/tcp/index.ts';
import type { Capture } from './generate.ts';

const PASSES = 6;
const READ_BYTES = 1024 * 1024;

/** Each stage with all stages to its left, over one file. */
const STAGES: Readonly<Record<string, (path: string) => void>> = {
  'reading only': read,
  '+ walk': walk,
  '+ decode': (path) => {
    decode(path, new Moment(), () => undefined);
  },
  '+ tcp': (path) => {
    tcp(path, ignoringBytes);
  },
  '+ http': (path) => {
    tcp(path, readingHttp);
  },
  '+ recorder': (path) => {
    const pass = new WirePass();
    readCapture(openSource(path), (batch) => {
      pass.consume(batch);
    });
    pass.finish();
  },
};

/** Prints how long the stages take on a capture: the first pass pays for compiling, the best one shows the steady state. */
export async function printStages(capture: Capture): Promise<void> {
  let before = 0;
  for (const name of Object.keys(STAGES)) {
    const { firstMs, bestMs } = await timesOf(name, capture.path);
    const perPacket = ((bestMs - before) * 1e6) / capture.packets;
    before = bestMs;
    const line = `${name.padEnd(14)} best of ${PASSES}: ${bestMs.toFixed(0).padStart(5)} ms  first: ${firstMs.toFixed(0).padStart(5)} ms`;
    process.stdout.write(`${line}  this stage: ${perPacket.toFixed(0).padStart(4)} ns/packet\n`);
  }
}

interface Times {
  readonly firstMs: number;
  readonly bestMs: number;
}

/** Every stage has a process of its own: call sites that have seen another stage's sinks are slower for ever. */
async function timesOf(stage: string, path: string): Promise<Times> {
  const child = fork(fileURLToPath(import.meta.url), [stage, path]);
  const [answer] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [unknown];
  if (typeof answer !== 'object' || answer === null) throw new Error(`stage ${stage} ended without an answer`);
  return answer as Times;
}

function timeStage(stage: string, path: string): Times {
  const run = STAGES[stage];
  if (run === undefined) throw new Error(`no stage is called ${stage}`);
  const times = Array.from({ length: PASSES }, () => {
    const begin = performance.now();
    run(path);
    return performance.now() - begin;
  });
  return { firstMs: times[0] ?? Number.NaN, bestMs: Math.min(...times) };
}

function read(path: string): void {
  const source = openSource(path);
  const block = new Uint8Array(READ_BYTES);
  while (source.read(block, 0, READ_BYTES) > 0);
  source.close();
}

function walk(path: string): void {
  readCapture(openSource(path), () => undefined);
}

function decode(path: string, moment: Moment, take: (segment: Segment, view: DataView) => void): void {
  const segment = new Segment();
  readCapture(openSource(path), (batch: RecordBatch) => {
    const { view, count } = batch;
    for (let row = 0; row < count; row++) {
      const at = batch.at[row] ?? 0;
      const end = at + (batch.capturedBytes[row] ?? 0);
      moment.packet = batch.firstPacket + row;
      moment.ns[0] = batch.timeNs[row] ?? 0;
      const stop = decodePacket(view, at, end, batch.originalBytes[row] ?? 0, batch.linkType[row] ?? 0, segment);
      if (stop === STOP.none) take(segment, view);
    }
  });
}

function tcp(path: string, makeSink: (moment: Moment) => TcpSink): void {
  const moment = new Moment();
  const pass = new TcpPass(moment, makeSink(moment));
  decode(path, moment, (segment, view) => {
    pass.segment(segment, view);
  });
  pass.finish();
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

const [stage, path] = process.argv.slice(2);
if (process.send !== undefined && stage !== undefined && path !== undefined) process.send(timeStage(stage, path));
