import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** By what they take: most mutants fail in a short test, and need none of these. */
const LONG_LAST = ['duplicates', 'flow-table', 'prediction', 'reassembly', 'own-captures'];

class ShortFirst extends BaseSequencer {
  override sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return Promise.resolve(files.toSorted((a, b) => rankOf(a) - rankOf(b)));
  }
}

function rankOf({ moduleId }: TestSpecification): number {
  return LONG_LAST.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
}

/** For `npm run mutate`: the tests of src/tcp that judge what is said, and need neither a corpus nor another program. */
export default defineConfig({
  test: {
    include: ['test/tcp/*.test.ts'],
    // One times a run, one counts what is allocated, one needs a corpus.
    exclude: ['test/tcp/sightings-scale.test.ts', 'test/tcp/allocation.test.ts', 'test/tcp/wireshark.test.ts'],
    setupFiles: ['test/build/mutation.ts'],
    env: { WATCHPCAP_RUNS_DIVISOR: '20' },
    testTimeout: 30_000,
    // Each file in a worker of its own would take twice as long; none of them changes what another one sees.
    isolate: false,
    sequence: { sequencer: ShortFirst },
  },
});
