const NONE = -1;
/** Connections that are looked at to find one that has been quiet for long. */
const LOOKED_AT = 64;
const FIRST_ROWS = 1024;

/** Which connections were heard of last, so that a dump can give up one that was quiet for long. */
export class QuietConnections {
  /** By connection, the count of packets when it was last heard of. */
  #heard = new Float64Array(FIRST_ROWS);
  #hand = 0;

  /** @param packets  the count of packets so far */
  heard(connection: number, packets: number): void {
    if (connection >= this.#heard.length) this.#grow();
    this.#heard[connection] = packets;
  }

  /** The one that was quiet for longest among some: they take turns. @param rows  connection numbers in use */
  spare(rows: number): number {
    let spare = NONE;
    for (let looked = 0; looked < LOOKED_AT && looked < rows; looked++) {
      const each = this.#hand++ % rows;
      if (spare === NONE || (this.#heard[each] ?? 0) < (this.#heard[spare] ?? 0)) spare = each;
    }
    return spare;
  }

  #grow(): void {
    const grown = new Float64Array(this.#heard.length * 2);
    grown.set(this.#heard);
    this.#heard = grown;
  }
}
