import { type CaptureFacts, type CaptureOptions, findInputs, readCaptures } from '../capture/index.ts';
import {
  buildIncident,
  DEFAULT_THRESHOLDS,
  type Incident,
  NO_HINTS,
  type RoleHints,
  type Thresholds,
} from '../incident/index.ts';
import { composeReport, type Report } from '../report/index.ts';
import { KeyLog } from '../tls/index.ts';
import type { Trace } from '../trace/index.ts';
import { VERSION } from './version.ts';
import { WirePass } from './wire-pass.ts';

/** What one run of the whole pipeline gives. */
export interface Analysis {
  readonly capture: CaptureFacts;
  readonly incident: Incident;
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
  const { capture, trace } = await readTrace(paths, reading);
  return { capture, incident: buildIncident(trace, thresholds, hints) };
}

/**
 * Reads the same, and leaves what the model works on. The tables of the wire pass are gone when it returns, before the model and the
 * report need the memory.
 * Throws CaptureError where nothing of a file can be analysed.
 */
export async function readTrace(
  paths: readonly string[],
  { keyLog = new KeyLog(), ...reading }: Reading = {},
): Promise<{ readonly capture: CaptureFacts; readonly trace: Trace }> {
  const pass = new WirePass(keyLog);
  const onSecrets = (bytes: Uint8Array): void => keyLog.add(Buffer.from(bytes).toString('latin1'));
  const capture = await readCaptures(findInputs(paths), (batch) => pass.consume(batch), { ...reading, onSecrets });
  return { capture, trace: pass.finish() };
}

/** The JSON report (schema/report.schema.json) on one or several files. Throws CaptureError where nothing of a file can be analysed. */
export async function reportOn(...paths: readonly string[]): Promise<Report> {
  const { capture, incident } = await analyzeFiles(paths);
  return composeReport(incident, capture, VERSION);
}
