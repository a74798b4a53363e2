import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { retold } from '../../src/report/retell.ts';
import { reportOn } from '../build/reports.ts';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';

/** Sentences are functions of the report's other fields: written anew, they are the same. */

test.each(Object.entries({ gatewayMute, recovered, healthy, inconclusive }))('%s', (_name, told) => {
  const report = composed(told());
  expect(retold(report)).toEqual(report);
});

const RECORDINGS = ['samples', 'test/captures'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => `${folder}/${name}`),
);

test.each(RECORDINGS)('%s', async (path) => {
  const report = await reportOn(path);
  expect(retold(report)).toEqual(report);
});

test('a changed address is in every sentence that names it', () => {
  const report = composed(gatewayMute());
  const connections = report.connections.map((connection) =>
    connection.id === 'u1' ? { ...connection, server: { ip: '198.18.0.7', port: 8080 } } : connection,
  );
  const text = JSON.stringify(retold({ ...report, connections }));
  expect(text).not.toContain('10.9.2.2');
  expect(text).toContain('u1 (198.18.0.7:8080)');
});

test('codes of another version stand for their sentences', () => {
  const report = composed(gatewayMute());
  const [window] = report.windows;
  const [row] = window?.evidence ?? [];
  const [finding] = report.findings;
  if (window === undefined || row === undefined || finding === undefined) throw new Error('the scenario has them');
  const told = retold({
    ...report,
    windows: [{ ...window, evidence: [{ ...row, kind: 'later-kind' }] }],
    findings: [{ ...finding, code: 'later-code' }],
    trust: [
      { code: 'later-note', connection: null, weakens: [], packets: [], count: 2, args: {}, message: 'said then' },
    ],
    capture: {
      ...report.capture,
      warnings: [{ code: 'later-warning', args: {}, message: 'said', file: 0, byte: 1, packet: 2 }],
    },
  });
  expect(told.windows[0]?.evidence[0]?.text).toBe('later-kind');
  expect(told.findings[0]?.title).toBe('u1 (10.9.2.2:8080): later-code');
  expect(told.trust[0]?.message).toBe('weakness of the capture: later-note (2)');
  expect(told.capture.warnings[0]?.message).toBe('later-warning');
});
