import { statSync } from 'node:fs';
import {
  type CaptureFacts,
  type CaptureOptions,
  findInputs,
  type Inputs,
  readCaptures,
  type RecordBatch,
} from '../capture/index.ts';
import {
  buildIncident,
  DEFAULT_THRESHOLDS,
  type Incident,
  NO_HINTS,
  type RoleHints,
  type Thresholds,
} from '../incident/index.ts';
import { composeReport, type Report } from '../report/index.ts';
import type { PointPlan } from '../tcp/index.ts';
import { KeyLog } from '../tls/index.ts';
import type { Trace } from '../trace/index.ts';
import { letGoOfPass } from './let-go.ts';
import { VERSION } from './version.ts';
import { WirePass } from './wire-pass.ts';

/** What one run of the whole pipeline gives. */
export interface Analysis {
  readonly capture: CaptureFacts;
  readonly incident: Incident;
  /** Which packets of several hosts' files were left out; undefined: none. */
  readonly plan: PointPlan | undefined;
}

/** What the model is told besides the trace. */
export interface ModelSettings {
  readonly thresholds: Thresholds;
  readonly hints: RoleHints;
}

/** How files are read, and the secrets of TLS connections in them; those in a pcapng are added. */
export interface Reading extends CaptureOptions {
  readonly keyLog?: KeyLog;
}

const DEFAULT_SETTINGS: ModelSettings = { thresholds: DEFAULT_THRESHOLDS, hints: NO_HINTS };

/**
 * Reads files, directories, patterns, or standard input for `-`, as one capture, and says what happened in it.
 * Throws CaptureError where nothing of a file can be analysed.
 */
export async function analyzeFiles(
  paths: readonly string[],
  { thresholds, hints }: ModelSettings = DEFAULT_SETTINGS,
  reading: Reading = {},
): Promise<Analysis> {
  const { capture, trace, plan } = await readTrace(paths, reading);
  const incident = buildIncident(trace, thresholds, hints);
  letGoOfPass(trace);
  return { capture, incident, plan };
}

/** What reading leaves. */
interface TraceOfFiles extends Pick<Analysis, 'capture' | 'plan'> {
  readonly trace: Trace;
}

/**
 * Reads the same, and leaves what the model works on. The tables of the wire pass are gone when it returns, before the model and the
 * report need the memory.
 * Throws CaptureError where nothing of a file can be analysed.
 */
export async function readTrace(
  paths: readonly string[],
  { keyLog = new KeyLog(), onBegin, ...reading }: Reading = {},
): Promise<TraceOfFiles> {
  const inputs = findInputs(paths);
  const { plan, isOnceEnough, ...first } = await readOnce(inputs, keyLog, onBegin, reading);
  if (isOnceEnough) return { ...first, plan };
  // Which of several hosts' files shows a connection best is known only now, and secrets that stand behind their packets.
  const pass = new WirePass(keyLog, plan);
  const capture = await readCaptures(inputs, (batch) => pass.consume(batch), reading);
  return { capture, trace: pass.finish(), plan };
}

async function readOnce(
  inputs: Inputs,
  keyLog: KeyLog,
  onBegin: CaptureOptions['onBegin'],
  reading: CaptureOptions,
): Promise<TraceOfFiles & { readonly isOnceEnough: boolean }> {
  const pass = new WirePass(keyLog);
  let areFiles = false;
  let hasPackets = false;
  let cameLate = false;
  const consume = (batch: RecordBatch): void => {
    hasPackets = true;
    pass.consume(batch);
  };
  const capture = await readCaptures(inputs, consume, {
    ...reading,
    onSecrets(bytes) {
      // Without any, no connection so far was one that could be opened.
      cameLate ||= hasPackets && keyLog.isEmpty;
      keyLog.add(Buffer.from(bytes).toString('latin1'));
    },
    onBegin(files) {
      areFiles = files.every(isFile);
      if (files.length > 1 && areFiles) pass.compareFiles(files.length);
      onBegin?.(files);
    },
  });
  const plan = capture.interrupted ? undefined : pass.plan();
  const isOpenedByMore = areFiles && !capture.interrupted && (cameLate || keyLog.cameLate);
  return { capture, trace: pass.finish(), plan, isOnceEnough: plan === undefined && !isOpenedByMore };
}

/** What can be read a second time. */
function isFile(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

/** The JSON report (schema/report.schema.json) on one or several files. Throws CaptureError where nothing of a file can be analysed. */
export async function reportOn(...paths: readonly string[]): Promise<Report> {
  const { capture, incident } = await analyzeFiles(paths);
  return composeReport(incident, capture, VERSION);
}
