import type { CaptureOptions } from '../capture/index.ts';
import { extractNotes } from '../report/index.ts';
import type { EvidenceOptions } from './evidence-options.ts';
import { type Analysed, makeExtract, packedFor } from './extract.ts';
import type { InputGuard } from './input-guard.ts';
import { complain } from './output.ts';
import { writeWhole } from './output-files.ts';

/**
 * Reads the capture again and writes the packets that its report rests on.
 * Throws Failure where a file has changed meanwhile or cannot be written, and CaptureError where one cannot be read any more.
 */
export async function writeEvidence(
  analysed: Analysed,
  { extract: path, keepSecrets }: EvidenceOptions,
  guard: InputGuard,
  reading: CaptureOptions,
): Promise<void> {
  guard.check();
  const extract = await makeExtract(analysed, { keepSecrets }, reading);
  guard.check();
  for (const note of extractNotes(extract)) complain(`${path}: ${note}`);
  if (path !== undefined) await writeWhole(path, [packedFor(path, extract.bytes)]);
}
