import type { IRawProperty, Parameters } from 'fast-check';
import { vi } from 'vitest';

const SECONDS = Number(process.env['WATCHPCAP_SOAK_SECONDS']);

/** A property runs for as long as there is time, however few runs it asks for. */
vi.mock('fast-check', async (original) => {
  const real = await original<typeof import('fast-check')>();
  const assert = <Ts>(property: IRawProperty<Ts>, asked?: Parameters<Ts>): Promise<void> | void =>
    real.assert(property, { ...asked, numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: SECONDS * 1000 });
  return { ...real, default: { ...real.default, assert } };
});
