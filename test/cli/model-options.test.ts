import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';

/** The built command, run as a user runs it. `npm test` builds it first. */
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CAPTURE = 'samples/gateway.pcap';

function analyze(...options: readonly string[]): { status: number | null; report: Report | null; stderr: string } {
  const args = ['dist/watchpcap.js', 'analyze', CAPTURE, '--format', 'json', ...options];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: ROOT, encoding: 'utf8' });
  return { status, report: stdout === '' ? null : (JSON.parse(stdout) as Report), stderr };
}

describe('what the reader knows better', () => {
  test('the gateway named is the one that is looked at, and another host is none', () => {
    expect(analyze('--gateway', '10.9.1.1').status).toBe(1);
    const client = analyze('--gateway', '10.9.1.2');
    expect([client.status, client.report?.verdict.state, client.report?.gateways]).toEqual([2, 'inconclusive', []]);
  });

  test('ports other than the gateway uses leave no legs', () => {
    expect(analyze('--client-port', '80', '--upstream-port', '8080').status).toBe(1);
    expect(analyze('--client-port', '81').report?.verdict.state).not.toBe('half-dead');
    expect(analyze('--upstream-port', '443').report?.verdict.state).toBe('inconclusive');
  });
});

describe('thresholds', () => {
  test('what lasted less than --dead-after is not dead, and the report says by which threshold', () => {
    const { status, report } = analyze('--dead-after', '400');
    expect([status, report?.verdict.state, report?.thresholds.deadAfter]).toEqual([2, 'suspect', 400]);
  });

  test('more tries than there were prove nothing', () => {
    const { report } = analyze('--dead-tries', '1000');
    expect([report?.windows, report?.thresholds.deadTries]).toEqual([[], 1000]);
  });

  test.each([
    ['--gateway', 'gateway.example'],
    ['--client-port', '0'],
    ['--upstream-port', '65536'],
    ['--dead-tries', '2.5'],
    ['--dead-after', '0.5'],
    ['--dead-after', ''],
    ['--idle-after', 'soon'],
  ])('%s %s is a usage error', (option, value) => {
    const { status, stderr } = analyze(option, value);
    expect([status, stderr.includes(option)]).toEqual([64, true]);
  });
});
