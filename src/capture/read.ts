import { createBatch, type RecordBatch } from './batch.ts';
import { Block, BLOCK_BYTES } from './block.ts';
import { type Asides, type CaptureFacts, type FileFacts, WarningLog } from './facts.ts';
import { openReader } from './open-reader.ts';
import { type RecordReader, STEP } from './reader.ts';
import { CaptureFile, type Shared } from './capture-file.ts';
import { CaptureError } from './errors.ts';
import type { Inputs } from './inputs.ts';
import { Merge } from './merge.ts';
import { type Source, STANDARD_INPUT } from './source.ts';
import { CaptureClock, isPlausibleTime } from './timestamp.ts';

export interface ReadOptions extends Asides {
  /** Bytes read at once, 1 or more; BLOCK_BYTES where absent. Changes no result. */
  readonly blockBytes?: number;
}

/**
 * Reads a capture that stands in one plain file, to its end or as far as it can be followed, and closes the source.
 * @param consumer  gets every whole record, in file order; a batch is valid until it returns
 * @returns what reading told. Throws CaptureError where nothing of the file can be analysed;
 *          a file that is only damaged gives what it has, and warnings.
 */
export function readCapture(
  source: Source,
  consumer: (batch: RecordBatch) => void,
  options: ReadOptions = {},
): CaptureFacts {
  const clock = new CaptureClock();
  const warnings = new WarningLog();
  try {
    const block = new Block(source, options.blockBytes ?? BLOCK_BYTES);
    const batch = createBatch(block.view, 0);
    const reader = openReader({ block, batch, clock, warnings, asides: options });
    for (let step = reader.step(); step !== STEP.end; step = reader.step()) {
      if (step === STEP.rows) consumer(batch);
    }
    if (block.failure !== undefined && reader.packets === 0) throw block.failure;
    return captureFacts([fileFacts(source, reader)], clock, warnings);
  } finally {
    source.close();
  }
}

/** What is told while a capture is read. */
export interface Progress {
  /** Bytes of the files that were read, compressed ones where they are compressed. */
  readonly bytesRead: number;
  /** Of all files together; null where one is a pipe. */
  readonly totalBytes: number | null;
}

export interface CaptureOptions extends ReadOptions {
  /** Ends the reading: what was read until then is the capture. */
  readonly signal?: AbortSignal;
  /** Told once when every file is known to be a capture, before the first record: their paths, by the index that batches have. */
  readonly onBegin?: (paths: readonly string[]) => void;
  /** Asked before each batch: where it gives a promise, reading waits for it. For a consumer whose output is taken slowly. */
  readonly ready?: () => Promise<void> | undefined;
  /** Told now and then. */
  readonly onProgress?: (progress: Progress) => void;
}

/** Steps between two looks at what else happened: about 16 MB, some 15 ms. */
const STEPS_AT_ONCE = 64;

/**
 * Reads one or several files, plain or compressed, or pipes, as one capture in the order of time.
 * @param consumer  gets every whole record; a batch is valid until it returns, and only its rows from `firstRow` on are new
 * @returns what reading told. Throws CaptureError where nothing of a file can be analysed, but for those that a directory gave.
 */
export async function readCaptures(
  inputs: Inputs,
  consumer: (batch: RecordBatch) => void,
  options: CaptureOptions = {},
): Promise<CaptureFacts> {
  const clock = new CaptureClock();
  const warnings = new WarningLog();
  const shared: Shared = { clock, warnings, asides: options, spareBlocks: [] };
  const files: CaptureFile[] = [];
  try {
    await openAll(inputs, files, shared);
    options.onBegin?.(files.map(({ path }) => path));
    const isWhole = await readAll(files, consumer, shared, options);
    if (!isWhole) for (const file of files) file.interrupt(consumer);
    const facts = files.map((file) => file.facts());
    return { ...captureFacts(facts, clock, warnings), interrupted: !isWhole };
  } finally {
    for (const file of files) file.close();
  }
}

/** Looks into each file where there are several, and sets the base by the earliest. */
async function openAll(inputs: Inputs, files: CaptureFile[], shared: Shared): Promise<void> {
  const isAlone = inputs.files.length === 1 && inputs.directories.length === 0;
  for (const path of inputs.files) files.push(new CaptureFile(path, shared));
  // What stands there tells at once that it is missing; a pipe may take its time.
  const pipesLast = files.toSorted((a, b) => Number(a.path === STANDARD_INPUT) - Number(b.path === STANDARD_INPUT));
  if (isAlone) await files[0]?.open();
  else passOver(await emptyOf(pipesLast), files, shared, inputs.directories.length > 0);
  for (const [index, file] of files.entries()) file.index = index;
  for (const directory of inputs.directories) await openDirectory(directory, files, shared);
  if (!isAlone) setBase(files, shared.clock);
}

/** Of files that are passed over, so many are named. */
const SKIPPED_NAMES_MAX = 5;

/** Looks into each. @returns those that have not a byte, with what would be said of them */
async function emptyOf(files: readonly CaptureFile[]): Promise<ReadonlyMap<CaptureFile, CaptureError>> {
  const empty = new Map<CaptureFile, CaptureError>();
  for (const file of files) {
    try {
      await file.probe();
    } catch (error) {
      if (!(error instanceof CaptureError) || !isOfNothing(error)) throw error;
      empty.set(file, error);
    }
  }
  return empty;
}

function isOfNothing({ failure }: CaptureError): boolean {
  return failure.code === 'not-a-capture' && failure.found === 'nothing';
}

/** Takes the empty ones out. Throws the first one's error where no other is left. */
function passOver(
  empty: ReadonlyMap<CaptureFile, CaptureError>,
  files: CaptureFile[],
  { warnings }: Shared,
  hasOthers: boolean,
): void {
  const [first] = empty.values();
  if (first === undefined) return;
  if (empty.size === files.length && !hasOthers) throw first;
  files.splice(0, files.length, ...files.filter((file) => !empty.has(file)));
  const names = Array.from(empty.keys(), ({ path }) => path).slice(0, SKIPPED_NAMES_MAX);
  warnings.add('empty-files', { file: null, byte: null, packet: null }, { count: empty.size, names });
}

/** Adds the files of a directory that are captures. Throws CaptureError `no-captures` where none is. */
async function openDirectory(
  { path, files: paths }: Inputs['directories'][number],
  files: CaptureFile[],
  shared: Shared,
): Promise<void> {
  const skipped: string[] = [];
  for (const each of paths) {
    const file = new CaptureFile(each, shared);
    file.index = files.length;
    if (await isCapture(file)) files.push(file);
    else skipped.push(each.slice(path.length).replace(/^[/\\]+/, ''));
  }
  if (skipped.length === paths.length) throw new CaptureError(path, null, { code: 'no-captures', files: paths.length });
  if (skipped.length === 0) return;
  const args = { directory: path, count: skipped.length, names: skipped.slice(0, SKIPPED_NAMES_MAX) };
  shared.warnings.add('skipped-files', { file: null, byte: null, packet: null }, args);
}

async function isCapture(file: CaptureFile): Promise<boolean> {
  try {
    await file.probe();
    return true;
  } catch (error) {
    if (error instanceof CaptureError) return false;
    throw error;
  }
}

function setBase(files: readonly CaptureFile[], clock: CaptureClock): void {
  const times = files.flatMap(({ first }) => (first === undefined ? [] : [first]));
  const plausible = times.filter(({ seconds }) => isPlausibleTime(seconds));
  const [earliest] = (plausible.length > 0 ? plausible : times).toSorted(
    (a, b) => a.seconds - b.seconds || a.ns - b.ns,
  );
  if (earliest !== undefined) clock.set(earliest.seconds, earliest.ns);
}

/** @returns false where it was ended from outside */
async function readAll(
  files: readonly CaptureFile[],
  consumer: (batch: RecordBatch) => void,
  { warnings }: Shared,
  { signal, onProgress, ready }: CaptureOptions,
): Promise<boolean> {
  const merge = new Merge(files, warnings);
  const aborted = signal === undefined ? undefined : abortOf(signal);
  const totalBytes = totalOf(files);
  const isAborted = (): boolean => signal?.aborted === true;
  let steps = 0;
  for (let file = merge.next(); file !== undefined; file = merge.next()) {
    const busy = ready?.();
    if (busy !== undefined) await busy;
    if (isAborted()) return false;
    if (!file.isOpen) await file.open();
    if (file.hasRows) {
      merge.handOn(file, consumer);
      continue;
    }
    const arrival = file.arrive();
    if (arrival !== undefined) await (aborted === undefined ? arrival : Promise.race([arrival, aborted]));
    if (isAborted()) return false;
    file.step();
    if (++steps % STEPS_AT_ONCE !== 0) continue;
    onProgress?.({ bytesRead: files.reduce((sum, each) => sum + each.bytesRead, 0), totalBytes });
    await new Promise(setImmediate);
  }
  return true;
}

function abortOf(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function totalOf(files: readonly CaptureFile[]): number | null {
  return files.reduce<number | null>(
    (sum, { sizeBytes }) => (sum === null || sizeBytes === null ? null : sum + sizeBytes),
    0,
  );
}

function fileFacts(source: Source, reader: RecordReader): FileFacts {
  return {
    path: source.path,
    format: reader.format,
    bytes: source.bytesRead,
    packets: reader.packets,
    linkTypes: reader.linkTypes(),
    truncated: !reader.isWhole,
    compression: source.compression,
    resolutionDigits: reader.resolutionDigits,
    droppedPackets: reader.droppedPackets(),
    isMerged: reader.isMerged,
  };
}

function captureFacts(files: readonly FileFacts[], clock: CaptureClock, warnings: WarningLog): CaptureFacts {
  const [firstNs = 0, lastNs = 0] = clock.spanNs;
  const hasTimes = firstNs <= lastNs;
  return {
    files,
    packets: files.reduce((sum, file) => sum + file.packets, 0),
    baseNs: clock.baseNs,
    firstNs: hasTimes ? firstNs : null,
    lastNs: hasTimes ? lastNs : null,
    warnings: warnings.warnings,
    warningsOmitted: warnings.omitted,
    comments: warnings.comments,
    commentsOmitted: warnings.commentsOmitted,
    interrupted: false,
  };
}
