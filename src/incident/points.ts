import type { FileTimes, Trace } from '../trace/index.ts';

/** tcpdump opens the next file of a rotated set before it closes the last: they may share a moment. */
const ROTATION_OVERLAP_NS = 1e9;

/**
 * Which files were taken at one point: a rotated set follows itself in time, while files that overlap were taken at several points. Where there are
 * several, a connection that goes on from one file to a later one tells which of them follow each other.
 */
export class Points {
  readonly #files: readonly FileTimes[];
  /** By file: one that was taken at the same point, or itself. */
  readonly #parent: number[];

  constructor({ files, connections }: Pick<Trace, 'files' | 'connections'>) {
    this.#files = files;
    this.#parent = files.map((_, file) => file);
    if (areInTurn(files)) for (const file of files.keys()) this.unite(0, file);
    for (const { first, last } of connections)
      if (this.#areInTurn(first.file, last.file)) this.unite(first.file, last.file);
  }

  /** The same for all files of one point. */
  pointOf(file: number): number {
    let at = file;
    for (let parent = this.#parent[at]; parent !== undefined && parent !== at; parent = this.#parent[at]) at = parent;
    return at;
  }

  /** Two files are known to be of one point. */
  unite(a: number, b: number): void {
    this.#parent[this.pointOf(b)] = this.pointOf(a);
  }

  /** By file, when the last file of its point ends. */
  endsNs(): number[] {
    const ends = new Map<number, number>();
    for (const [file, { lastNs }] of this.#files.entries()) {
      const point = this.pointOf(file);
      ends.set(point, Math.max(lastNs, ends.get(point) ?? lastNs));
    }
    return this.#files.map(({ lastNs }, file) => ends.get(this.pointOf(file)) ?? lastNs);
  }

  #areInTurn(a: number, b: number): boolean {
    const [one, other] = [this.#files[a], this.#files[b]];
    return one !== undefined && other !== undefined && a !== b && areInTurn([one, other]);
  }
}

function areInTurn(files: readonly FileTimes[]): boolean {
  const inOrder = files.toSorted((a, b) => a.firstNs - b.firstNs);
  return inOrder.every(({ firstNs }, i) => (inOrder[i - 1]?.lastNs ?? -Infinity) - firstNs <= ROTATION_OVERLAP_NS);
}
