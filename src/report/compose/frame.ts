import type { CaptureFacts } from '../../capture/index.ts';
import type { Party as IncidentParty } from '../../incident/index.ts';
import type { Side } from '../../tcp/index.ts';
import type { Ref } from '../../trace/index.ts';
import type { FileIndex, PacketNumber, Party, Seconds, Timestamp } from '../model.ts';
import { formatTimestamp } from '../timestamp.ts';

const NS_PER_SECOND = 1e9;

/** What turns the model's refs and nanoseconds into the report's: the capture's base time, its digits, whether files are told apart. */
export interface Frame {
  readonly baseNs: bigint;
  readonly digits: 6 | 9;
  readonly manyFiles: boolean;
  /** Of the capture's files. */
  readonly paths: readonly string[];
  /** The texts of times that were told last, by nanoseconds. */
  readonly told: Map<number, Timestamp>;
}

/** A connection's first packet is its first mark and the begin of its life: the moments of one connection are told several times each. */
const TOLD_MAX = 64;

/** A packet of the report; `file` only where several files were given. */
export interface Place {
  packet: PacketNumber;
  file?: FileIndex;
}

export function frameOf(capture: CaptureFacts): Frame {
  return {
    baseNs: capture.baseNs,
    digits: capture.files.some((file) => file.resolutionDigits === 9) ? 9 : 6,
    manyFiles: capture.files.length > 1,
    paths: capture.files.map(({ path }) => path),
    told: new Map(),
  };
}

/** The same moment, told again soon, is the same string. */
export function timeAt(frame: Frame, ns: number): Timestamp {
  const { told } = frame;
  const known = told.get(ns);
  if (known !== undefined) return known;
  if (told.size >= TOLD_MAX) told.clear();
  const text = textOf(frame, ns);
  told.set(ns, text);
  return text;
}

function textOf(frame: Frame, ns: number): Timestamp {
  return formatTimestamp(frame.baseNs + (Number.isFinite(ns) ? BigInt(Math.round(ns)) : 0n), frame.digits);
}

export function placeOf(frame: Frame, ref: Ref): Place {
  return frame.manyFiles ? { packet: ref.packet, file: ref.file } : { packet: ref.packet };
}

/** `packets`, and `files` beside it where several were given. */
export function packetsOf(frame: Frame, refs: readonly Ref[]): { packets: PacketNumber[]; files?: FileIndex[] } {
  const packets = refs.map((ref) => ref.packet);
  return frame.manyFiles ? { packets, files: refs.map((ref) => ref.file) } : { packets };
}

/** Never negative: two packets may stand in the file in the wrong order. */
export function secondsOf(ns: number): Seconds {
  return Number.isFinite(ns) && ns > 0 ? Math.round(ns) / NS_PER_SECOND : 0;
}

export function partyOf(serverSide: Side, side: Side): IncidentParty & Party {
  return side === serverSide ? 'server' : 'client';
}
