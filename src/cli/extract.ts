import { constants, gzipSync } from 'node:zlib';
import {
  BytesSource,
  type CaptureFacts,
  type CaptureOptions,
  findInputs,
  type InterfaceFacts,
  type NameRecord,
  readCapture,
  readCaptures,
  type RecordBatch,
} from '../capture/index.ts';
import { buildIncident } from '../incident/index.ts';
import {
  Chooser,
  composeReport,
  encodeExtract,
  type ExtractLacks,
  ExtractRoom,
  type Level,
  LEVELS,
  type Report,
  type RewriteExtract,
  selectionOf,
  tellsTheSame,
} from '../report/index.ts';
import type { PointPlan } from '../tcp/index.ts';
import { KeyLog } from '../tls/index.ts';
import type { ModelSettings } from './analyze.ts';
import { Asides } from './asides.ts';
import { EXIT } from './exit-status.ts';
import { ExtractPass } from './extract-pass.ts';
import { Failure } from './failure.ts';
import { VERSION } from './version.ts';
import { WirePass } from './wire-pass.ts';

/** What was analysed, and how: an extract of it has to tell the same. */
export interface Analysed {
  /** As they were given. */
  readonly paths: readonly string[];
  readonly capture: CaptureFacts;
  /** With the capture's own addresses and names. */
  readonly report: Report;
  readonly settings: ModelSettings;
  readonly keyLog: KeyLog;
  readonly plan: PointPlan | undefined;
}

export interface ExtractSettings {
  readonly keepSecrets: boolean;
  /** The report in whose words comments are, where it is not that of the analysis: with stand-ins. */
  readonly shown?: Report;
  /** Absent: packets stay as they are. Names of hosts, and comments that somebody wrote, go where they do not. */
  readonly rewrite?: RewriteExtract;
  /** Bytes that packets may take; for tests. */
  readonly maxBytes?: number;
}

export interface Extract extends ExtractLacks {
  /** As pcapng. */
  readonly bytes: Uint8Array;
  readonly packets: number;
  /** A packet's number in it, by file and number in the capture; undefined where it is not in it. */
  readonly numberOf: (file: number, packet: number) => number | undefined;
}

interface Second {
  readonly room: ExtractRoom;
  readonly interfaces: readonly InterfaceFacts[];
  readonly names: readonly NameRecord[];
  readonly secrets: readonly Uint8Array[];
}

/**
 * Reads a capture again and makes a capture of what its report rests on. As few connections as tell the same: those of the report, else
 * those of clients and upstreams too, else all; each try is analysed.
 * Throws CaptureError where a file cannot be read any more.
 */
export async function makeExtract(
  analysed: Analysed,
  settings: ExtractSettings,
  reading: CaptureOptions,
): Promise<Extract> {
  const second = await readAgain(analysed, settings, reading);
  const { room } = second;
  const { level, isSame } = levelOf(analysed, second);
  const kept = room.upTo(level);
  const { rewrite, keepSecrets, shown = analysed.report } = settings;
  const disguised = rewrite?.(kept, analysed.keyLog);
  const parts = {
    ...second,
    report: shown,
    rewrite: disguised?.rewrite,
    names: disguised === undefined ? second.names : [],
    secrets: disguised === undefined ? (keepSecrets ? second.secrets : []) : secretsOf(disguised.keyLog),
  };
  const bytes = joined(encodeExtract(kept, parts));
  const numbers = new Map(kept.map(({ file, packet }, i) => [`${file} ${packet}`, i + 1]));
  const used = LEVELS.filter((each) => each <= level);
  return {
    bytes,
    packets: kept.length,
    numberOf: (file, packet) => numbers.get(`${file} ${packet}`),
    shortened: kept.filter(({ isShortened }) => isShortened).length,
    leftOut: used.reduce<number>((sum, each) => sum + room.leftOut[each], 0),
    tellsTheSame: isSame && (disguised === undefined || isToldBy(bytes, shown, analysed.settings, disguised.addressOf)),
    lacksSecrets: second.secrets.length > 0 && !keepSecrets && rewrite === undefined,
  };
}

function secretsOf(keyLog: string): Uint8Array[] {
  return keyLog === '' ? [] : [new TextEncoder().encode(keyLog)];
}

// RFC 1952 §2.3: the header names the system it was made on; 255 is unknown
const GZIP_SYSTEM = 9;
const SYSTEM_UNKNOWN = 255;

/** Packed, the same bytes on every system. */
export function gzipped(bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(gzipSync(bytes, { level: constants.Z_BEST_COMPRESSION }));
  packed[GZIP_SYSTEM] = SYSTEM_UNKNOWN;
  return packed;
}

async function readAgain(
  { paths, capture, report, plan }: Analysed,
  { maxBytes }: ExtractSettings,
  reading: CaptureOptions,
): Promise<Second> {
  const room = new ExtractRoom(maxBytes);
  const chooser = new Chooser(selectionOf(report, capture), () => room.isOpen(1));
  const packets = capture.files.map((file) => file.packets);
  const pass = new ExtractPass(chooser, room, { baseNs: capture.baseNs, packets, plan });
  const asides = new Asides();
  // Where the first reading was interrupted, the second ends where it did.
  const over = new AbortController();
  reading.signal?.addEventListener('abort', () => over.abort());
  const consumer = (batch: RecordBatch): void => {
    pass.consume(batch);
    if (capture.interrupted && pass.isOver) over.abort();
  };
  await readCaptures(findInputs(paths), consumer, {
    ...reading,
    signal: over.signal,
    onInterface: (described) => asides.addInterface(described),
    onNames: (records) => asides.addNames(records),
    onSecrets: (keyLog) => asides.addSecrets(keyLog),
  });
  if (reading.signal?.aborted === true) throw new Failure('interrupted: no packets are written', EXIT.cannotCreate);
  const { interfaces, names, secrets } = asides;
  return { room, interfaces, names, secrets };
}

/** The first level that tells the same; else the first with the same state, which is the exit status; else that of the report itself. */
function levelOf(analysed: Analysed, second: Second): { readonly level: Level; readonly isSame: boolean } {
  const { report, settings, keyLog } = analysed;
  let nearest: Level | undefined;
  for (const level of LEVELS) {
    const packets = second.room.upTo(level);
    const parts = { report, interfaces: second.interfaces, names: [], secrets: [] };
    const again = reportOnBytes(joined(encodeExtract(packets, parts)), settings, keyLog);
    if (tellsTheSame(report, again)) return { level, isSame: true };
    if (again.verdict.state === report.verdict.state) nearest ??= level;
  }
  return { level: nearest ?? 0, isSame: false };
}

/** Whether rewritten packets tell what a report with stand-ins does, with no secrets but those that they have themselves. */
function isToldBy(
  bytes: Uint8Array,
  shown: Report,
  { thresholds, hints }: ModelSettings,
  addressOf: (address: string) => string,
): boolean {
  const disguised = { thresholds, hints: { ...hints, gateways: hints.gateways.map(addressOf) } };
  return tellsTheSame(shown, reportOnBytes(bytes, disguised, new KeyLog()));
}

function reportOnBytes(bytes: Uint8Array, { thresholds, hints }: ModelSettings, keyLog: KeyLog): Report {
  const pass = new WirePass(keyLog);
  const source = new BytesSource('extract', bytes);
  const capture = readCapture(source, (batch) => pass.consume(batch), {
    onSecrets: (secrets) => keyLog.add(Buffer.from(secrets).toString('latin1')),
  });
  return composeReport(buildIncident(pass.finish(), thresholds, hints), capture, VERSION);
}

function joined(blocks: Iterable<Uint8Array>): Uint8Array {
  const { buffer, byteOffset, length } = Buffer.concat([...blocks]);
  return new Uint8Array(buffer, byteOffset, length);
}
