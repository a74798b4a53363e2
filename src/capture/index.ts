export { BATCH_ROWS, type RecordBatch } from './batch.ts';
export { CaptureError, type CaptureErrorCode, type CaptureFailure } from './errors.ts';
export type { CaptureFacts, CaptureWarning, CaptureWarningArgs, FileFacts } from './facts.ts';
export { Moment } from './moment.ts';
export { readCapture, type ReadOptions } from './read.ts';
export { openSource, type Source } from './source.ts';
