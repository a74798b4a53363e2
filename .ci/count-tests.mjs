// Prints `passed failed skipped` from vitest's JSON result; ends with 1 where there is nothing to count.
// usage: count-tests.mjs EXIT_STATUS_OF_VITEST RESULT_FILE
import { readFileSync } from 'node:fs';

const [status, path] = process.argv.slice(2);
const result = JSON.parse(readFileSync(path, 'utf8'));
const files = result.testResults;

const passed = result.numPassedTests;
const skipped = result.numPendingTests + result.numTodoTests;
// A file that could not even be loaded has no failed test.
const brokenFiles = files.filter(
  (file) => file.status === 'failed' && !file.assertionResults.some((test) => test.status === 'failed'),
).length;
let failed = result.numFailedTests + brokenFiles;
// An error outside of any test, a crash on the way out, a time limit: only the exit status tells.
if (failed === 0 && (status !== '0' || result.success !== true)) failed = 1;

const isCounted = [passed, skipped, failed].every((count) => Number.isSafeInteger(count) && count >= 0);
if (!isCounted || passed + failed === 0) {
  process.stderr.write(`no tests are counted in ${path}\n`);
  process.exit(1);
}
process.stdout.write(`${passed} ${failed} ${skipped}\n`);
