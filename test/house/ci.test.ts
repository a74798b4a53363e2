import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, test } from 'vitest';

const SCRIPT = fileURLToPath(new URL('../../.ci/count-tests.mjs', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'watchpcap-ci-'));

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What `.ci/run` gets to hear of a test run that ended with `status` and left `result` as its JSON file. */
function count(status: number, result: unknown): { readonly status: number | null; readonly counts: string } {
  const file = join(folder, 'result.json');
  rmSync(file, { force: true });
  if (result !== undefined) writeFileSync(file, typeof result === 'string' ? result : JSON.stringify(result));
  const run = spawnSync(process.execPath, [SCRIPT, String(status), file], { encoding: 'utf8' });
  return { status: run.status, counts: run.stdout.trim() };
}

function result(passed: number, failed: number, more: object = {}): object {
  const assertionResults = Array.from({ length: passed + failed }, (_, nth) => ({
    status: nth < passed ? 'passed' : 'failed',
  }));
  const file = { status: failed === 0 ? 'passed' : 'failed', assertionResults };
  const counts = { numPassedTests: passed, numFailedTests: failed, numPendingTests: 2, numTodoTests: 1 };
  return { ...counts, success: failed === 0, testResults: [file], ...more };
}

test('the counts are those of the test runner, with todo among the skipped', () => {
  expect(count(0, result(5, 0))).toEqual({ status: 0, counts: '5 0 3' });
  expect(count(1, result(5, 2))).toEqual({ status: 0, counts: '5 2 3' });
});

test('a file that could not be loaded is one failure', () => {
  const testResults = [{ status: 'failed', assertionResults: [] }];
  expect(count(1, result(5, 0, { testResults })).counts).toBe('5 1 3');
});

test('a crash after the last test is a failure', () => {
  expect(count(1, result(5, 0)).counts).toBe('5 1 3');
  expect(count(124, result(5, 0)).counts).toBe('5 1 3');
  expect(count(0, result(5, 0, { success: false })).counts).toBe('5 1 3');
});

test.each([
  ['missing', undefined],
  ['empty', ''],
  ['cut', '{"numPassedTests": 5'],
  ['without a test', result(0, 0)],
  ['without counts', { success: true, testResults: [] }],
])('a result that is %s cannot be counted', (_, written) => {
  expect(count(0, written).status).toBe(1);
});
