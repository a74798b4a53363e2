import { FLAG, isSegment, type Segment, STOP, type StopCode } from '../../decode/index.ts';
import { addressText } from '../../trace/index.ts';
import type { Endpoint } from '../model.ts';
import { besideRank, legRank, RANK, windowRank } from './rank.ts';
import { connectionKey, hostsKey, packetKey, portsKey, type Selection } from './selection.ts';

/** No rank: the packet does not matter. */
export const NO_RANK = -1;

/** Preface, SETTINGS, the first requests and the entries that header compression refers to all along. */
const HEAD_BYTES: number = 64 * 1024;
/** SYN, FIN and RST of all involved connections: beyond them they are a flood, and worth no more than other packets. */
const CONTROLS_MAX = 4096;
/** Packets at the very moment at which the capture begins or ends. */
const EDGES_MAX = 16;

/** Tells what each packet of a capture is worth, in the capture's order. */
export class Chooser {
  readonly #selection: Selection;
  readonly #areLegsKept: () => boolean;
  /** Captured bytes of each involved connection so far. */
  readonly #heads = new Map<string, number>();
  /** Whether the last packet is a segment of an involved connection. */
  isInvolved = false;
  #edges = 0;
  #controls = 0;

  /** @param areLegsKept  whether there still is room for packets of legs that are not involved */
  constructor(selection: Selection, areLegsKept: () => boolean = () => true) {
    this.#selection = selection;
    this.#areLegsKept = areLegsKept;
  }

  /**
   * @param stop     what decoding told of it, `segment` and `quoted` being what it left
   * @param timeNs   since the capture's base
   * @returns a rank, or NO_RANK
   */
  rank(
    file: number,
    packet: number,
    timeNs: number,
    capturedBytes: number,
    stop: StopCode,
    segment: Segment,
    quoted: Segment,
  ): number {
    const rank = this.#rankOf(timeNs, capturedBytes, stop, segment, quoted);
    const isNamed = this.#selection.anchors.has(packetKey(file, packet));
    return isNamed || this.#isEdge(timeNs) ? RANK.anchor : rank;
  }

  #rankOf(timeNs: number, capturedBytes: number, stop: StopCode, segment: Segment, quoted: Segment): number {
    this.isInvolved = false;
    if (stop === STOP.fragmentHeld || stop === STOP.ipFragment) return this.#fragmentRank(segment);
    if (stop === STOP.icmpQuote) return this.#selection.involved.has(keyOf(quoted)) ? RANK.frame : RANK.other;
    if (!isSegment(stop)) return NO_RANK;
    const ports = portsKey(segment.srcPort, segment.dstPort);
    if (!this.#selection.involvedPorts.has(ports)) {
      if (!this.#selection.legPorts.has(ports)) return RANK.other;
      // Addresses as text take longer than all else: not for packets that are not kept in any case.
      if (!this.#areLegsKept()) return RANK.leg;
    }
    const key = keyOf(segment);
    const involvement = this.#selection.involved.get(key);
    this.isInvolved = involvement !== undefined;
    if (involvement === 'beside') return besideRank(this.#fromWindow(timeNs));
    if (involvement === 'window') return this.#windowRank(key, timeNs, capturedBytes, segment);
    const nth = this.#selection.legs.get(key);
    return nth === undefined ? RANK.other : legRank(nth);
  }

  #fragmentRank(segment: Segment): number {
    const hosts = hostsKey(sourceOf(segment).ip, destinationOf(segment).ip);
    return this.#selection.involvedHosts.has(hosts) ? RANK.frame : RANK.other;
  }

  #windowRank(key: string, timeNs: number, capturedBytes: number, { flags }: Segment): number {
    const before = this.#heads.get(key) ?? 0;
    if (before < HEAD_BYTES) this.#heads.set(key, before + capturedBytes);
    const isControl = (flags & (FLAG.syn | FLAG.fin | FLAG.rst)) !== 0 && ++this.#controls <= CONTROLS_MAX;
    if (isControl || before < HEAD_BYTES) return RANK.frame;
    return windowRank(nearest(this.#selection.moments, timeNs) / 1e9, this.#fromWindow(timeNs));
  }

  /** Seconds to the nearest time at which something was wrong; 0 within it. */
  #fromWindow(timeNs: number): number {
    const { wrong } = this.#selection;
    const at = placeOf(wrong, timeNs);
    // Behind a beginning and before its end.
    return at % 2 === 1 ? 0 : nearest(wrong, timeNs) / 1e9;
  }

  #isEdge(timeNs: number): boolean {
    const { firstNs, lastNs } = this.#selection;
    return (timeNs === firstNs || timeNs === lastNs) && ++this.#edges <= EDGES_MAX;
  }
}

function keyOf(segment: Segment): string {
  return connectionKey(sourceOf(segment), destinationOf(segment));
}

function sourceOf({ ipVersion, src0, src1, src2, src3, srcPort }: Segment): Endpoint {
  return { ip: addressText(ipVersion, [src0, src1, src2, src3]), port: srcPort };
}

function destinationOf({ ipVersion, dst0, dst1, dst2, dst3, dstPort }: Segment): Endpoint {
  return { ip: addressText(ipVersion, [dst0, dst1, dst2, dst3]), port: dstPort };
}

/** How far the nearest of ascending `moments` is from `timeNs`; Infinity where there is none. */
function nearest(moments: Float64Array, timeNs: number): number {
  const at = placeOf(moments, timeNs);
  const after = (moments[at] ?? Infinity) - timeNs;
  const before = timeNs - (moments[at - 1] ?? -Infinity);
  return Math.min(after, before);
}

/** How many of ascending `moments` lie before `timeNs`. */
function placeOf(moments: Float64Array, timeNs: number): number {
  let from = 0;
  let to = moments.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((moments[middle] ?? 0) < timeNs) from = middle + 1;
    else to = middle;
  }
  return from;
}
