import { FRAME, FRAME_FLAG, type KeptFields } from '../../http/index.ts';
import { errorName } from '../compose/error-name.ts';
import { lineTime } from './time.ts';

/** Where and when a frame or head was complete. */
export interface DumpedMoment {
  /** 1-based in its file: the packet that completed it. */
  readonly packet: number;
  readonly file: string;
  /** Nanoseconds since 1970; null where the record has no time. */
  readonly epochNs: bigint | null;
  /** The connection's place in the order of first packets, from 0. */
  readonly nth: number;
  /** The CONNECT stream in whose tunnel it was said; null: in none. */
  readonly tunnel: number | null;
  /** Null while nothing has told. */
  readonly from: 'client' | 'server' | null;
}

/** An HTTP/2 frame as it was on the wire. */
export interface DumpedFrame {
  readonly type: number;
  readonly flags: number;
  readonly streamId: number;
  /** Of its payload in bytes. */
  readonly length: number;
}

/** An HTTP/1.1 message head. */
export interface DumpedHead {
  readonly isRequest: boolean;
  /** 1-based on its connection. */
  readonly exchange: number;
  /** Of the head in bytes. */
  readonly length: number;
}

/** What was said in it. */
export interface DumpedContent {
  /** By name; a value is null where it cannot be known. Null: it is no field block, or not the end of one. */
  readonly headers: Readonly<Record<string, string | null>> | null;
  /** Of RST_STREAM and GOAWAY. */
  readonly errorCode: number | null;
  readonly lastStreamId: number | null;
}

const FRAME_NAMES: ReadonlyMap<number, string> = new Map(Object.entries(FRAME).map(([name, type]) => [type, name]));

const { END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY } = FRAME_FLAG;

/** RFC 9113 §6: what each bit means depends on the type. */
const FLAG_NAMES: ReadonlyMap<number, readonly (readonly [bit: number, name: string])[]> = new Map([
  [
    FRAME.DATA,
    [
      [END_STREAM, 'END_STREAM'],
      [PADDED, 'PADDED'],
    ],
  ],
  [
    FRAME.HEADERS,
    [
      [END_STREAM, 'END_STREAM'],
      [END_HEADERS, 'END_HEADERS'],
      [PADDED, 'PADDED'],
      [PRIORITY, 'PRIORITY'],
    ],
  ],
  [FRAME.SETTINGS, [[ACK, 'ACK']]],
  [
    FRAME.PUSH_PROMISE,
    [
      [END_HEADERS, 'END_HEADERS'],
      [PADDED, 'PADDED'],
    ],
  ],
  [FRAME.PING, [[ACK, 'ACK']]],
  [FRAME.CONTINUATION, [[END_HEADERS, 'END_HEADERS']]],
]);
const FLAG_BITS = [0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80] as const;

/** One HTTP/2 frame as a line of NDJSON (contract §2). JSON.stringify escapes what came from the wire. */
export function renderFrame(moment: DumpedMoment, frame: DumpedFrame, content: DumpedContent): string {
  return line(moment, 'h2', content, {
    type: FRAME_NAMES.get(frame.type) ?? `UNKNOWN_${hex(frame.type)}`,
    flags: flagsOf(frame.type, frame.flags),
    stream: frame.streamId,
    length: frame.length,
  });
}

/** One HTTP/1.1 head likewise. */
export function renderHead(moment: DumpedMoment, head: DumpedHead, content: DumpedContent): string {
  return line(moment, 'http1', content, {
    type: head.isRequest ? 'REQUEST' : 'RESPONSE',
    flags: [],
    stream: head.exchange,
    length: head.length,
  });
}

/** The fields that are kept, by their names in HTTP/2; of HTTP/1.1 the request line and Host have the names of what they became there. */
export function headersOf(fields: KeptFields): Record<string, string | null> {
  const { status } = fields;
  const values: readonly (readonly [name: string, value: string | null | undefined])[] = [
    [':method', fields.method],
    [':path', fields.path],
    [':authority', fields.authority],
    // 0 stands for one that is no number.
    [':status', status === undefined ? undefined : status === null || status === 0 ? null : String(status)],
    ['user-agent', fields.userAgent],
    ['x-request-id', fields.requestId],
    ['traceparent', fields.traceparent],
    ['grpc-status', fields.grpcStatus],
    ['content-type', fields.contentType],
    ['server', fields.server],
  ];
  const known: Record<string, string | null> = {};
  for (const [name, value] of values) if (value !== undefined) known[name] = value;
  return known;
}

/** `trusted`: these are frames that were read; only what is inferred of encrypted ones would not be. */
function line(moment: DumpedMoment, protocol: string, content: DumpedContent, said: object): string {
  const { packet, file, epochNs, nth, tunnel, from } = moment;
  const { headers, errorCode, lastStreamId } = content;
  const error = errorCode === null ? null : errorName(errorCode);
  const connection = { connection: `t${nth + 1}`, ...(tunnel === null ? {} : { tunnel }) };
  const place = { packet, file, time: lineTime(epochNs), ...connection, from, protocol };
  return `${JSON.stringify({ ...place, ...said, headers, error, lastStreamId, trusted: true })}\n`;
}

function flagsOf(type: number, flags: number): string[] {
  const known = FLAG_NAMES.get(type) ?? [];
  return FLAG_BITS.filter((bit) => (flags & bit) !== 0).map(
    (bit) => known.find(([each]) => each === bit)?.[1] ?? hex(bit),
  );
}

function hex(byte: number): string {
  return `0x${byte.toString(16).padStart(2, '0')}`;
}
