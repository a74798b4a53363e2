import { drained } from './output.ts';

/** Standard output's reader went away (`| head`): nothing more needs to be read. */
export class ReaderGone extends Error {}

/** Lines on standard output, gathered until `ready` is asked. */
export class LineOutput {
  #lines: string[] = [];
  #failed = false;
  readonly #fail = (): void => {
    this.#failed = true;
  };

  constructor() {
    process.stdout.on('error', this.#fail);
  }

  /** Adds a line, with its line break. */
  add(line: string): void {
    this.#lines.push(line);
  }

  /**
   * Writes what was added.
   * @returns a promise where the reader has not taken it yet. Throws ReaderGone
   */
  ready(): Promise<void> | undefined {
    if (this.#failed) throw new ReaderGone();
    if (this.#lines.length === 0) return undefined;
    const text = this.#lines.join('');
    this.#lines = [];
    return process.stdout.write(text) ? undefined : this.#drained();
  }

  async #drained(): Promise<void> {
    await drained();
    if (this.#failed) throw new ReaderGone();
  }

  close(): void {
    process.stdout.off('error', this.#fail);
  }
}
