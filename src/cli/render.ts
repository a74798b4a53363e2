import { createReadStream } from 'node:fs';
import type { Readable } from 'node:stream';
import schema from '../../schema/report.schema.json' with { type: 'json' };
import { readReport, type Report } from '../report/index.ts';
import { anonymizingOf, toldOf } from './anonymize-options.ts';
import { EXIT } from './exit-status.ts';
import { Failure, reasonOf } from './failure.ts';
import type { PrintOptions } from './options.ts';
import { write } from './output.ts';
import { checkOutputs } from './output-files.ts';
import { printReport } from './print.ts';

const STANDARD_INPUT = '-';
/** A string cannot be much longer (2^29 characters), and the report of 100,000 connections is shorter. */
const REPORT_MAX_BYTES = 480 * 1024 * 1024;

/**
 * Makes any report from a JSON report, without the capture. Throws Failure where the file cannot be read or is no report.
 * @param path  `-` is standard input
 */
export async function renderReport(path: string, options: PrintOptions): Promise<void> {
  const { output, anonymizeKey } = options;
  await checkOutputs(output, anonymizeKey === undefined ? [path] : [path, anonymizeKey]);
  const anonymizing = anonymizingOf(options);
  const { report } = await toldOf(await reportIn(path), anonymizing);
  await printReport(report, options);
}

/** Prints the schema of the JSON report. */
export async function printSchema(): Promise<void> {
  await write([`${JSON.stringify(schema, null, 2)}\n`]);
}

async function reportIn(path: string): Promise<Report> {
  const name = path === STANDARD_INPUT ? 'standard input' : path;
  const read = readReport(await textOf(path, name), schema);
  if ('fault' in read) throw new Failure(`${name}: ${read.fault}`, EXIT.data);
  return read.report;
}

async function textOf(path: string, name: string): Promise<string> {
  const stream: Readable = path === STANDARD_INPUT ? process.stdin : createReadStream(path);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of stream) {
      const read: Uint8Array = chunk;
      chunks.push(read);
      bytes += read.length;
      if (bytes > REPORT_MAX_BYTES) throw new Failure(`${name}: is larger than a report can be`, EXIT.data);
    }
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw new Failure(`${name}: cannot be read (${reasonOf(error)})`, EXIT.noInput);
  }
  return Buffer.concat(chunks).toString('utf8');
}
