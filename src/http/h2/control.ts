import { latin1Of } from '../latin1.ts';
import type { HttpSink } from '../sink.ts';
import { otherFlow, type Flow } from './flow.ts';
import {
  FRAME,
  FRAME_DEFAULT_BYTES,
  FRAME_FLAG,
  FRAME_MAX_BYTES,
  MASK_31,
  SETTING_BYTES,
  SETTING_VALUE_AT,
} from './frame.ts';

/** Settings (RFC 9113 §6.5.2). */
const SETTING_INITIAL_WINDOW_SIZE = 4;
const SETTING_MAX_FRAME_SIZE = 5;
/** RFC 9113 §6.5.2: a larger window is an error, and no window. */
const WINDOW_MAX_BYTES: number = 2 ** 31 - 1;
/** These SETTINGS say nothing of the window. */
const WINDOW_UNCHANGED = -1;
/** GOAWAY's fixed fields: last stream, error code (RFC 9113 §6.8). */
const GOAWAY_CODE_AT = 4;
const GOAWAY_FIELDS_BYTES = 8;
/** Of a PING's opaque data the second half (RFC 9113 §6.7). */
const PING_SECOND_AT = 4;
/** What is told of GOAWAY's debug data. */
const GOAWAY_DEBUG_MAX_BYTES = 256;

/**
 * Takes a side's SETTINGS in (RFC 9113 §6.5.2); they bind the other flow. Only the frame size matters here: a new
 * SETTINGS_HEADER_TABLE_SIZE takes effect with the encoder's own size update (RFC 7541 §4.2), which its next block carries.
 */
function applySettings(flow: Flow, view: DataView, at: number, end: number): void {
  const other = otherFlow(flow);
  // The first SETTINGS without MAX_FRAME_SIZE announces the default. Later a smaller one may cross with frames on their way: never lowered.
  let maxFrameBytes = flow.sawSettings || !flow.connection.fromStart ? other.maxFrameBytes : FRAME_DEFAULT_BYTES;
  for (let next = at; next < end; next += SETTING_BYTES) {
    if (view.getUint16(next) !== SETTING_MAX_FRAME_SIZE) continue;
    maxFrameBytes = Math.max(maxFrameBytes, Math.min(view.getUint32(next + SETTING_VALUE_AT), FRAME_MAX_BYTES));
  }
  other.maxFrameBytes = maxFrameBytes;
  flow.sawSettings = true;
}

/** The window that SETTINGS give each stream of the other flow (RFC 9113 §6.9.2), the last value where they say several; -1 where they say none. */
function initialWindowOf(view: DataView, at: number, end: number): number {
  let windowBytes = WINDOW_UNCHANGED;
  for (let next = at; next < end; next += SETTING_BYTES) {
    const value = view.getUint32(next + SETTING_VALUE_AT);
    if (view.getUint16(next) === SETTING_INITIAL_WINDOW_SIZE && value <= WINDOW_MAX_BYTES) windowBytes = value;
  }
  return windowBytes;
}

/** GOAWAY's debug data as latin1 text, up to GOAWAY_DEBUG_MAX_BYTES (RFC 9113 §6.8). */
function debugText(view: DataView, at: number, end: number): string {
  const from = at + GOAWAY_FIELDS_BYTES;
  return latin1Of(view, from, Math.min(end, from + GOAWAY_DEBUG_MAX_BYTES));
}

/** Tells the sink of a control frame's payload, which is [at, end); of other types nothing. SETTINGS take effect. */
export function tellControl(sink: HttpSink, flow: Flow, view: DataView, at: number, end: number): void {
  const { number } = flow.connection;
  const { side, streamId } = flow;
  const ack = (flow.flags & FRAME_FLAG.ACK) !== 0;
  switch (flow.type) {
    case FRAME.RST_STREAM:
      sink.rstStream(number, side, streamId, view.getUint32(at));
      break;
    case FRAME.SETTINGS:
      if (!ack) applySettings(flow, view, at, end);
      sink.settings(number, side, ack, initialWindowOf(view, at, end));
      break;
    case FRAME.PING:
      sink.ping(number, side, ack, view.getInt32(at), view.getInt32(at + PING_SECOND_AT));
      break;
    case FRAME.GOAWAY:
      sink.goaway(
        number,
        side,
        view.getInt32(at) & MASK_31,
        view.getUint32(at + GOAWAY_CODE_AT),
        debugText(view, at, end),
      );
      break;
    case FRAME.WINDOW_UPDATE:
      sink.windowUpdate(number, side, streamId, view.getInt32(at) & MASK_31);
      break;
    default:
  }
}
