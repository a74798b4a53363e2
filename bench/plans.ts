import type { Plan } from './generate.ts';

const MB = 1e6;
const SEED = 7;
/** What the memory comparison begins with, and the capture that the goals are about. */
const SMALL_BYTES = 100 * MB;
const FULL_BYTES = 500 * MB;
const COPIES = 4;

/** The four captures of one benchmark. */
export interface Plans {
  /** Next to nothing to analyse: what is left is the program's fixed cost. */
  readonly tiny: Plan;
  readonly small: Plan;
  readonly full: Plan;
  /** The full one four times over. */
  readonly fourfold: Plan;
}

const BUSY = { clients: 48, upstreams: 12, seed: SEED } as const;
const FEW = { clients: 4, upstreams: 2, seed: SEED } as const;
const TINY: Plan = { name: 'tiny', traffic: { ...FEW, bytes: 30_000 }, copies: 1 };

export const REAL_PLANS: Plans = {
  tiny: TINY,
  small: { name: 'small', traffic: { ...BUSY, bytes: SMALL_BYTES }, copies: 1 },
  full: { name: 'full', traffic: { ...BUSY, bytes: FULL_BYTES }, copies: 1 },
  fourfold: { name: 'fourfold', traffic: { ...BUSY, bytes: FULL_BYTES }, copies: COPIES },
};

/** The same steps on captures that take a second. */
export const SMOKE_PLANS: Plans = {
  tiny: TINY,
  small: { name: 'smoke-small', traffic: { ...FEW, bytes: MB }, copies: 1 },
  full: { name: 'smoke-full', traffic: { ...BUSY, bytes: 5 * MB }, copies: 1 },
  fourfold: { name: 'smoke-fourfold', traffic: { ...BUSY, bytes: 5 * MB }, copies: COPIES },
};
