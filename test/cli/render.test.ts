import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { publishedSchema } from '../report/schema.ts';
import { watchpcap } from './command.ts';

const SAMPLE = 'samples/gateway-keepalive.pcap';

let folder = '';
let json = '';

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
  json = join(folder, 'report.json');
  await watchpcap(['analyze', SAMPLE, '--output', json]);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('watchpcap render', () => {
  test.each(['text', 'markdown', 'html', 'json', 'ndjson'])(
    '%s from a JSON report is what the capture gives',
    async (format) => {
      const rendered = await watchpcap(['render', json, '--format', format]);
      expect(rendered).toMatchObject({ status: 0, stderr: '' });
      expect(rendered.stdout.length).toBeGreaterThan(100);
      expect(rendered.stdout).toBe((await watchpcap(['analyze', SAMPLE, '--format', format])).stdout);
    },
  );

  test('reads standard input, and writes files', async () => {
    const page = join(folder, 'page.html');
    const run = await watchpcap(['render', '-', '--format', 'ndjson', '--output', page], readFileSync(json, 'utf8'));
    expect(run).toMatchObject({ status: 0, stderr: '' });
    expect(readFileSync(page, 'utf8')).toMatch(/^<!doctype html>/);
  });

  test('never writes over the report that it reads', async () => {
    const before = readFileSync(json, 'utf8');
    const run = await watchpcap(['render', json, '--output', json]);
    expect(run).toMatchObject({ status: 64, stdout: '' });
    expect(run.stderr).toContain('is not overwritten');
    expect(readFileSync(json, 'utf8')).toBe(before);
  });

  test.each([
    ['a missing file', 'no-such.json', 66, 'no-such.json: cannot be read (no such file or directory)'],
    ['a directory', 'samples', 66, 'samples: cannot be read (illegal operation on a directory'],
    ['a capture', SAMPLE, 65, `${SAMPLE}: is not JSON`],
    ['other JSON', 'package.json', 65, 'package.json: is no JSON report of watchpcap'],
  ])('%s is one clear line', async (_name, path, status, message) => {
    const run = await watchpcap(['render', path]);
    expect(run).toMatchObject({ status, stdout: '' });
    expect(run.stderr).toMatch(/^watchpcap: .*\n$/);
    expect(run.stderr).toContain(message);
  });

  test('a report with a fault is refused with the place of the fault', async () => {
    const broken = join(folder, 'broken.json');
    writeFileSync(broken, readFileSync(json, 'utf8').replace('"cause": "peer-silent"', '"cause": "gremlins"'));
    const run = await watchpcap(['render', broken]);
    expect(run).toMatchObject({ status: 65, stdout: '' });
    expect(run.stderr).toContain('is not what watchpcap.report/1 says: windows[0].cause: is none of the words');
  });
});

test('watchpcap schema prints the published schema', async () => {
  const run = await watchpcap(['schema']);
  expect(run).toMatchObject({ status: 0, stderr: '' });
  expect(JSON.parse(run.stdout)).toEqual(publishedSchema());
});
