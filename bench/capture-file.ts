import { closeSync, openSync, writeSync } from 'node:fs';

/** One end of a simulated TCP connection. */
export interface End {
  /** IPv4 address as a number. */
  readonly ip: number;
  readonly port: number;
  /** Whether this end is the capturing host, for the cooked header's packet type. */
  readonly isLocal: boolean;
  /** Next sequence number to send. */
  seq: number;
  /** The last acknowledgement sent. */
  acked: number;
  tsVal: number;
  ipId: number;
}

export const FILE_HEADER_BYTES = 24;
export const RECORD_HEADER_BYTES = 16;
export const LINK_BYTES = 16; // LINKTYPE_LINUX_SLL
export const IP_BYTES = 20;
const TIMESTAMPS_BYTES = 12; // NOP, NOP, timestamps (RFC 7323 §3.2)
const SYN_OPTIONS_BYTES = 20; // MSS, SACK permitted, timestamps, NOP, window scale
const TCP_BYTES = 20;
/** Cooked v1, not v2: tcptrace knows no v2, and all programs are to read the same file. */
const LINUX_SLL = 113;
const SNAP_BYTES = 262_144;

/** 2026-01-01T00:00:00Z. */
const EPOCH_SECONDS = 1_767_225_600;
const BUFFER_BYTES = 8 * 1024 * 1024;
const FIN = 0x01;
const SYN = 0x02;
const PSH = 0x08;
const ACK = 0x10;

/** Control bits of the packets that a connection is made of. */
export const FLAGS: Readonly<Record<'syn' | 'synAck' | 'ack' | 'data' | 'fin', number>> = {
  syn: SYN,
  synAck: SYN | ACK,
  ack: ACK,
  data: PSH | ACK,
  fin: FIN | ACK,
};

/** Writes a classic pcap of TCP over IPv4 in Linux cooked framing, microseconds, as `tcpdump -i any` does. */
export class CaptureFile {
  readonly #fd: number;
  readonly #bytes = new Uint8Array(BUFFER_BYTES);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 0;
  #flushed = 0;
  #lastUs = 0;
  packets = 0;

  constructor(path: string) {
    this.#fd = openSync(path, 'w');
    const view = this.#view;
    view.setUint32(0, 0xa1b2c3d4, true);
    view.setUint16(4, 2, true);
    view.setUint16(6, 4, true);
    view.setUint32(16, SNAP_BYTES, true);
    view.setUint32(20, LINUX_SLL, true);
    this.#at = FILE_HEADER_BYTES;
  }

  /** Bytes so far. */
  get size(): number {
    return this.#flushed + this.#at;
  }

  /** Time of the last packet. */
  get lastUs(): number {
    return this.#lastUs;
  }

  /** One packet of `from`, which acknowledges all that `to` has sent. Times never go back: a packet waits for the one before it. */
  segment(timeUs: number, from: End, to: End, flags: number, payload: Uint8Array): void {
    from.acked = flags === SYN ? 0 : to.seq;
    from.tsVal = (Math.floor(timeUs / 1000) + from.port * 7919) >>> 0;
    this.#write(timeUs, from, to, flags, from.seq, payload);
    from.seq = (from.seq + payload.length + (flags & (SYN | FIN) ? 1 : 0)) >>> 0;
  }

  close(): void {
    this.#flush();
    closeSync(this.#fd);
  }

  #write(timeUs: number, from: End, to: End, flags: number, seq: number, payload: Uint8Array): void {
    const optionBytes = flags & SYN ? SYN_OPTIONS_BYTES : TIMESTAMPS_BYTES;
    const ipBytes = IP_BYTES + TCP_BYTES + optionBytes + payload.length;
    if (this.#at + RECORD_HEADER_BYTES + LINK_BYTES + ipBytes > BUFFER_BYTES) this.#flush();
    this.#record(timeUs, LINK_BYTES + ipBytes);
    this.#cooked(from);
    this.#ipv4(from, to, ipBytes);
    this.#tcp(from, to, flags, seq, optionBytes);
    this.#options(from, to, flags);
    this.#bytes.set(payload, this.#at);
    this.#at += payload.length;
    this.packets += 1;
  }

  #record(timeUs: number, bytes: number): void {
    const time = Math.max(timeUs, this.#lastUs);
    this.#lastUs = time;
    const seconds = Math.floor(time / 1e6);
    this.#view.setUint32(this.#at, EPOCH_SECONDS + seconds, true);
    this.#view.setUint32(this.#at + 4, time - seconds * 1e6, true);
    this.#view.setUint32(this.#at + 8, bytes, true);
    this.#view.setUint32(this.#at + 12, bytes, true);
    this.#at += RECORD_HEADER_BYTES;
  }

  #cooked(from: End): void {
    const view = this.#view;
    const at = this.#at;
    view.setUint16(at, from.isLocal ? 4 : 0);
    view.setUint32(at + 2, 0x0001_0006);
    view.setUint32(at + 6, 0x0242_0a09);
    view.setUint32(at + 10, 0x0002_0000);
    view.setUint16(at + 14, 0x0800);
    this.#at += LINK_BYTES;
  }

  #ipv4(from: End, to: End, bytes: number): void {
    const view = this.#view;
    const at = this.#at;
    from.ipId = (from.ipId + 1) & 0xffff;
    view.setUint32(at, 0x4500_0000 | bytes);
    view.setUint32(at + 4, ((from.ipId << 16) | 0x4000) >>> 0);
    view.setUint32(at + 8, 0x4006_0000);
    view.setUint32(at + 12, from.ip);
    view.setUint32(at + 16, to.ip);
    let sum = 0;
    for (let word = 0; word < IP_BYTES; word += 2) sum += view.getUint16(at + word);
    sum = (sum & 0xffff) + (sum >>> 16);
    view.setUint16(at + 10, ~(sum + (sum >>> 16)) & 0xffff);
    this.#at += IP_BYTES;
  }

  #tcp(from: End, to: End, flags: number, seq: number, optionBytes: number): void {
    const view = this.#view;
    const at = this.#at;
    view.setUint16(at, from.port);
    view.setUint16(at + 2, to.port);
    view.setUint32(at + 4, seq);
    view.setUint32(at + 8, flags & ACK ? to.seq : 0);
    view.setUint16(at + 12, ((TCP_BYTES + optionBytes) << 10) | flags);
    view.setUint16(at + 14, flags & SYN ? 64_240 : 4096);
    // With checksum offload a capture holds what the kernel left there; nobody checks it.
    view.setUint32(at + 16, 0x1635_0000);
    this.#at += TCP_BYTES;
  }

  #options(from: End, to: End, flags: number): void {
    const view = this.#view;
    let at = this.#at;
    if (flags & SYN) {
      view.setUint32(at, 0x0204_05b4);
      view.setUint16(at + 4, 0x0402);
      view.setUint16(at + 6, 0x080a);
      at += 8;
    } else {
      view.setUint32(at, 0x0101_080a);
      at += 4;
    }
    view.setUint32(at, from.tsVal);
    view.setUint32(at + 4, flags === SYN ? 0 : to.tsVal);
    at += 8;
    if (flags & SYN) {
      view.setUint32(at, 0x0103_0307);
      at += 4;
    }
    this.#at = at;
  }

  #flush(): void {
    let done = 0;
    while (done < this.#at) done += writeSync(this.#fd, this.#bytes, done, this.#at - done);
    this.#flushed += this.#at;
    this.#at = 0;
  }
}
