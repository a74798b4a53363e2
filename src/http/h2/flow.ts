import type { Side } from '../../tcp/index.ts';
import type { H1Connection } from '../h1/message-flow.ts';
import type { DynamicTable } from '../hpack/table.ts';
import { SAYS, type Says } from '../reason-reader.ts';
import type { Protocol } from '../sink.ts';
import type { Tunnel, Tunnels } from '../tunnels.ts';
import type { Collector } from './collector.ts';
import type { ErrorStreams } from './error-streams.ts';
import { FRAME_UNANNOUNCED_BYTES } from './frame.ts';
import type { Search } from './resync.ts';

/** What the next byte of a flow is. From `header` on its frames are followed. */
export const PHASE = {
  /** Among the flow's first bytes: what speaks here is not known. */
  start: 0,
  /** Anywhere in the flow; a frame boundary is looked for. */
  search: 1,
  /** Part of something that is not followed. */
  ignore: 2,
  header: 3,
  /** In a DATA frame's payload, which is counted only. */
  data: 4,
  /** In a payload that is read whole. */
  payload: 5,
  /** In a payload of no interest, or one that a gap broke. */
  skip: 6,
  /** Of HTTP/1.1 messages: `ConnectionState.h1` knows where in them. */
  messages: 7,
  /** In a PROXY header, which stands before everything else. */
  proxyHeader: 8,
} as const;
export type Phase = (typeof PHASE)[keyof typeof PHASE];

/** Where one direction of a connection stands. Two objects a connection, made with its first byte. */
export class Flow {
  readonly connection: ConnectionState;
  readonly side: Side;
  readonly table: DynamicTable;
  phase: Phase = PHASE.start;

  /** The frame that is being read. */
  type = 0;
  flags = 0;
  streamId = 0;
  length = 0;
  /** Payload bytes still to come. */
  remaining = 0;
  /** Of DATA: its padding with the pad length byte; -1 until that byte came. */
  padBytes = 0;
  fingerprint = 0;
  /** Error responses whose bodies have not begun; null: there was none. */
  errors: ErrorStreams | null = null;
  /** Of DATA: what may stand in it, and what of that came, where segments cut it. */
  says: Says = SAYS.nothing;
  said: Collector | null = null;
  /** Of DATA: the tunnel that they are of, null where they are of none. */
  tunnel: Tunnel | null = null;

  /** Bytes of a frame header cut by a segment's end, and how many. */
  cutHeader: DataView | null = null;
  cutHeaderBytes = 0;

  /** Stream whose field block goes on in CONTINUATION, else 0. */
  blockStreamId = 0;
  /** Of the block: HEADERS, which is told, or PUSH_PROMISE, which is not; its END_STREAM; whether a gap took a part of it. */
  blockTold = false;
  blockEndStream = false;
  blockBroken = false;
  /** Where in `collector` the block ends and the payload in hand begins. */
  blockBytes = 0;
  collector: Collector | null = null;

  /** Longest payload that the receiver accepts; it says so in the other flow. */
  maxFrameBytes: number = FRAME_UNANNOUNCED_BYTES;
  /** The first SETTINGS of this side went by, or may have: a later one without MAX_FRAME_SIZE changes nothing. */
  sawSettings = false;

  /** The first bytes, while they are too few to tell the protocol or a PROXY header's end. */
  firstBytes: DataView | null = null;
  firstBytesCount = 0;
  search: Search | null = null;

  constructor(connection: ConnectionState, side: Side, table: DynamicTable) {
    this.connection = connection;
    this.side = side;
    this.table = table;
  }
}

/** Both directions of a connection. */
export class ConnectionState {
  readonly number: number;
  /** The flows' first bytes are the connection's, or the first of what it was upgraded to. */
  fromStart: boolean;
  readonly flow0: Flow;
  readonly flow1: Flow;
  protocol: Protocol = 'unknown';
  /** The side that sent a preface or a request; -1 until known. */
  clientSide: Side | -1 = -1;
  /** Both directions' state where HTTP/1.1 is spoken. */
  h1: H1Connection | null = null;
  /** Its CONNECT streams; null: there was none. */
  tunnels: Tunnels | null = null;
  /** Streams with smaller numbers were asked before the capture began, so that what they are is not known. */
  unseenBelow: number;

  constructor(number: number, fromStart: boolean, table0: DynamicTable, table1: DynamicTable) {
    this.number = number;
    this.fromStart = fromStart;
    this.unseenBelow = fromStart ? 0 : Infinity;
    this.flow0 = new Flow(this, 0, table0);
    this.flow1 = new Flow(this, 1, table1);
  }
}

/** The other direction. */
export function otherFlow(flow: Flow): Flow {
  return flow.side === 0 ? flow.connection.flow1 : flow.connection.flow0;
}
