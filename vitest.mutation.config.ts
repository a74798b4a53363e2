import { defineConfig } from 'vitest/config';

/** For `npm run mutate`: the tests of src/tcp that judge what is said, and need neither a corpus nor another program. */
export default defineConfig({
  test: {
    include: ['test/tcp/*.test.ts'],
    // One times a run, one counts what is allocated, one needs a corpus.
    exclude: ['test/tcp/sightings-scale.test.ts', 'test/tcp/allocation.test.ts', 'test/tcp/wireshark.test.ts'],
    setupFiles: ['test/build/mutation.ts'],
    env: { WATCHPCAP_RUNS_DIVISOR: '20' },
    testTimeout: 30_000,
  },
});
