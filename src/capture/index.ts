export { BATCH_ROWS, LINK_NO_PACKET, LINK_UNDECLARED, type BatchComment, type RecordBatch } from './batch.ts';
export { CaptureError, type CaptureErrorCode, type CaptureFailure } from './errors.ts';
export type {
  BlockProblem,
  CaptureFacts,
  CaptureWarning,
  CaptureWarningArgs,
  FileFacts,
  PacketComment,
  SecretsSink,
} from './facts.ts';
export { Moment } from './moment.ts';
export { findInputs, type Inputs } from './inputs.ts';
export { type CaptureOptions, type Progress, readCapture, readCaptures, type ReadOptions } from './read.ts';
export { openSource, type Source } from './source.ts';
