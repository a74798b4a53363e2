/** Bytes of a frame header (RFC 9113 §4.1). */
export const FRAME_HEADER_BYTES = 9;
/** Where its fields stand, behind the length. */
export const FRAME_AT = { type: 3, flags: 4, stream: 5 } as const;
/** Largest payload before any SETTINGS_MAX_FRAME_SIZE, and the least that can be announced (RFC 9113 §6.5.2). */
export const FRAME_DEFAULT_BYTES = 16_384;
/** The most that can be announced (RFC 9113 §6.5.2). */
export const FRAME_MAX_BYTES: number = 2 ** 24 - 1;
/** Taken as the limit while the receiver's SETTINGS were not seen: what Go announces, the largest that is common. */
export const FRAME_UNANNOUNCED_BYTES: number = 64 * FRAME_DEFAULT_BYTES;
/** Largest field block that is followed over its CONTINUATIONs. */
export const HEADER_BLOCK_MAX_BYTES: number = 64 * FRAME_DEFAULT_BYTES;

/** Frame types (RFC 9113 §6). */
export const FRAME = {
  DATA: 0,
  HEADERS: 1,
  PRIORITY: 2,
  RST_STREAM: 3,
  SETTINGS: 4,
  PUSH_PROMISE: 5,
  PING: 6,
  GOAWAY: 7,
  WINDOW_UPDATE: 8,
  CONTINUATION: 9,
} as const;

/** Frame flags (RFC 9113 §6). */
export const FRAME_FLAG = { END_STREAM: 0x01, ACK: 0x01, END_HEADERS: 0x04, PADDED: 0x08, PRIORITY: 0x20 } as const;

/** Where the fields of payloads stand (RFC 9113 §6). */
export const PRIORITY_FIELDS_BYTES = 5;
export const PROMISED_STREAM_BYTES = 4;
export const SETTING_BYTES = 6;
/** Behind its identifier. */
export const SETTING_VALUE_AT = 2;
/** The stream identifier and other 31-bit fields without their reserved bit. */
export const MASK_31: number = 0x7fff_ffff;

type StreamRule = 'stream' | 'connection' | 'either';

interface FrameRule {
  readonly legalFlags: number;
  readonly stream: StreamRule;
  readonly minBytes: number;
  readonly maxBytes: number;
  /** Its length is a multiple of this. */
  readonly unitBytes: number;
  /**
   * What a header of this type proves when frames are looked for in unknown bytes, in bits: -log2 of how often it turns up at
   * an offset of a body made of zeros and small numbers (60 % zeros, the rest below 12), the worst that was tried.
   * In random bytes it is far rarer: DATA one offset in 2^25, PING one in 2^71.
   */
  readonly evidenceBits: number;
}

/** A frame filled to the default limit, as in every large body, proves so much more. */
const FULL_FRAME_BITS = 8;

const { END_STREAM, ACK, END_HEADERS, PADDED, PRIORITY } = FRAME_FLAG;

/** By type: DATA first, CONTINUATION last. */
const RULES: readonly FrameRule[] = [
  rule({ legalFlags: END_STREAM | PADDED, stream: 'stream', evidenceBits: 4 }),
  rule({ legalFlags: END_STREAM | END_HEADERS | PADDED | PRIORITY, stream: 'stream', evidenceBits: 6 }),
  rule({ stream: 'stream', minBytes: 5, maxBytes: 5, evidenceBits: 12 }),
  rule({ stream: 'stream', minBytes: 4, maxBytes: 4, evidenceBits: 12 }),
  rule({ legalFlags: ACK, stream: 'connection', unitBytes: SETTING_BYTES, evidenceBits: 14 }),
  rule({ legalFlags: END_HEADERS | PADDED, stream: 'stream', minBytes: PROMISED_STREAM_BYTES, evidenceBits: 4 }),
  rule({ legalFlags: ACK, stream: 'connection', minBytes: 8, maxBytes: 8, evidenceBits: 14 }),
  rule({ stream: 'connection', minBytes: 8, evidenceBits: 12 }),
  rule({ stream: 'either', minBytes: 4, maxBytes: 4, evidenceBits: 12 }),
  rule({ legalFlags: END_HEADERS, stream: 'stream', evidenceBits: 4 }),
];

function rule(given: Partial<FrameRule> & Pick<FrameRule, 'stream' | 'evidenceBits'>): FrameRule {
  return { legalFlags: 0, minBytes: 0, maxBytes: FRAME_MAX_BYTES, unitBytes: 1, ...given };
}

/**
 * Whether a frame may have this length and stream (RFC 9113 §6). Unknown types may have any (RFC 9113 §5.5);
 * flags are not looked at, since undefined ones are to be ignored (RFC 9113 §4.1).
 * @param streamId  without the reserved bit
 */
export function isLegal(type: number, streamId: number, length: number): boolean {
  if (type === FRAME.DATA) return streamId !== 0;
  const row = RULES[type];
  if (row === undefined) return true;
  if (length < row.minBytes || length > row.maxBytes || length % row.unitBytes !== 0) return false;
  if (row.stream === 'either') return true;
  return (streamId === 0) === (row.stream === 'connection');
}

/**
 * How much nine bytes look like a frame header that an orderly sender wrote, in bits of evidence; 0 where they do not.
 * Stricter than `isLegal`: unknown types, undefined flags and a set reserved bit are legal but unlikely.
 * @param streamWord  the last four bytes as a signed word, with the reserved bit
 */
export function evidenceOf(type: number, flags: number, streamWord: number, length: number): number {
  const row = RULES[type];
  if (row === undefined || streamWord < 0 || (flags & ~row.legalFlags) !== 0) return 0;
  if (length > FRAME_DEFAULT_BYTES || !isLegal(type, streamWord, length)) return 0;
  // RFC 9113 §6.5: a SETTINGS frame with ACK is empty. §6.1, §6.2: the pad length takes a byte.
  if (type === FRAME.SETTINGS && flags === ACK && length !== 0) return 0;
  if ((flags & PADDED) !== 0 && length === 0) return 0;
  // Blocks without a field are legal (empty trailers, RFC 9113 §6.2), and too rare to look for.
  if ((type === FRAME.HEADERS && length === 0) || (type === FRAME.PUSH_PROMISE && length === row.minBytes)) return 0;
  if (type > FRAME.HEADERS) return row.evidenceBits;
  // Only pushed streams are even (RFC 9113 §5.1.1), and empty DATA is sent to end a stream.
  if ((streamWord & 1) === 0 || (type === FRAME.DATA && length === 0 && flags !== END_STREAM)) return 0;
  return length === FRAME_DEFAULT_BYTES ? row.evidenceBits + FULL_FRAME_BITS : row.evidenceBits;
}
