import { Moment } from '../../src/capture/index.ts';
import { HttpPass } from '../../src/http/index.ts';
import type { Side } from '../../src/tcp/index.ts';
import { HttpRecord, type Told } from '../build/http-record.ts';

/** One connection, number 0, as segments go back and forth on it. */
export class Conversation {
  readonly pass: HttpPass;
  readonly #record = new HttpRecord();

  /** @param fromStart  the capture has the connection's handshake */
  constructor(fromStart = true) {
    this.pass = new HttpPass(new Moment(), this.#record);
    this.pass.opened(0, fromStart);
  }

  /** Sends segments of one side; each lies somewhere inside a block, as captured ones do. */
  send(side: Side, ...segments: readonly Uint8Array[]): this {
    for (const segment of segments) {
      const block = new Uint8Array(segment.length + 8).fill(0xee);
      block.set(segment, 5);
      this.pass.bytes(0, side, new DataView(block.buffer), 5, 5 + segment.length);
    }
    return this;
  }

  /** Sends bytes cut into segments of at most so many. */
  sendCut(side: Side, bytes: Uint8Array, segmentBytes: number): this {
    for (let at = 0; at < bytes.length; at += segmentBytes) this.send(side, bytes.subarray(at, at + segmentBytes));
    return this;
  }

  lose(side: Side, lostBytes: number): this {
    this.pass.gap(0, side, lostBytes);
    return this;
  }

  finish(side: Side): this {
    this.pass.finished(0, side);
    return this;
  }

  /** The calls since the last time. */
  toldOfAll(): Told[] {
    return this.#record.calls.splice(0);
  }

  closed(): this {
    this.pass.closed(0);
    return this;
  }

  /** The calls since the last time, without the connection's number. */
  told(): unknown[][] {
    return this.#record.calls.splice(0).map(([call, , ...rest]: Told) => [call, ...rest]);
  }
}
