export { CaptureError } from './capture/index.ts';
export { reportOn } from './cli/index.ts';
export type * from './report/model.ts';
