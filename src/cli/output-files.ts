import { randomBytes } from 'node:crypto';
import { type BigIntStats, constants } from 'node:fs';
import { access, chmod, open, realpath, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { FORMATS, formatOfPath, type FormatName, type RenderOptions, type Report } from '../report/index.ts';
import { EXIT } from './exit-status.ts';
import { Failure, reasonOf } from './failure.ts';

/** A file that is to be written. */
export interface NamedFile {
  readonly path: string;
}

/** A file that a report goes to. */
export interface OutputFile extends NamedFile {
  readonly format: FormatName;
}

/** What a file is written from, part by part. */
type Parts = Iterable<string | Uint8Array>;

/** Standard output, which gets `--format` anyway. */
const STANDARD_OUTPUT = '-';
const TEMPORARY_BYTES = 6;
const PERMISSIONS = 0o777n;

export function addOutputOption(command: Command): Command {
  return command.addOption(
    new Option('-o, --output <file>', `write a report to a file as well, its format by its name: ${extensions()}`)
      .argParser(outputFile)
      .default([], 'none'),
  );
}

function extensions(): string {
  return Object.values(FORMATS)
    .flatMap((format) => format.extensions)
    .join(' ');
}

function outputFile(path: string, before: readonly OutputFile[]): readonly OutputFile[] {
  if (path === STANDARD_OUTPUT) return before;
  const format = formatOfPath(path);
  if (format === undefined) throw new InvalidArgumentError(`Its format is not known by its name: ${extensions()}.`);
  if (before.some((output) => output.path === path)) throw new InvalidArgumentError('It is given twice.');
  return [...before, { path, format }];
}

/**
 * Refuses, before any work is done, what could not be written afterwards: a folder that is not there, a directory, a file that is read.
 * Throws Failure.
 * @param inputs  paths as they were given; `-` and those that are not there are passed over
 */
export async function checkOutputs(outputs: readonly NamedFile[], inputs: readonly string[]): Promise<void> {
  await refuseInputs(outputs, inputs);
  for (const { path } of outputs) {
    const there = await statOf(path);
    if (there?.isDirectory() === true) throw new Failure(`${path}: is a directory`, EXIT.usage);
    await access(dirname(path), constants.W_OK).catch((error: unknown) => {
      throw unwritable(path, error);
    });
  }
}

/** A report never takes the place of what was read for it, whatever other name that goes by. Throws Failure. */
export async function refuseInputs(outputs: readonly NamedFile[], inputs: readonly string[]): Promise<void> {
  if (outputs.length === 0) return;
  const read = await Promise.all(inputs.map(statOf));
  for (const { path } of outputs) {
    const there = await statOf(path);
    if (there === undefined) continue;
    const isInput = read.some((input) => input?.ino === there.ino && input.dev === there.dev);
    if (isInput) throw new Failure(`${path}: is what the report is made from, and is not overwritten`, EXIT.usage);
  }
}

/**
 * Writes the report to each file: whole or not at all.
 * Throws Failure where one cannot be written; those before it are there.
 */
export async function writeReports(
  outputs: readonly OutputFile[],
  reportFor: (format: FormatName) => Report,
  options: RenderOptions,
): Promise<void> {
  for (const { path, format } of outputs) {
    const render = await FORMATS[format].load();
    await writeWhole(path, render(reportFor(format), { ...options, color: false }));
  }
}

/** Writes a file whole or not at all. Throws Failure where it cannot be written. */
export async function writeWhole(path: string, parts: Parts): Promise<void> {
  try {
    await writeThere(path, parts);
  } catch (error) {
    throw isSystemError(error) ? unwritable(path, error) : error;
  }
}

/** That a file cannot be written, in the system's words. */
export function unwritable(path: string, error: unknown): Failure {
  return new Failure(`${path}: cannot be written (${reasonOf(error)})`, EXIT.cannotCreate);
}

/** A link is followed, so that it stays one; a pipe or a device is written to, since it cannot be replaced. */
async function writeThere(path: string, parts: Parts): Promise<void> {
  const there = await statOf(path);
  if (there === undefined) return replace(path, parts, undefined);
  if (!there.isFile()) return writeFile(path, parts);
  return replace(await realpath(path), parts, there);
}

/** By a file beside it that takes its place when it is complete: a reader finds the old one or the new one. */
async function replace(path: string, parts: Parts, before: BigIntStats | undefined): Promise<void> {
  const temporary = join(dirname(path), `.watchpcap-${randomBytes(TEMPORARY_BYTES).toString('hex')}.tmp`);
  const handle = await open(temporary, 'wx');
  try {
    await writeFile(handle, parts);
    await handle.sync();
    await handle.close();
    if (before !== undefined) await chmod(temporary, Number(before.mode & PERMISSIONS));
    await rename(temporary, path);
  } catch (error) {
    await handle.close().catch(() => undefined);
    await rm(temporary, { force: true });
    throw error;
  }
}

async function statOf(path: string): Promise<BigIntStats | undefined> {
  return stat(path, { bigint: true }).catch(() => undefined);
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
