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

it('the README names every command, and every option of analyze', () => {
  const commands = names(help([]), /^ {2}([a-z]+) /gm, 'Commands:');
  expect(commands).toEqual(expect.arrayContaining(['analyze', 'render', 'schema', 'explain']));
  for (const command of commands) expect(readme).toContain(`\`watchpcap ${command}`);
  const options = names(help(['analyze']), /^ {2}(?:-[a-z], )?(--[a-z-]+)/gm, 'Options:');
  expect(options).toContain('--extract');
  const shorts = new Map([
    ['--quiet', '-q'],
    ['--verbose', '-v'],
  ]);
  for (const option of options.filter((name) => name !== '--help'))
    expect(readme).toMatch(new RegExp(`\`${shorts.get(option) ?? option}\\b`));
});

function help(command: readonly string[]): string {
  return execFileSync(process.execPath, ['dist/watchpcap.js', ...command, '--help'], { encoding: 'utf8' });
}

function names(text: string, line: RegExp, from: string): string[] {
  return [...text.slice(text.indexOf(from)).matchAll(line)].map(([, name = '']) => name);
}

function realOutput(sample: string): string {
  const env = { ...process.env, COLUMNS: '80', LC_ALL: 'C.UTF-8', NO_COLOR: '1' };
  return execFileSync(process.execPath, ['dist/watchpcap.js', 'analyze', sample, '--exit-zero'], {
    encoding: 'utf8',
    env,
  });
}
