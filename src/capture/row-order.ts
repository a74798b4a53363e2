import { BATCH_ROWS, type RecordBatch } from './batch.ts';

/** Programs that capture at several interfaces write what the kernel hands them in blocks: 0.24 s late was seen, of dumpcap. More is another clock. */
const LATE_MAX_NS = 1e9;

/**
 * In which order to take the rows of a batch whose interfaces were written out of turn, as dumpcap does: an answer may stand before what it
 * answers. Each interface's own order stays, whatever its times say, so that a clock set back is still seen as one.
 *
 * It looks no further than the batch: what is late across its end (once in BATCH_ROWS packets at most) stays late, and is counted.
 */
export class RowOrder {
  /** Batches with a row that belongs into the batch before. */
  lateAcross = 0;
  #file = -1;
  /** The latest time of the batch before, and the interface that had it. */
  #endNs = -Infinity;
  #endPlace = -1;
  readonly #rows = new Int32Array(BATCH_ROWS);
  /** Of a row: the latest time that its interface had until then. */
  readonly #dueNs = new Float64Array(BATCH_ROWS);
  readonly #latestNs = new Map<number, number>();

  /** The rows in use, in the order of time; null where they stand in it. Valid until the next call. */
  of(batch: RecordBatch): Int32Array | null {
    if (!this.#areLate(batch)) return null;
    const { firstRow, count, timeNs, vantage } = batch;
    const dueNs = this.#dueNs;
    const rows = this.#rows.subarray(0, count - firstRow);
    this.#latestNs.clear();
    for (let row = firstRow; row < count; row++) {
      const place = vantage[row] ?? 0;
      const latestNs = Math.max(this.#latestNs.get(place) ?? -Infinity, timeNs[row] ?? 0);
      this.#latestNs.set(place, latestNs);
      dueNs[row] = latestNs;
      rows[row - firstRow] = row;
    }
    return rows.sort((a, b) => (dueNs[a] ?? 0) - (dueNs[b] ?? 0) || a - b);
  }

  /** A row is earlier than one before it of another interface, and none by so much that the two have no common clock. */
  #areLate({ file, firstRow, count, timeNs, vantage }: RecordBatch): boolean {
    let lateNs = 0;
    let latestNs = -Infinity;
    let place = -1;
    const endNs = file === this.#file ? this.#endNs : -Infinity;
    let isAcross = false;
    for (let row = firstRow; row < count; row++) {
      const nowNs = timeNs[row] ?? 0;
      if (nowNs < endNs && endNs - nowNs <= LATE_MAX_NS && vantage[row] !== this.#endPlace) isAcross = true;
      if (nowNs >= latestNs) {
        latestNs = nowNs;
        place = vantage[row] ?? 0;
      } else if (vantage[row] !== place) lateNs = Math.max(lateNs, latestNs - nowNs);
    }
    if (isAcross) this.lateAcross++;
    this.#file = file;
    this.#endNs = latestNs;
    this.#endPlace = place;
    return lateNs > 0 && lateNs <= LATE_MAX_NS;
  }
}
