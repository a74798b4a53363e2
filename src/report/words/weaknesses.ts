import type { CaptureWarning, Connection, Report } from '../model.ts';
import { counted, listed } from './phrase.ts';

/** What weakens the conclusions, a sentence each: faults of the files, then notes on what they hold, then what nobody could read. */
export function weaknessTexts({ trust, capture, connections }: Report): string[] {
  const notes = trust.map(
    ({ connection, message, weakens }) =>
      `${connection === null ? '' : `${connection}: `}${message}; weakens ${listed(weakens)}.`,
  );
  return [
    ...capture.warnings.map((warning) => warningSentence(warning, capture.files)),
    ...notes,
    ...unreadTexts(connections),
  ];
}

/** Without secrets, or with others than these connections'. */
function unreadTexts(connections: readonly Connection[]): string[] {
  const unread = connections.filter(({ protocol }) => protocol === 'tls');
  if (unread.length === 0) return [];
  const isKeyless = unread.every(({ tls }) => tls === null || tls.keys === 'none');
  return [
    `${counted(unread.length, 'connection')} in TLS could not be read${isKeyless ? '; their secrets would open them (--keylog FILE)' : ''}; ` +
      'weakens links, streams and PINGs.',
  ];
}

/** Where nothing weakens them, that is worth a line. */
export const NO_WEAKNESS = 'Nothing in the capture weakens what is said above.';

function warningSentence({ message, file, byte, packet }: CaptureWarning, files: Report['capture']['files']): string {
  const at = [packet === null ? [] : [`packet ${packet}`], byte === null ? [] : [`byte ${byte}`]].flat();
  const where = at.length === 0 ? '' : ` (${at.join(', ')})`;
  return `${file === null ? 'capture' : (files[file]?.path ?? `file ${file}`)}${where}: ${message}.`;
}
