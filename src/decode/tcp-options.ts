import type { Segment } from './segment.ts';

// RFC 9293 §3.1: kind, length, value
const LENGTH = 1;
const VALUE = 2;

const KIND = { end: 0, noOperation: 1, windowScale: 3, timestamps: 8 } as const;
const WINDOW_SCALE_BYTES = 3;
const TIMESTAMPS_BYTES = 10;
const TSVAL_BYTES = 4;

/** RFC 7323 §2.3: a larger shift is to be used as 14. */
const WINDOW_SHIFT_MAX = 14;

/**
 * The one layout that nearly every segment of a connection has: NOP, NOP, timestamps (RFC 7323 appendix A).
 * Read as one word, it saves the loop.
 */
const ALIGNED_TIMESTAMPS = 0x0101080a;
const ALIGNED_TIMESTAMPS_BYTES = 12;

/**
 * Reads the TCP options in [at, end) into `into`, whose option fields must stand at "absent".
 * Unknown kinds are skipped (RFC 9293 §3.1, MUST-6); an option with an impossible length ends the reading, what was read stays.
 */
export function readTcpOptions(view: DataView, at: number, end: number, into: Segment): void {
  if (end - at === ALIGNED_TIMESTAMPS_BYTES && view.getUint32(at) === ALIGNED_TIMESTAMPS) {
    readTimestamps(view, at + 2, into);
    return;
  }
  while (at < end) {
    const kind = view.getUint8(at);
    if (kind === KIND.end) return;
    if (kind === KIND.noOperation) {
      at++;
      continue;
    }
    if (end - at < VALUE) return;
    const bytes = view.getUint8(at + LENGTH);
    if (bytes < VALUE || bytes > end - at) return;
    readOption(view, at, kind, bytes, into);
    at += bytes;
  }
}

function readOption(view: DataView, at: number, kind: number, bytes: number, into: Segment): void {
  if (kind === KIND.timestamps && bytes === TIMESTAMPS_BYTES) readTimestamps(view, at, into);
  else if (kind === KIND.windowScale && bytes === WINDOW_SCALE_BYTES)
    into.windowShift = Math.min(view.getUint8(at + VALUE), WINDOW_SHIFT_MAX);
}

function readTimestamps(view: DataView, at: number, into: Segment): void {
  into.hasTimestamps = 1;
  into.tsVal = view.getInt32(at + VALUE);
  into.tsEcr = view.getInt32(at + VALUE + TSVAL_BYTES);
}
