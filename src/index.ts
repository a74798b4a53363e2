export { CaptureError } from './capture/index.ts';
export { reportOn } from './cli/index.ts';
export type { Report } from './report/index.ts';
