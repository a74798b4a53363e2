import { otherSide, type Side } from '../tcp/index.ts';
import { UNKNOWN_BYTES } from '../tls/index.ts';
import type { HttpCounters } from './counters.ts';
import type { ConnectionState, Flow } from './h2/flow.ts';
import type { HttpSink, KeptFields, Protocol } from './sink.ts';
import { REDIRECTION_MIN } from './status.ts';

/** CONNECT streams of one connection that are read, and of all: each costs what a connection does, some 2 kB. */
export const TUNNELS_MAX = 1024;
export const TUNNELS_TOTAL: number = 8 * TUNNELS_MAX;
/** Streams of a connection joined in its middle that may be tunnels, and how far into each it is looked. */
export const SUSPECTS_MAX = 64;
const SUSPECT_MAX_BYTES: number = 64 * 1024;

/** Where the bytes go that run in tunnels: to the stages that a connection's bytes go to, each tunnel under a number of its own. */
export interface TunnelOutlet {
  opened(inner: number, fromStart: boolean): void;
  bytes(inner: number, side: Side, view: DataView, at: number, end: number): void;
  gap(inner: number, side: Side, lostBytes: number): void;
  finished(inner: number, side: Side): void;
  closed(inner: number): void;
}

/** One CONNECT stream, or one that may be one since its request was not read. */
export class Tunnel {
  /** Under which what runs in it is told: negative, as no connection's is. */
  readonly number: number;
  readonly tunnels: Tunnels;
  readonly streamId: number;
  /** Its request was read; else it is taken for a tunnel once its bytes are recognised. */
  readonly isSure: boolean;
  /** What speaks in it is known, and was told. */
  isTold = false;
  isOpened = false;
  /** Nothing more is told of it: the stream is over, or no tunnel as far as it was looked into. A DATA frame that has begun may still bring bytes. */
  isOver = false;
  suspectBytes = 0;
  /** By side: losses of the carrying flow that it was told of; whether its end came. */
  readonly losses: [number, number];
  readonly ended: [boolean, boolean] = [false, false];

  constructor(number: number, tunnels: Tunnels, streamId: number, isSure: boolean) {
    this.number = number;
    this.tunnels = tunnels;
    this.streamId = streamId;
    this.isSure = isSure;
    this.losses = [...tunnels.losses];
  }
}

/** The tunnels of one HTTP/2 connection. */
export class Tunnels {
  readonly connection: number;
  readonly byStream: Map<number, Tunnel> = new Map();
  /** By side: how often its frames could not be followed any more, with an unknown part of each tunnel in what is missing. */
  readonly losses: [number, number] = [0, 0];
  /** Streams that are looked into, or were in vain. */
  suspects = 0;
  /** Some older stream found no room: counted once, since each of its frames asks again. */
  isRefusing = false;

  constructor(connection: number) {
    this.connection = connection;
  }
}

/**
 * Opens the tunnels of HTTP/2 (RFC 9113 §8.5): the DATA of a CONNECT stream are the bytes of another connection. Those of extended CONNECT
 * (RFC 8441) are not, nor is a tunnel opened that runs in another.
 */
export class TunnelBook {
  private readonly sink: HttpSink;
  private readonly counters: HttpCounters;
  private readonly outlet: TunnelOutlet;
  private readonly byNumber = new Map<number, Tunnel>();
  private last = 0;

  constructor(sink: HttpSink, counters: HttpCounters, outlet: TunnelOutlet) {
    this.sink = sink;
    this.counters = counters;
    this.outlet = outlet;
  }

  /** A field block was read: it may ask for a tunnel, or refuse one. Call before it is told. */
  headers({ connection, streamId, blockEndStream }: Flow, fields: KeptFields, sawScheme: boolean): void {
    const { method, path, status } = fields;
    if (method !== undefined) {
      // RFC 9113 §5.1.1: what was asked before the first request that was read has a smaller number.
      if (streamId < connection.unseenBelow) connection.unseenBelow = streamId;
      if (blockEndStream) return;
      // RFC 9113 §8.5: no :scheme and no :path; with them it is an extended one.
      if (method === 'CONNECT' && path === undefined && !sawScheme) this.open(connection, streamId, true);
      else if (method === null && !connection.fromStart) this.open(connection, streamId, false);
    } else if (typeof status === 'number' && status >= REDIRECTION_MIN) {
      this.close(connection, streamId);
    }
  }

  /** The tunnel whose DATA begin; null where the stream is none. */
  of({ connection, streamId }: Flow): Tunnel | null {
    const known = connection.tunnels?.byStream.get(streamId);
    if (known !== undefined) return known.isOver ? null : known;
    return streamId < connection.unseenBelow ? this.open(connection, streamId, false) : null;
  }

  bytes(tunnel: Tunnel, side: Side, view: DataView, at: number, end: number): void {
    if (at >= end || tunnel.isOver) return;
    this.begin(tunnel);
    const losses = tunnel.tunnels.losses[side];
    if (tunnel.losses[side] !== losses) this.gap(tunnel, side, UNKNOWN_BYTES);
    tunnel.losses[side] = losses;
    this.outlet.bytes(tunnel.number, side, view, at, end);
    if (tunnel.isSure || tunnel.isTold) return;
    tunnel.suspectBytes += end - at;
    if (tunnel.suspectBytes > SUSPECT_MAX_BYTES) this.end(tunnel);
  }

  /** Bytes are missing in it. */
  gap(tunnel: Tunnel, side: Side, lostBytes: number): void {
    if (tunnel.isOver) return;
    this.begin(tunnel);
    this.outlet.gap(tunnel.number, side, lostBytes);
  }

  /** A side ended the stream: to what runs in it that is a FIN. Call before that is told. */
  finish({ connection, side, streamId }: Flow): void {
    const tunnel = connection.tunnels?.byStream.get(streamId);
    if (tunnel === undefined) return;
    tunnel.ended[side] = true;
    if (tunnel.isOpened && !tunnel.isOver) this.outlet.finished(tunnel.number, side);
  }

  /** The same was told: where both sides ended it, it is over. */
  settle({ connection, side, streamId }: Flow): void {
    const ended = connection.tunnels?.byStream.get(streamId)?.ended;
    if (ended?.[side] === true && ended[otherSide(side)]) this.close(connection, streamId);
  }

  /** A side's frames cannot be followed any more. */
  lose({ connection: { tunnels }, side }: Flow): void {
    if (tunnels !== null) tunnels.losses[side]++;
  }

  /** The stream is over, or no tunnel. */
  close({ tunnels }: ConnectionState, streamId: number): void {
    const tunnel = tunnels?.byStream.get(streamId);
    if (tunnel === undefined) return;
    this.end(tunnel);
    tunnels?.byStream.delete(streamId);
  }

  /** The connection is over. */
  closeAll({ tunnels }: ConnectionState): void {
    for (const tunnel of tunnels?.byStream.values() ?? []) this.end(tunnel);
    tunnels?.byStream.clear();
  }

  /** What speaks in a tunnel became known. */
  tell(inner: number, protocol: Protocol): void {
    const tunnel = this.byNumber.get(inner);
    if (tunnel === undefined) return;
    if (!tunnel.isSure && !tunnel.isTold) tunnel.tunnels.suspects--;
    tunnel.isTold = true;
    this.sink.tunnel?.(inner, tunnel.tunnels.connection, tunnel.streamId, protocol);
  }

  private open(connection: ConnectionState, streamId: number, isSure: boolean): Tunnel | null {
    if (connection.number < 0 || this.sink.tunnel === undefined) return null;
    const tunnels = (connection.tunnels ??= new Tunnels(connection.number));
    // A number that comes again, against RFC 9113 §5.1.1, names another stream.
    this.close(connection, streamId);
    if (!isSure && tunnels.suspects >= SUSPECTS_MAX) {
      if (!tunnels.isRefusing) this.counters.suspectLimit++;
      tunnels.isRefusing = true;
      return null;
    }
    if (this.isFull(tunnels)) return null;
    if (!isSure) tunnels.suspects++;
    const tunnel = new Tunnel(--this.last, tunnels, streamId, isSure);
    tunnels.byStream.set(streamId, tunnel);
    this.byNumber.set(tunnel.number, tunnel);
    return tunnel;
  }

  private isFull({ byStream }: Tunnels): boolean {
    const isFullHere = byStream.size >= TUNNELS_MAX;
    const isFull = this.byNumber.size >= TUNNELS_TOTAL;
    if (isFullHere) this.counters.tunnelLimit++;
    else if (isFull) this.counters.tunnelTotalLimit++;
    return isFullHere || isFull;
  }

  private begin(tunnel: Tunnel): void {
    if (tunnel.isOpened) return;
    tunnel.isOpened = true;
    this.outlet.opened(tunnel.number, tunnel.isSure);
  }

  private end(tunnel: Tunnel): void {
    tunnel.isOver = true;
    if (!this.byNumber.delete(tunnel.number)) return;
    if (tunnel.isOpened) this.outlet.closed(tunnel.number);
    if (tunnel.isTold) this.sink.tunnelClosed?.(tunnel.number);
  }
}
