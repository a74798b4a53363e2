import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

/** The built command, run as a user runs it. `npm test` builds it first. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

function watchpcap(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['dist/watchpcap.js', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

test('trace prints the three connections of the incident, their streams and joins, and exits with 0', () => {
  const { status, stdout, stderr } = watchpcap('trace', 'samples/gateway.pcap', '--format', 'ndjson');
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  const kinds = lines.map((line) => (JSON.parse(line) as { readonly kind: string }).kind);
  expect(kinds.filter((kind) => kind === 'connection')).toHaveLength(3);
  expect(new Set(kinds)).toEqual(new Set(['capture', 'connection', 'stream', 'join']));
});

test('trace refuses what analyze refuses, with the same status', () => {
  expect(watchpcap('trace', 'samples/missing.pcap').status).toBe(66);
  expect(watchpcap('trace', 'README.md').status).toBe(65);
  expect(watchpcap('trace').status).toBe(64);
  expect(watchpcap('trace', 'samples/gateway.pcap', '--format', 'xml').status).toBe(64);
});
