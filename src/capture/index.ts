export { BATCH_ROWS, LINK_NO_PACKET, LINK_UNDECLARED, type BatchComment, type RecordBatch } from './batch.ts';
export { engineCollector } from './collect.ts';
export { CaptureError, type CaptureErrorCode, type CaptureFailure } from './errors.ts';
export { BytesSource } from './bytes-source.ts';
export type {
  Asides,
  BlockProblem,
  CaptureFacts,
  CaptureWarning,
  CaptureWarningArgs,
  FileFacts,
  InterfaceFacts,
  NameRecord,
  PacketComment,
  SecretsSink,
} from './facts.ts';
export { Moment } from './moment.ts';
export { findInputs, type Inputs } from './inputs.ts';
export { type CaptureOptions, type Progress, readCapture, readCaptures, type ReadOptions } from './read.ts';
export {
  type SectionText,
  writeInterface,
  writeNames,
  writePacket,
  writeSecrets,
  writeSection,
  type WrittenPacket,
} from './pcapng-write.ts';
export { RowOrder } from './row-order.ts';
export { openSource, type Source } from './source.ts';
