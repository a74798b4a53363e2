import type { CaptureOptions } from '../capture/index.ts';
import { extractNotes } from '../report/index.ts';
import { writeAttachment, writeBundle } from './bundle.ts';
import type { Disguise } from './disguise.ts';
import type { EvidenceOptions } from './evidence-options.ts';
import { type Analysed, gzipped, makeExtract } from './extract.ts';
import type { InputGuard } from './input-guard.ts';
import { complain } from './output.ts';

/**
 * Reads the capture again and writes the packets that its report rests on, alone or with all else that a ticket takes.
 * Throws Failure where a file has changed meanwhile or cannot be written, and CaptureError where one cannot be read any more.
 * @param disguise  absent: all is told and written as it was captured
 */
export async function writeEvidence(
  analysed: Analysed,
  { extract: path, bundle, keepSecrets }: EvidenceOptions,
  guard: InputGuard,
  reading: CaptureOptions,
  disguise?: Disguise,
): Promise<void> {
  guard.check();
  const extract = await makeExtract(analysed, { keepSecrets, ...disguise }, reading);
  guard.check();
  for (const note of extractNotes(extract)) complain(`${path ?? bundle ?? ''}: ${note}`);
  if (path !== undefined) await writeAttachment(path, isPacked(path) ? gzipped(extract.bytes) : extract.bytes);
  if (bundle !== undefined) await writeBundle(bundle, disguise?.shown ?? analysed.report, extract);
}

function isPacked(path: string): boolean {
  return path.toLowerCase().endsWith('.gz');
}
