export type { RecordBatch } from './batch.ts';
export { BATCH_ROWS } from './batch.ts';
export { Moment } from './moment.ts';
