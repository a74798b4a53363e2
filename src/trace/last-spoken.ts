import { grown, roomFor } from './ref-table.ts';

/** When either side of a connection spoke last, by connection; NaN: never. */
export class LastSpoken {
  #ns = new Float64Array(1).fill(Number.NaN);

  opened(connection: number): void {
    const room = roomFor(this.#ns.length, connection + 1);
    if (room > this.#ns.length) this.#ns = grown(this.#ns, new Float64Array(room).fill(Number.NaN));
  }

  release(connection: number): void {
    this.#ns[connection] = Number.NaN;
  }

  ns(connection: number): number {
    return this.#ns[connection] ?? Number.NaN;
  }

  /** @returns for how long nobody had spoken; NaN, which is not more than anything, for the first packet: it follows nothing */
  spoke(connection: number, nowNs: number): number {
    const lastNs = this.#ns[connection] ?? Number.NaN;
    // A packet that stands in the file too late takes nothing back.
    if (!(nowNs < lastNs)) this.#ns[connection] = nowNs;
    return nowNs - lastNs;
  }
}
