import { execFileSync, spawnSync } from 'node:child_process';

/** Wireshark's own reading of a file, for tests that are skipped where it is not installed. */
export const hasTshark: boolean = spawnSync('tshark', ['--version']).status === 0;

/**
 * The fields of each packet that a display filter lets through.
 * @param preferences  `tcp.check_checksum:TRUE`
 * @param decodeAs     `tcp.port==8080,http2`
 */
export function tsharkFields(
  path: string,
  fields: readonly string[],
  filter = '',
  preferences: readonly string[] = [],
  decodeAs: readonly string[] = [],
): string[][] {
  const asked = fields.flatMap((field) => ['-e', field]);
  const set = preferences.flatMap((preference) => ['-o', preference]);
  const dissected = decodeAs.flatMap((rule) => ['-d', rule]);
  const args = [
    '-n',
    ...set,
    ...dissected,
    '-r',
    path,
    ...(filter === '' ? [] : ['-Y', filter]),
    '-T',
    'fields',
    ...asked,
  ];
  const text = execFileSync('tshark', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => line.split('\t'));
}
