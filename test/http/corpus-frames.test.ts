import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Moment, openSource, readCapture } from '../../src/capture/index.ts';
import { FLAG, STOP, Segment, decodePacket } from '../../src/decode/index.ts';
import { type FrameObserver, HttpPass } from '../../src/http/index.ts';
import { TcpPass, type TcpSink } from '../../src/tcp/index.ts';
import { CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';
import { FLAGS, TYPE } from '../build/h2.ts';
import { HttpRecord } from '../build/http-record.ts';

type FrameRow = readonly [type: number, flags: number, streamId: number, length: number];

interface Answer {
  readonly http2: {
    readonly byBytes: readonly {
      readonly stream: number;
      readonly from: 'tcp' | 'tls';
      readonly from0: { readonly frames: readonly FrameRow[] } | null;
      readonly from1: { readonly frames: readonly FrameRow[] } | null;
    }[];
  } | null;
}

/** What the sink should have been told of these frames. */
function expectedCalls(frames: readonly FrameRow[]): unknown[][] {
  let opened: FrameRow | undefined;
  return frames.flatMap((row): unknown[][] => {
    const [type, flags, streamId, length] = row;
    const ends = (flags & FLAGS.END_STREAM) !== 0;
    switch (type) {
      case TYPE.DATA:
        return [(flags & FLAGS.PADDED) === 0 ? ['data', streamId, length, ends] : ['data', streamId, 'padded', ends]];
      case TYPE.HEADERS:
      case TYPE.PUSH_PROMISE:
      case TYPE.CONTINUATION:
        if (type !== TYPE.CONTINUATION) opened = row;
        if ((flags & FLAGS.END_HEADERS) === 0 || opened?.[0] !== TYPE.HEADERS) return [];
        return [['headers', streamId, (opened[1] & FLAGS.END_STREAM) !== 0]];
      case TYPE.RST_STREAM:
        return [['rstStream', streamId]];
      case TYPE.SETTINGS:
        return [['settings', ends]];
      case TYPE.PING:
        return [['ping', ends]];
      case TYPE.GOAWAY:
        return [['goaway']];
      case TYPE.WINDOW_UPDATE:
        return [['windowUpdate', streamId]];
      default:
        return [];
    }
  });
}

/** The same part of the calls that came, from where HTTP/2 was spoken: an upgrade or a CONNECT in HTTP/1.1 may stand before it. */
function toldCalls(record: HttpRecord, connection: number, side: number, expected: readonly unknown[][]): unknown[][] {
  const ofConnection = record.calls.filter(([, number]) => number === connection);
  const begins = ofConnection.findLastIndex(([call]) => call === 'protocol');
  const calls = ofConnection.slice(begins + 1).filter(([, , from]) => from === side);
  return calls.map(([call, , , ...rest], nth) => {
    if (call === 'headers') return [call, rest[0], rest[2]];
    if (call === 'data') return [call, rest[0], expected[nth]?.[2] === 'padded' ? 'padded' : rest[1], rest[3]];
    if (call === 'goaway') return [call];
    return [call, rest[0]];
  });
}

/** Reads a capture through all stages up to http. */
function readHttp(path: string): { record: HttpRecord; pass: HttpPass; frames: Frames } {
  const moment = new Moment();
  const record = new HttpRecord();
  const frames = new Frames();
  const pass = new HttpPass(moment, record, frames);
  const segment = new Segment();
  const sink: TcpSink = {
    opened: (connection, first) => {
      pass.opened(connection, (first.flags & FLAG.syn) !== 0);
    },
    segment: () => undefined,
    bytes: (connection, side, view, at, end) => {
      pass.bytes(connection, side, view, at, end);
    },
    gap: (connection, side, lostBytes) => {
      pass.gap(connection, side, lostBytes);
    },
  };
  const tcp = new TcpPass(moment, sink);
  readCapture(openSource(path), ({ view, count, at, capturedBytes, originalBytes, linkType, timeNs }) => {
    for (let row = 0; row < count; row++) {
      moment.ns[0] = timeNs[row] ?? 0;
      const from = at[row] ?? 0;
      const end = from + (capturedBytes[row] ?? 0);
      const stop = decodePacket(view, from, end, originalBytes[row] ?? 0, linkType[row] ?? 0, segment);
      if (stop === STOP.none) tcp.segment(segment, view);
    }
  });
  tcp.finish();
  return { record, pass, frames };
}

/** Every frame as the observer is told of it. */
class Frames implements FrameObserver {
  readonly #rows: { readonly connection: number; readonly side: number; readonly row: FrameRow }[] = [];

  frame(connection: number, side: number, type: number, flags: number, streamId: number, length: number): void {
    this.#rows.push({ connection, side, row: [type, flags, streamId, length] });
  }

  head(): void {}

  of(connection: number, side: number): FrameRow[] {
    return this.#rows.filter((each) => each.connection === connection && each.side === side).map(({ row }) => row);
  }
}

const ENDING = '.pcap.tshark.json';
const files = corpusFiles('http2', ENDING);
const flows = files.flatMap((file) => {
  const { http2 }: Answer = JSON.parse(readFileSync(file, 'utf8'));
  return (http2?.byBytes ?? [])
    .filter(({ from }) => from === 'tcp')
    .map((flow) => ({
      ...flow,
      name: `${basename(file, ENDING)}, stream ${flow.stream}`,
      path: file.slice(0, -'.tshark.json'.length),
    }));
});

describe.skipIf(flows.length === 0)(
  `captures of HTTP/2 by others${flows.length === 0 ? ` (${CORPUS_ABSENT})` : ''}`,
  () => {
    test.each(flows)('$name: every frame, in its order', (flow) => {
      const { record, pass, frames } = readHttp(flow.path);
      // A side that the oracle does not have is one that it could not follow, behind an upgrade from HTTP/1.1.
      [flow.from0, flow.from1].forEach((answer, side) => {
        if (answer === null) return;
        const calls = expectedCalls(answer.frames);
        expect(toldCalls(record, flow.stream, side, calls), `side ${side}`).toEqual(calls);
        expect(frames.of(flow.stream, side), `side ${side}`).toEqual(answer.frames.map(([...row]) => row.slice(0, 4)));
      });
      expect(pass.counters).toMatchObject({ lost: 0, hpackErrors: 0, hpackBadIndices: 0 });
    });
  },
);
