import type { Report, RewriteExtract } from '../report/index.ts';

/** What stands in for what was captured, in reports and in packets. */
export interface Disguise {
  readonly shown: Report;
  readonly rewrite: RewriteExtract;
}
