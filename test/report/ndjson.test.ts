import { expect, test } from 'vitest';
import { renderNdjson } from '../../src/report/ndjson.ts';
import { composed, gatewayMute, healthy, recovered } from './scenarios.ts';

test.each(Object.entries({ 'gateway-mute': gatewayMute, recovered }))('%s is the golden list', async (name, told) => {
  await expect([...renderNdjson(composed(told()))].join('')).toMatchFileSnapshot(`../golden/${name}.ndjson`);
});

test('each piece of evidence is one line, an object with what it takes to read it alone', () => {
  const report = composed(gatewayMute());
  const lines = [...renderNdjson(report)];
  expect(lines).toHaveLength(report.windows[0]?.evidence.length ?? 0);
  for (const line of lines) {
    expect(line.endsWith('}\n')).toBe(true);
    expect(line.trimEnd()).not.toContain('\n');
  }
  expect(lines.map((line) => JSON.parse(line) as unknown)).toContainEqual({
    window: 'w1',
    packet: 95,
    at: '2026-11-23T10:00:52.215000Z',
    connection: 'u1',
    kind: 'retransmission',
    by: 'server',
    value: 1,
    text: 'retransmission 1 by the upstream, no answer',
    role: 'upstream',
    client: { ip: '10.9.2.1', port: 40112 },
    server: { ip: '10.9.2.2', port: 8080 },
  });
});

test('of several files, the line names the file', () => {
  const told = gatewayMute();
  const [file] = told.capture.files;
  if (file === undefined) throw new Error('the story has a file');
  const capture = { ...told.capture, files: [file, { ...file, path: 'other.pcap' }] };
  const [line = ''] = renderNdjson(composed({ ...told, capture }));
  expect(JSON.parse(line)).toMatchObject({ file: 0, path: 'gateway.pcap' });
});

test('a connection that is not in the report is null, not left out', () => {
  const [line = ''] = renderNdjson({ ...composed(gatewayMute()), connections: [] });
  expect(JSON.parse(line)).toMatchObject({ connection: 'u1', role: null, client: null, server: null });
});

test('no window, no line', () => {
  expect([...renderNdjson(composed(healthy()))]).toEqual([]);
});
