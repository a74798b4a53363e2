export { buildIncident } from './build.ts';
export { allStreams } from './leg.ts';
export type * from './model.ts';
export type { FindingArgs, FindingCode, Telling } from './findings/args.ts';
export { NO_HINTS, type RoleHints } from './role-hints.ts';
export { DEFAULT_THRESHOLDS, type Thresholds } from './thresholds.ts';
