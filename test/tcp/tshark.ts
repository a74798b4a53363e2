import { execFileSync, spawnSync } from 'node:child_process';

/** What a test that needs it says of itself where it is absent. */
export const TSHARK_ABSENT = 'tshark 4.0 is not here (apt-get install tshark, Debian 12)';

/** Labels differ from one series of Wireshark to the next. */
export const hasTshark: boolean = (spawnSync('tshark', ['--version'], { encoding: 'utf8' }).stdout ?? '').startsWith(
  'TShark (Wireshark) 4.0.',
);

/** Labels by packet number. */
export type Labels = Readonly<Record<string, readonly string[]>>;

/** Wireshark's own labels of a capture, by its `tcp.analysis.*` fields of these names. */
export function tsharkLabels(capture: string, names: readonly string[]): Labels {
  const fields = names.flatMap((name) => ['-e', `tcp.analysis.${name}`]);
  const text = execFileSync('tshark', ['-r', capture, '-T', 'fields', '-e', 'frame.number', ...fields], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  });
  const rows = text
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  const labelled = rows.map(([packet = '', ...values]): [string, string[]] => [
    packet,
    names.filter((_, i) => (values[i] ?? '') !== '').toSorted(),
  ]);
  return Object.fromEntries(labelled.filter(([, labels]) => labels.length > 0));
}
