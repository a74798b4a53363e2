import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { watchpcap } from './command.ts';

const CAPTURE = 'samples/gateway.pcap';

async function analyze(
  ...options: readonly string[]
): Promise<{ status: number | null; report: Report | null; stderr: string }> {
  const { status, stdout, stderr } = await watchpcap(['analyze', CAPTURE, '--format', 'json', ...options]);
  return { status, report: stdout === '' ? null : (JSON.parse(stdout) as Report), stderr };
}

describe('what the reader knows better', () => {
  test('the gateway named is the one that is looked at, and another host is none', async () => {
    expect((await analyze('--gateway', '10.9.1.1')).status).toBe(1);
    const client = await analyze('--gateway', '10.9.1.2');
    expect([client.status, client.report?.verdict.state, client.report?.gateways]).toEqual([2, 'inconclusive', []]);
  });

  test('ports other than the gateway uses leave no legs', async () => {
    expect((await analyze('--client-port', '80', '--upstream-port', '8080')).status).toBe(1);
    expect((await analyze('--client-port', '81')).report?.verdict.state).not.toBe('half-dead');
    expect((await analyze('--upstream-port', '443')).report?.verdict.state).toBe('inconclusive');
  });
});

describe('thresholds', () => {
  test('what lasted less than --dead-after is not dead, and the report says by which threshold', async () => {
    const { status, report } = await analyze('--dead-after', '400');
    expect([status, report?.verdict.state, report?.thresholds.deadAfter]).toEqual([2, 'suspect', 400]);
  });

  test('more tries than there were prove nothing', async () => {
    const { report } = await analyze('--dead-tries', '1000');
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
  ])('%s %s is a usage error', async (option, value) => {
    const { status, stderr } = await analyze(option, value);
    expect([status, stderr.includes(option)]).toEqual([64, true]);
  });
});
