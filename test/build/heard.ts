import { Moment } from '../../src/capture/index.ts';
import { FRAME_FLAG, type FrameObserver, HttpPass, type KeptFields } from '../../src/http/index.ts';
import type { Side } from '../../src/tcp/index.ts';
import { TYPE } from './h2.ts';
import { HttpRecord } from './http-record.ts';
import type { Sent } from './relay.ts';
import type { LoggedFrame } from './nghttp2.ts';

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(TYPE).map(([name, type]) => [type, name]));

/** The http stage over one connection, with its frames written as the log of a peer has them. */
export class Heard extends HttpRecord implements FrameObserver {
  readonly frames: [LoggedFrame[], LoggedFrame[]] = [[], []];
  readonly pass: HttpPass = new HttpPass(new Moment(), this, this);
  #fields: Record<string, string> = {};
  #block: [LoggedFrame | null, LoggedFrame | null] = [null, null];

  /** Takes what a relay wrote down of one connection, each write in segments of at most so many bytes. */
  hear(sent: readonly Sent[], segmentBytes: number): this {
    this.pass.opened(0, true);
    for (const { side, bytes } of sent) {
      if (bytes === null) this.pass.finished(0, side);
      else this.say(side, bytes, segmentBytes);
    }
    return this;
  }

  say(side: Side, bytes: Uint8Array, segmentBytes: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let at = 0; at < bytes.length; at += segmentBytes) {
      this.pass.bytes(0, side, view, at, Math.min(at + segmentBytes, bytes.length));
    }
  }

  override headers(connection: number, side: Side, streamId: number, fields: KeptFields, endStream: boolean): void {
    super.headers(connection, side, streamId, fields, endStream);
    this.#fields = fieldsOf(fields);
  }

  frame(_connection: number, side: Side, type: number, flags: number, streamId: number, length: number): void {
    const begun = this.#block[side];
    const isRest = type === TYPE.CONTINUATION && begun !== null;
    const whole: LoggedFrame = {
      type: isRest ? begun.type : (NAMES.get(type) ?? String(type)),
      flags: isRest ? begun.flags | flags : flags,
      streamId,
      length: isRest ? begun.length + length : length,
      fields: type === TYPE.HEADERS || isRest ? this.#fields : {},
    };
    const isBlock = isRest || type === TYPE.HEADERS || type === TYPE.PUSH_PROMISE;
    if (isBlock && (flags & FRAME_FLAG.END_HEADERS) === 0) {
      this.#block[side] = whole;
      return;
    }
    this.#block[side] = null;
    this.#fields = {};
    this.frames[side].push(whole);
  }

  head(): void {}
}

function fieldsOf(fields: KeptFields): Record<string, string> {
  const named = [
    [':method', fields.method],
    [':path', fields.path],
    [':authority', fields.authority],
    [':status', fields.status],
    ['user-agent', fields.userAgent],
    ['x-request-id', fields.requestId],
    ['traceparent', fields.traceparent],
    ['grpc-status', fields.grpcStatus],
    ['content-type', fields.contentType],
    ['server', fields.server],
  ] as const;
  return Object.fromEntries(named.flatMap(([name, value]) => (value === undefined ? [] : [[name, String(value)]])));
}
