import type { Upper } from './upper.ts';
import type { StandIns } from '../stand-ins.ts';

const MAC_BYTES = 6;
const IPV6_BYTES = 16;
const HALF_BYTES = 8;

/** @param payloadAt  where the payload begins; perhaps beyond the captured bytes */
export type PayloadCopier = (upper: Upper, payloadAt: number) => void;

/** Bytes on their way: zeros, into which is copied what may stay. */
export interface ByteCopy {
  /** As captured, and with stand-ins. */
  readonly from: DataView;
  readonly to: DataView;
  /** Takes bytes over as they are; what is beyond the end is not there. */
  keep(at: number, count: number): void;
}

/** A header inside another. */
export interface Inner {
  readonly etherType: number;
  readonly at: number;
  readonly end: number;
}

/**
 * A packet on its way: as many zero bytes, into which is copied what may stay. What no reader takes over is not there, so that a header
 * that nobody knows, or data, cannot get through. Offsets are the same in both.
 */
export class PacketCopy implements ByteCopy {
  readonly from: DataView;
  readonly to: DataView;
  readonly bytes: Uint8Array;
  readonly copyPayload: PayloadCopier;
  readonly #captured: Uint8Array;
  readonly #standIns: StandIns;
  readonly #writers: (() => void)[] = [];
  #inner: Inner | null = null;

  /** @param copyPayload  copies what may stay of a TCP segment's payload; as a rule nothing */
  constructor(captured: Uint8Array, standIns: StandIns, copyPayload: PayloadCopier) {
    this.copyPayload = copyPayload;
    this.#captured = captured;
    this.#standIns = standIns;
    this.bytes = new Uint8Array(captured.length);
    this.from = new DataView(captured.buffer, captured.byteOffset, captured.byteLength);
    this.to = new DataView(this.bytes.buffer);
  }

  /** Another header begins at `at`, of an EtherType; it is read when this one's reader is done. */
  inside(etherType: number, at: number, end: number): void {
    if (at <= end) this.#inner = { etherType, at, end };
  }

  /** The header inside that was found last, once. */
  takeInner(): Inner | null {
    const inner = this.#inner;
    this.#inner = null;
    return inner;
  }

  /** A checksum over what stands inside is written when that is there. */
  whenDone(write: () => void): void {
    this.#writers.push(write);
  }

  /** The innermost first. */
  finish(): void {
    for (const write of this.#writers.toReversed()) write();
  }

  keep(at: number, count: number): void {
    this.bytes.set(this.#captured.subarray(at, at + count), at);
  }

  /** The reader has seen that the address is there whole; so with the others. */
  ipv4(at: number): void {
    this.to.setUint32(at, this.#standIns.ipv4.standIn(this.from.getUint32(at)));
  }

  ipv6(at: number): void {
    const address = { network: this.from.getBigUint64(at), host: this.from.getBigUint64(at + HALF_BYTES) };
    const standIn = this.#standIns.ipv6.standIn(address);
    this.to.setBigUint64(at, standIn.network);
    this.to.setBigUint64(at + HALF_BYTES, standIn.host);
  }

  /** Addresses one after another, as many as are there whole. */
  ipv6List(at: number, end: number): void {
    for (let next = at; end - next >= IPV6_BYTES; next += IPV6_BYTES) this.ipv6(next);
  }

  mac(at: number): void {
    const high = this.from.getUint16(at);
    const standIn = this.#standIns.macs.standIn(high * 2 ** 32 + this.from.getUint32(at + 2));
    this.to.setUint16(at, Math.floor(standIn / 2 ** 32));
    this.to.setUint32(at + 2, standIn % 2 ** 32);
  }

  /** A link-layer address whose length a field says: of another length than Ethernet's it stays zero. */
  macOf(at: number, bytes: number): void {
    if (bytes === MAC_BYTES) this.mac(at);
  }
}
