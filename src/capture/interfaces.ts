import {
  INTERFACE_LINK_TYPE,
  INTERFACE_OPTIONS,
  INTERFACE_SNAP_LENGTH,
  BLOCK_TAIL_BYTES,
  OPTION,
  PACKET_TIME_HIGH,
  PACKET_TIME_LOW,
  STATISTICS_INTERFACE,
  STATISTICS_OPTIONS,
} from './pcapng-layout.ts';
import type { InterfaceFacts } from './facts.ts';
import { counterOption, findOption } from './pcapng-options.ts';
import type { CaptureClock, FileTime } from './timestamp.ts';

/** More than any host has; a file of nothing but interfaces stops here. */
export const INTERFACES_MAX: number = 64 * 1024;

const FIRST_ROOM = 16;
/** An interface's name; Windows gives them GUIDs. */
const INTERFACE_NAME_MAX_BYTES = 256;
const NS_PER_SECOND = 1_000_000_000n;
const TWO_32 = 2 ** 32;

// draft-ietf-opsawg-pcapng §4.2, if_tsresol
const RESOLUTION_BINARY_BIT = 0x80;
const RESOLUTION_EXPONENT = 0x7f;
const DEFAULT_RESOLUTION = 6;
const NANOSECOND_EXPONENT = 9;
/** 10^19 units a second is the finest that leaves a second within 64 bits; 2^63 the same in halves. */
const DECIMAL_EXPONENT_MAX = 19;
const BINARY_EXPONENT_MAX = 63;
/** 2^-20 s is the first power of two finer than a microsecond. */
const BINARY_FINER_THAN_MICRO = 20;

/**
 * The interfaces of a section, one row each, as the packets' walk needs them.
 *
 * A timestamp is a 64-bit count of units since 1970. Its high and low halves are compared with those of the capture's base second
 * in the same units, so that the difference is exact as long as it is below 2^53 units.
 */
export class Interfaces {
  /** The section's byte order. */
  littleEndian = true;
  /** Rows of this section. */
  count = 0;
  /** Rows of the sections before. */
  vantageBase = 0;
  linkType: Int32Array = new Int32Array(FIRST_ROOM);
  snapLength: Float64Array = new Float64Array(FIRST_ROOM);
  /** Nanoseconds in a unit; 0 where units are finer than nanoseconds, or powers of two: `exactNs` tells then. */
  unitNs: Float64Array = new Float64Array(FIRST_ROOM);
  /** The base second in units: upper and lower 32 bits. */
  baseHigh: Float64Array = new Float64Array(FIRST_ROOM);
  baseLow: Float64Array = new Float64Array(FIRST_ROOM);
  /** 1 where a packet came from it. */
  isUsed: Uint8Array = new Uint8Array(FIRST_ROOM);
  /** Digits of the finest resolution in the file so far. */
  resolutionDigits: 6 | 9 = 6;
  readonly #unitsPerSecond: bigint[] = [];
  readonly #offsetSeconds: bigint[] = [];
  readonly #dropped = new Map<number, number>();
  readonly #linkTypes = new Set<number>();
  #droppedBefore: number | null = null;

  /** Begins a section: interface ids count from 0 again. */
  begin(littleEndian: boolean): void {
    this.littleEndian = littleEndian;
    this.#droppedBefore = this.droppedPackets();
    this.linkTypes();
    this.#dropped.clear();
    this.vantageBase += this.count;
    this.count = 0;
    this.#unitsPerSecond.length = 0;
    this.#offsetSeconds.length = 0;
    this.isUsed.fill(0);
  }

  /**
   * Adds the interface whose whole description block stands in [at, end); at least INTERFACE_MIN_BYTES.
   * @returns false where there are too many
   */
  add(view: DataView, at: number, end: number, clock: CaptureClock): boolean {
    const { littleEndian } = this;
    if (this.count === INTERFACES_MAX) return false;
    if (this.count === this.linkType.length) this.#grow();
    const row = this.count++;
    this.linkType[row] = view.getUint16(at + INTERFACE_LINK_TYPE, littleEndian);
    this.snapLength[row] = view.getUint32(at + INTERFACE_SNAP_LENGTH, littleEndian);
    const options = at + INTERFACE_OPTIONS;
    this.#setResolution(row, resolutionOf(view, options, end - BLOCK_TAIL_BYTES, littleEndian));
    this.#offsetSeconds.push(offsetOf(view, options, end - BLOCK_TAIL_BYTES, littleEndian));
    this.#setBase(row, clock);
    return true;
  }

  #setResolution(row: number, resolution: number): void {
    const exponent = resolution & RESOLUTION_EXPONENT;
    const isBinary = (resolution & RESOLUTION_BINARY_BIT) !== 0;
    const unitsPerSecond = isBinary
      ? 2n ** BigInt(Math.min(exponent, BINARY_EXPONENT_MAX))
      : 10n ** BigInt(Math.min(exponent, DECIMAL_EXPONENT_MAX));
    this.#unitsPerSecond.push(unitsPerSecond);
    const isWhole = !isBinary && exponent <= NANOSECOND_EXPONENT;
    this.unitNs[row] = isWhole ? 10 ** (NANOSECOND_EXPONENT - exponent) : 0;
    if (digitsOf(resolution) === 9) this.resolutionDigits = 9;
  }

  /** Where the base lies before the interface's own zero, the difference cannot be split into unsigned halves: BigInt does it. */
  #setBase(row: number, clock: CaptureClock): void {
    const seconds = BigInt(clock.base[0] ?? 0) - (this.#offsetSeconds[row] ?? 0n);
    const units = seconds * (this.#unitsPerSecond[row] ?? 1n);
    if (units < 0n || units >= 1n << 64n) this.unitNs[row] = 0;
    this.baseHigh[row] = Number(BigInt.asUintN(64, units) >> 32n);
    this.baseLow[row] = Number(BigInt.asUintN(32, units));
  }

  /** The time of the packet block at `at`, for every resolution and offset; undefined where its interface is unknown. Allocates. */
  timeOf(view: DataView, at: number, row: number): FileTime | undefined {
    const { littleEndian } = this;
    const perSecond = this.#unitsPerSecond[row];
    if (perSecond === undefined) return undefined;
    const high = BigInt(view.getUint32(at + PACKET_TIME_HIGH, littleEndian));
    const units = (high << 32n) | BigInt(view.getUint32(at + PACKET_TIME_LOW, littleEndian));
    const ns = ((units % perSecond) * NS_PER_SECOND) / perSecond;
    return { seconds: Number(units / perSecond + (this.#offsetSeconds[row] ?? 0n)), ns: Number(ns) };
  }

  /** Keeps what an Interface Statistics Block in [at, end) says was dropped; the counters run on from block to block. */
  addStatistics(view: DataView, at: number, end: number): void {
    const { littleEndian } = this;
    const id = view.getUint32(at + STATISTICS_INTERFACE, littleEndian);
    const options = at + STATISTICS_OPTIONS;
    const optionsEnd = end - BLOCK_TAIL_BYTES;
    const dropped = counterOption(view, options, optionsEnd, littleEndian, OPTION.dropped);
    const byOs = counterOption(view, options, optionsEnd, littleEndian, OPTION.droppedByOs);
    if (id < this.count && (dropped !== undefined || byOs !== undefined))
      this.#dropped.set(id, (dropped ?? 0) + (byOs ?? 0));
  }

  droppedPackets(): number | null {
    if (this.#dropped.size === 0) return this.#droppedBefore;
    return [...this.#dropped.values()].reduce((sum, dropped) => sum + dropped, this.#droppedBefore ?? 0);
  }

  /** Link types of the packets of all sections so far. */
  linkTypes(): number[] {
    for (let row = 0; row < this.count; row++) {
      if (this.isUsed[row] === 1) this.#linkTypes.add(this.linkType[row] ?? 0);
    }
    return [...this.#linkTypes];
  }

  #grow(): void {
    const room = this.linkType.length * 2;
    this.linkType = grown(this.linkType, new Int32Array(room));
    this.snapLength = grown(this.snapLength, new Float64Array(room));
    this.unitNs = grown(this.unitNs, new Float64Array(room));
    this.baseHigh = grown(this.baseHigh, new Float64Array(room));
    this.baseLow = grown(this.baseLow, new Float64Array(room));
    this.isUsed = grown(this.isUsed, new Uint8Array(room));
  }
}

/** Nanoseconds from the clock's base to a time, a second apart from its fraction so that nothing is lost on the way. */
export function sinceBase({ base }: CaptureClock, { seconds, ns }: FileTime): number {
  return (seconds - (base[0] ?? 0)) * 1e9 + (ns - (base[1] ?? 0));
}

/** Units between two timestamps, from their halves; exact below 2^53. */
export function unitsBetween(high: number, low: number, baseHigh: number, baseLow: number): number {
  return (high - baseHigh) * TWO_32 + (low - baseLow);
}

function grown<T extends Int32Array | Float64Array | Uint8Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** What an interface's whole description block in [at, end) says of it; at least INTERFACE_MIN_BYTES. */
export function describeInterface(
  view: DataView,
  at: number,
  end: number,
  littleEndian: boolean,
): Omit<InterfaceFacts, 'file' | 'vantage'> {
  const options = at + INTERFACE_OPTIONS;
  const optionsEnd = end - BLOCK_TAIL_BYTES;
  const name = findOption(view, options, optionsEnd, littleEndian, OPTION.interfaceName);
  return {
    linkType: view.getUint16(at + INTERFACE_LINK_TYPE, littleEndian),
    snapLength: view.getUint32(at + INTERFACE_SNAP_LENGTH, littleEndian),
    name: name === undefined ? null : textAt(view, name.at, Math.min(name.bytes, INTERFACE_NAME_MAX_BYTES)),
    resolutionDigits: digitsOf(resolutionOf(view, options, optionsEnd, littleEndian)),
  };
}

function textAt(view: DataView, at: number, bytes: number): string {
  return new TextDecoder().decode(new Uint8Array(view.buffer, view.byteOffset + at, bytes));
}

/** Microseconds, or finer. @param resolution  if_tsresol's byte */
function digitsOf(resolution: number): 6 | 9 {
  const isBinary = (resolution & RESOLUTION_BINARY_BIT) !== 0;
  const finer = isBinary ? BINARY_FINER_THAN_MICRO : DEFAULT_RESOLUTION + 1;
  return (resolution & RESOLUTION_EXPONENT) >= finer ? 9 : 6;
}

function resolutionOf(view: DataView, at: number, end: number, littleEndian: boolean): number {
  const option = findOption(view, at, end, littleEndian, OPTION.resolution);
  return option === undefined || option.bytes < 1 ? DEFAULT_RESOLUTION : view.getUint8(option.at);
}

/** if_tsoffset: seconds to add; signed, as the draft has said since its version of 2020. */
function offsetOf(view: DataView, at: number, end: number, littleEndian: boolean): bigint {
  const option = findOption(view, at, end, littleEndian, OPTION.offset);
  if (option === undefined || option.bytes < BigInt64Array.BYTES_PER_ELEMENT) return 0n;
  return view.getBigInt64(option.at, littleEndian);
}
