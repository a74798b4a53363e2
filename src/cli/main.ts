import { CommanderError } from 'commander';
import { CaptureError, type CaptureFacts, type CaptureOptions } from '../capture/index.ts';
import { composeReport, NoRoomError, renderTrace, warningText } from '../report/index.ts';
import { anonymizingOf, toldOf } from './anonymize-options.ts';
import { analyzeFiles, readTrace } from './analyze.ts';
import { bundleFiles, checkBundleFolder } from './bundle-folder.ts';
import { bundleFolder, evidenceFiles, evidenceOption } from './evidence-options.ts';
import { EXIT, type ExitStatus, exitStatusOf, exitStatusOfError } from './exit-status.ts';
import { Failure } from './failure.ts';
import { filesOf } from './files-from.ts';
import { InputGuard, refuseStreams } from './input-guard.ts';
import { readKeyLog } from './key-log-file.ts';
import { hintsOf, thresholdsOf } from './model-options.ts';
import { type AnalyzeOptions, commandLine } from './options.ts';
import { complain, write } from './output.ts';
import { checkOutputs, refuseInputs } from './output-files.ts';
import { printReport } from './print.ts';
import { ReadingProgress } from './progress.ts';
import { VERSION } from './version.ts';

/** More are in the report. */
const WARNINGS_SHOWN_MAX = 10;

/** Commander's codes for output that was asked for. */
const ASKED_FOR: ReadonlySet<string> = new Set(['commander.helpDisplayed', 'commander.help', 'commander.version']);

/**
 * Runs the command line. The report goes to standard output, everything else to standard error.
 * @param args without the program's own name
 * @returns the exit status
 */
export async function main(args: readonly string[]): Promise<ExitStatus> {
  let status: ExitStatus = EXIT.healthy;
  const program = commandLine({
    async analyze(files, options) {
      status = await analyze(files, options);
    },
    async packets(named, options) {
      const files = await filesOf(named, options);
      const { printPackets } = await import('./packets.ts');
      warnOfDump(await watched((reading) => printPackets(files, reading)));
    },
    async frames(named, options) {
      const files = await filesOf(named, options);
      const { printFrames } = await import('./frames.ts');
      const keyLog = readKeyLog(options.keylog);
      warnOfDump(await watched((reading) => printFrames(files, { ...reading, keyLog })));
    },
    async render(file, options) {
      const { renderReport } = await import('./render.ts');
      await renderReport(file, options);
    },
    async explain(code, options) {
      const { printExplanation } = await import('./explain.ts');
      await printExplanation(code, options);
    },
    async schema() {
      const { printSchema } = await import('./render.ts');
      await printSchema();
    },
    async trace(named, options) {
      const files = await filesOf(named, options);
      const { trace } = await watched((reading) => readTrace(files, reading));
      await write(renderTrace(trace));
    },
  });
  try {
    if (args.length === 0) program.error('error: no command given', { code: 'watchpcap.noCommand' });
    await program.parseAsync(args, { from: 'user' });
    return status;
  } catch (error) {
    return statusOfFailure(error);
  }
}

async function analyze(named: readonly string[], options: AnalyzeOptions): Promise<ExitStatus> {
  const files = await filesOf(named, options);
  const inputs = [...files, ...asidesOf(options)];
  const settings = { thresholds: thresholdsOf(options), hints: hintsOf(options) };
  const outputs = [...options.output, ...evidenceFiles(options)];
  await checkOutputs(outputs, inputs);
  const evidence = evidenceOption(options);
  if (evidence !== undefined) refuseStreams(files, evidence);
  const folder = bundleFolder(options);
  if (folder !== undefined) await checkBundleFolder(folder, inputs);
  const anonymizing = anonymizingOf(options);
  if (anonymizing !== null && options.keepSecrets) {
    throw new Failure(
      '--keep-secrets: anonymised packets open by secrets made for them, which they come with',
      EXIT.usage,
    );
  }
  const keyLog = readKeyLog(options.keylog);
  const guard = new InputGuard();
  const { capture, incident, plan } = await watched((reading) => {
    return analyzeFiles(files, settings, { ...reading, onBegin: guard.noting(reading.onBegin), keyLog });
  });
  const report = composeReport(incident, capture, VERSION);
  warn(report.capture);
  await refuseInputs(
    [...outputs, ...(folder === undefined ? [] : bundleFiles(folder))],
    report.capture.files.map(({ path }) => path),
  );
  const told = await toldOf(report, anonymizing);
  try {
    if (evidence !== undefined) {
      const { writeEvidence } = await import('./evidence.ts');
      const analysed = { paths: files, capture, report, settings, keyLog, plan };
      await watched((reading) => writeEvidence(analysed, options, guard, reading, told.disguise));
    }
  } finally {
    await printReport(told.report, options);
  }
  return options.exitZero ? EXIT.healthy : exitStatusOf(incident.verdict.state, options.failOn);
}

/** What else is read: the list of captures, TLS secrets, the key of stand-ins. */
function asidesOf({ filesFrom, keylog, anonymizeKey }: AnalyzeOptions): string[] {
  return [filesFrom, keylog, anonymizeKey].filter((path) => path !== undefined);
}

/** Lets a terminal see how far reading has come, and an interrupt end it: what was read until then is reported. A second one ends the process. */
async function watched<T>(read: (reading: CaptureOptions) => Promise<T>): Promise<T> {
  const interrupted = new AbortController();
  const interrupt = (): void => interrupted.abort();
  const progress = new ReadingProgress();
  // Until the first bytes are there, there is nothing to report: an interrupt ends the process as ever.
  const onBegin = (): void => {
    process.once('SIGINT', interrupt);
  };
  try {
    return await read({ signal: interrupted.signal, onBegin, onProgress: progress.update });
  } finally {
    process.off('SIGINT', interrupt);
    progress.stop();
  }
}

/** As in the report's `capture`. */
interface Warned {
  readonly files: readonly { readonly path: string }[];
  readonly warnings: readonly {
    readonly message: string;
    readonly file: number | null;
    readonly byte: number | null;
  }[];
}

/** Faults of a file that could be analysed all the same: one line each. */
function warn({ files, warnings }: Warned): void {
  for (const { message, file, byte } of warnings.slice(0, WARNINGS_SHOWN_MAX)) {
    const at = byte === null ? '' : ` (at byte ${byte})`;
    const path = file === null ? undefined : files[file]?.path;
    complain(`${path === undefined ? '' : `${path}: `}${message}${at}`);
  }
}

/** The same of a dump, whose reader may have gone away. */
function warnOfDump(capture: CaptureFacts | undefined): void {
  if (capture === undefined) return;
  warn({ ...capture, warnings: capture.warnings.map((each) => ({ ...each, message: warningText(each) })) });
}

function statusOfFailure(error: unknown): ExitStatus {
  if (error instanceof CommanderError) return ASKED_FOR.has(error.code) ? EXIT.healthy : EXIT.usage;
  if (error instanceof CaptureError) {
    complain(error.message);
    return exitStatusOfError(error.code);
  }
  if (error instanceof NoRoomError) {
    complain(error.message);
    return EXIT.data;
  }
  if (error instanceof Failure) {
    complain(error.message);
    return error.status;
  }
  const message = error instanceof Error ? error.message : String(error);
  complain(`internal error: ${message} (please report it, with WATCHPCAP_DEBUG=1 for the stack)`);
  if (error instanceof Error && process.env['WATCHPCAP_DEBUG'] === '1') process.stderr.write(`${error.stack ?? ''}\n`);
  return EXIT.internal;
}
