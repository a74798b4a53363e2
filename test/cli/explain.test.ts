import { describe, expect, test } from 'vitest';
import { watchpcap } from './command.ts';

describe('watchpcap explain', () => {
  test('a code: its explanation, and nothing on standard error', async () => {
    const run = await watchpcap(['explain', 'upstream-unanswered']);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toMatch(/^upstream-unanswered\n[^]*What to do\n[^]*TCP_USER_TIMEOUT/);
  });

  test('alone it lists every code', async () => {
    const run = await watchpcap(['explain']);
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(run.stdout).toMatch(/^upstream-unanswered\n[^]*\nflow-control-stall\n[^]*\ncapture-trust\n/);
  });

  test('what is no code is a wrong command line, and those alike are named', async () => {
    const run = await watchpcap(['explain', 'upstream-dead']);
    expect(run).toMatchObject({ status: 64, stdout: '' });
    expect(run.stderr).toMatch(/^watchpcap: upstream-dead: no finding has this code; is it upstream-unanswered, /);
    expect((await watchpcap(['explain', '\u001b[31mx'])).stderr).not.toContain('\u001b');
  });

  test('every finding that a report tells of can be looked up', async () => {
    const { stdout } = await watchpcap(['analyze', 'samples/gateway-keepalive.pcap', '--format', 'json']);
    const { findings } = JSON.parse(stdout) as { findings: { code: string }[] };
    expect(findings.length).toBeGreaterThan(0);
    const listed = (await watchpcap(['explain'])).stdout.split('\n');
    expect(listed).toEqual(expect.arrayContaining(findings.map(({ code }) => code)));
  });
});
