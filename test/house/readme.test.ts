import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const readme = readFileSync('README.md', 'utf8');

it('the README shows the real first screen of its sample', () => {
  const shown = /```console\n\$ npx watchpcap analyze samples\/gateway\.pcap\n([^`]*?)\n\.\.\.\n```/.exec(readme)?.[1];
  expect(shown).toBeDefined();
  expect(realOutput('samples/gateway.pcap').startsWith(`${shown}\n`)).toBe(true);
});

it('the README names the two commands that do all the set-up', () => {
  expect(readme).toContain('npm ci && npx watchpcap analyze samples/gateway.pcap');
  expect(readme).toContain('npm ci && npm test');
});

function realOutput(sample: string): string {
  const env = { ...process.env, COLUMNS: '80', LC_ALL: 'C.UTF-8', NO_COLOR: '1' };
  return execFileSync(process.execPath, ['dist/watchpcap.js', 'analyze', sample, '--exit-zero'], {
    encoding: 'utf8',
    env,
  });
}
