import { expect, test } from 'vitest';
import { watchpcap } from './command.ts';

test('trace prints the three connections of the incident, their streams and joins, and exits with 0', async () => {
  const { status, stdout, stderr } = await watchpcap(['trace', 'samples/gateway.pcap', '--format', 'ndjson']);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  const lines = stdout.trimEnd().split('\n');
  const kinds = lines.map((line) => (JSON.parse(line) as { readonly kind: string }).kind);
  expect(kinds.filter((kind) => kind === 'connection')).toHaveLength(3);
  expect(new Set(kinds)).toEqual(new Set(['capture', 'connection', 'stream', 'join']));
});

test('trace refuses what analyze refuses, with the same status', async () => {
  expect((await watchpcap(['trace', 'samples/missing.pcap'])).status).toBe(66);
  expect((await watchpcap(['trace', 'README.md'])).status).toBe(65);
  expect((await watchpcap(['trace'])).status).toBe(64);
  expect((await watchpcap(['trace', 'samples/gateway.pcap', '--format', 'xml'])).status).toBe(64);
});
