import type { Report, Rewrite } from '../report/index.ts';

/** What stands in for what was captured, in reports and in packets. */
export interface Disguise {
  readonly shown: Report;
  readonly rewrite: Rewrite;
}
