import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** For `npm run soak`: the files whose tests draw their examples, each property for so many seconds, with a seed that was never used. */
const seconds = process.env['WATCHPCAP_SOAK_SECONDS'] ?? '20';
const seed = process.env['WATCHPCAP_SEED'] ?? String(Date.now() % 2 ** 31);

const draws = (file: string): boolean => /\bfc\.assert\(|WATCHPCAP_SEED/.test(readFileSync(file, 'utf8'));

const files = readdirSync('test', { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => join('test', file));

export default defineConfig({
  test: {
    include: files.filter(draws),
    setupFiles: ['test/build/chance.ts', 'test/build/soak.ts'],
    env: {
      WATCHPCAP_SEED: seed,
      WATCHPCAP_SOAK_SECONDS: seconds,
      WATCHPCAP_FUZZ_CONVERSATIONS: process.env['WATCHPCAP_FUZZ_CONVERSATIONS'] ?? '100000',
    },
    testTimeout: 3_600_000,
  },
});
