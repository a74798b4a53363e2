import type { Side } from '../tcp/index.ts';
import type { Budget } from './budget.ts';
import type { EarlyData } from './early-data.ts';
import { HandshakeReader } from './handshake-reader.ts';
import type { Protection } from './protection.ts';
import type { RecordBuffers } from './record-buffers.ts';
import { type OnRecord, RecordReader } from './record-reader.ts';

/** Where one direction of a session stands. */
export class Direction {
  readonly side: Side;
  readonly records: RecordReader;
  readonly handshake: HandshakeReader;
  isProtected = false;
  protection: Protection | null = null;
  /** The traffic secret in use, TLS 1.3. */
  secret: Uint8Array | null = null;
  /** What may come before that is under the secret. */
  early: EarlyData | null = null;
  hasLostEarlyData = false;
  /** The secret in use is that of what follows the handshake: the handshake's own was not given. */
  isBehindHandshake = false;
  /** Its Finished was read: a later one answers a server that asks who the client is (RFC 8446 §4.6.2), and changes no keys. */
  isFinished = false;
  /** Records are missing before the next one: how many is found by trying. */
  hasGap = false;
  opened = 0;
  /** Records behind a gap that opened at no sequence number. */
  failures = 0;

  constructor(
    side: Side,
    buffers: RecordBuffers,
    budget: Budget,
    isWanted: (type: number) => boolean,
    onRecord: OnRecord,
  ) {
    this.side = side;
    this.records = new RecordReader(buffers, onRecord);
    this.handshake = new HandshakeReader(isWanted, budget);
  }
}
