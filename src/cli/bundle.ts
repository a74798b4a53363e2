import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import {
  type BundleName,
  EVIDENCE_NAME,
  FORMATS,
  type FormatName,
  MANIFEST_NAME,
  parseTimestamp,
  renderFilters,
  renderManifest,
  type RenderOptions,
  type Report,
  tooLargeText,
} from '../report/index.ts';
import { hashOf } from './bundle-hash.ts';
import { isArchive } from './evidence-options.ts';
import { type Extract, gzipped } from './extract.ts';
import { complain } from './output.ts';
import { unwritable, writeWhole } from './output-files.ts';
import { zipped } from './zip.ts';

interface BundleFile {
  readonly name: BundleName;
  readonly bytes: Uint8Array;
}

/** Reports in files have no width and no colours of their own. */
const DRAWING: RenderOptions = { width: 80, color: false, unicode: true, only: [], detail: 'usual' };
const NS_PER_SECOND = 1_000_000_000n;

/**
 * Writes all that a ticket takes to a directory, which is made where it is missing, or to an archive; says what is too large for a ticket.
 * Throws Failure where it cannot be written.
 * @param report  what is told: with stand-ins where those are asked for
 */
export async function writeBundle(path: string, report: Report, extract: Extract): Promise<void> {
  const files = await filesOf(report, extract);
  const written = isArchive(path) ? [{ path, bytes: zipped(files, startOf(report)) }] : inFolder(path, files);
  if (!isArchive(path)) await makeFolder(path);
  for (const { path: file, bytes } of written) await writeAttachment(file, bytes);
}

/** Writes what is to be attached to a ticket, and says where it is too large for one. Throws Failure where it cannot be written. */
export async function writeAttachment(path: string, bytes: Uint8Array): Promise<void> {
  const note = tooLargeText(bytes.length);
  if (note !== null) complain(`${path}: ${note}`);
  await writeWhole(path, [bytes]);
}

/** The manifest comes last: until it is there, what it names may be of two runs. */
async function filesOf(report: Report, extract: Extract): Promise<BundleFile[]> {
  const files: BundleFile[] = [
    { name: 'summary.md', bytes: await rendered('markdown', report) },
    { name: 'report.html', bytes: await rendered('html', report) },
    { name: 'report.json', bytes: await rendered('json', report) },
    { name: EVIDENCE_NAME, bytes: gzipped(extract.bytes) },
    { name: 'filters.txt', bytes: encoded([renderFilters(report, extract.numberOf)]) },
  ];
  const entries = files.map(({ name, bytes }) => ({ name, bytes: bytes.length, hash: hashOf(bytes) }));
  return [...files, { name: MANIFEST_NAME, bytes: encoded([renderManifest(report, entries)]) }];
}

async function rendered(format: FormatName, report: Report): Promise<Uint8Array> {
  const render = await FORMATS[format].load();
  return encoded(render(report, DRAWING));
}

/** Part by part: a long report as one string takes twice its bytes, and the parts that it is joined of as much again. */
function encoded(parts: Iterable<string>): Uint8Array {
  const encoder = new TextEncoder();
  const whole = Buffer.concat(Array.from(parts, (part) => encoder.encode(part)));
  return new Uint8Array(whole.buffer, whole.byteOffset, whole.length);
}

function inFolder(folder: string, files: readonly BundleFile[]): { path: string; bytes: Uint8Array }[] {
  return files.map(({ name, bytes }) => ({ path: join(folder, name), bytes }));
}

async function makeFolder(path: string): Promise<void> {
  await mkdir(path).catch((error: unknown) => {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw unwritable(path, error);
  });
}

/** When the capture begins, in seconds since 1970; 1970 where it has no packet. */
function startOf({ capture }: Report): number {
  const ns = capture.start === null ? null : parseTimestamp(capture.start);
  return Number((ns ?? 0n) / NS_PER_SECOND);
}
