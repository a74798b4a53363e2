import type { Side } from '../../tcp/index.ts';
import type { Collector } from '../h2/collector.ts';
import { SAYS, type Says } from '../reason-reader.ts';

/** What the next byte of an HTTP/1.1 flow is. */
export const PART = {
  /** Nothing is known; a message is looked for at the start of a segment. */
  lost: 0,
  /** Of a head, or of the empty lines that may stand before it (RFC 9112 §2.2). */
  head: 1,
  /** Of a body whose length is known. */
  body: 2,
  /** Of a chunk's size line, data, or the CRLF after them (RFC 9112 §7.1). */
  chunkSize: 3,
  chunkData: 4,
  chunkEnd: 5,
  /** Of the trailers after the last chunk, up to an empty line. */
  trailers: 6,
  /** Of a body that ends with the connection, or of a tunnel. */
  rest: 7,
} as const;
export type Part = (typeof PART)[keyof typeof PART];

/** Where one direction of an HTTP/1.1 connection stands. */
export class MessageFlow {
  readonly side: Side;
  part: Part = PART.head;
  /** The exchange whose message is being read, or was read last, from 1 on. */
  exchange = 0;
  /** That message was begun, and its end was not told. */
  isOpen = false;
  /** Bytes still to come of a body or a chunk. */
  remaining = 0;
  /** Of the chunk, or of the body where nothing of it was told yet: its fingerprint, if wanted. */
  chunkBytes = 0;
  fingerprint = 0;
  isFirst = false;
  /** Its body says why the response is an error, and nothing of it was read. */
  isReasonDue = false;
  /** Of the chunk or body in hand: what may stand in it, and what of that came, where segments cut it. */
  says: Says = SAYS.nothing;
  said: Collector | null = null;
  /** The chunk size line as far as it came: its value, whether its digits have ended. */
  size = 0;
  sizeDigits = 0;
  sizeEnded = false;
  /** Bytes of the trailer line before this one; an empty line ends them. */
  lineBytes = 0;
  /** A head cut by a segment's end. */
  collector: Collector | null = null;

  constructor(side: Side) {
    this.side = side;
  }
}

/** A request that waits for its response. */
export interface Asked {
  readonly exchange: number;
  readonly isHead: boolean;
  readonly isConnect: boolean;
}

/** Both directions of an HTTP/1.1 connection. Exchanges are numbered from 1 and told as streams. */
export class H1Connection {
  readonly number: number;
  readonly flows: readonly [MessageFlow, MessageFlow] = [new MessageFlow(0), new MessageFlow(1)];
  /** In the order in which they were asked (RFC 9112 §9.3.2). */
  readonly pending: Asked[] = [];
  exchanges = 0;
  /** The side that sent a request or got a response; -1 until known. */
  clientSide: Side | -1 = -1;
  /** HTTP/2 was agreed on (RFC 7540 §3.2), or a tunnel opened: what follows in each direction is for another reader. */
  isHandedOn = false;

  constructor(number: number) {
    this.number = number;
  }
}
