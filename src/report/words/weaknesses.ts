import type { CaptureWarning, Report } from '../model.ts';
import { listed } from './phrase.ts';

/** What weakens the conclusions, a sentence each: faults of the files, then notes on what they hold. */
export function weaknessTexts({ trust, capture }: Report): string[] {
  const notes = trust.map(
    ({ connection, message, weakens }) =>
      `${connection === null ? '' : `${connection}: `}${message}; weakens ${listed(weakens)}.`,
  );
  return [...capture.warnings.map((warning) => warningSentence(warning, capture.files)), ...notes];
}

/** Where nothing weakens them, that is worth a line. */
export const NO_WEAKNESS = 'Nothing in the capture weakens what is said above.';

function warningSentence({ message, file, byte, packet }: CaptureWarning, files: Report['capture']['files']): string {
  const at = [packet === null ? [] : [`packet ${packet}`], byte === null ? [] : [`byte ${byte}`]].flat();
  const where = at.length === 0 ? '' : ` (${at.join(', ')})`;
  return `${file === null ? 'capture' : (files[file]?.path ?? `file ${file}`)}${where}: ${message}.`;
}
