import { type CaptureFacts, openSource, readCapture } from '../capture/index.ts';
import {
  buildIncident,
  DEFAULT_THRESHOLDS,
  type Incident,
  NO_HINTS,
  type RoleHints,
  type Thresholds,
} from '../incident/index.ts';
import { composeReport, type Report } from '../report/index.ts';
import type { Trace } from '../trace/index.ts';
import { VERSION } from './version.ts';
import { WirePass } from './wire-pass.ts';

/** What one run of the whole pipeline gives. */
export interface Analysis {
  readonly capture: CaptureFacts;
  readonly incident: Incident;
}

/**
 * Reads a capture file, or standard input for `-`, and says what happened in it.
 * Throws CaptureError where nothing of the file can be analysed.
 */
export function analyzeFile(
  path: string,
  thresholds: Thresholds = DEFAULT_THRESHOLDS,
  hints: RoleHints = NO_HINTS,
): Analysis {
  const { capture, trace } = readTrace(path);
  return { capture, incident: buildIncident(trace, thresholds, hints) };
}

/**
 * Reads a capture file, or standard input for `-`, and leaves what the model works on. The tables of the wire pass are gone when it
 * returns, before the model and the report need the memory.
 * Throws CaptureError where nothing of the file can be analysed.
 */
export function readTrace(path: string): { readonly capture: CaptureFacts; readonly trace: Trace } {
  const pass = new WirePass();
  const capture = readCapture(openSource(path), (batch) => pass.consume(batch));
  return { capture, trace: pass.finish() };
}

/** The same, as the JSON report (schema/report.schema.json). */
export function reportOn(path: string): Report {
  const { capture, incident } = analyzeFile(path);
  return composeReport(incident, capture, VERSION);
}
