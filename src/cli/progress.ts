import type { SingleBar } from 'cli-progress';
import type { Progress } from '../capture/index.ts';
import { escapeTerminal } from '../report/index.ts';

/** Work that is done sooner shows nothing. */
const SHOWN_AFTER_MS = 1000;
const UPDATES_PER_SECOND = 4;
const MEGABYTE = 1e6;
const MS_PER_SECOND = 1000;

/** Shows on a terminal's standard error how far reading has come; nothing anywhere else. */
export class ReadingProgress {
  readonly #startedMs = performance.now();
  readonly #isShown = process.stderr.isTTY === true && process.env['TERM'] !== 'dumb';
  #last: Progress = { bytesRead: 0, totalBytes: null };
  #bar: SingleBar | undefined;
  #isAsked = false;
  #isOver = false;

  /** Takes what reading tells. */
  readonly update = (progress: Progress): void => {
    this.#last = progress;
    if (!this.#isShown) return;
    this.#bar?.update(progress.bytesRead);
    if (this.#isAsked || this.#elapsedMs() < SHOWN_AFTER_MS) return;
    this.#isAsked = true;
    void this.#show();
  };

  /** Takes it off the terminal. */
  stop(): void {
    this.#isOver = true;
    this.#bar?.stop();
  }

  /** The library is loaded only where there is something to show. */
  async #show(): Promise<void> {
    const { default: library } = await import('cli-progress');
    if (this.#isOver) return;
    this.#bar = new library.SingleBar({
      stream: process.stderr,
      fps: UPDATES_PER_SECOND,
      clearOnComplete: true,
      // Its own handler of an interrupt would end the process.
      gracefulExit: false,
      format: (_options, { progress }) => escapeTerminal(progressText(this.#last, this.#elapsedMs(), progress)),
    });
    this.#bar.start(this.#last.totalBytes ?? Number.POSITIVE_INFINITY, this.#last.bytesRead);
  }

  #elapsedMs(): number {
    return performance.now() - this.#startedMs;
  }
}

/**
 * How far reading has come, in one line.
 * @param share  of the whole, 0 to 1; not used where the whole is unknown
 */
export function progressText({ bytesRead, totalBytes }: Progress, elapsedMs: number, share: number): string {
  const bytesPerSecond = (bytesRead * MS_PER_SECOND) / Math.max(elapsedMs, 1);
  const rate = `${megabytes(bytesPerSecond)}/s`;
  if (totalBytes === null) return `reading: ${megabytes(bytesRead)}, ${rate}`;
  const secondsLeft = Math.ceil((totalBytes - bytesRead) / Math.max(bytesPerSecond, 1));
  const percent = Math.floor(Math.min(share, 1) * 100);
  return `reading: ${percent} %, ${megabytes(bytesRead)} of ${megabytes(totalBytes)}, ${rate}, ${secondsLeft} s left`;
}

function megabytes(bytes: number): string {
  return `${(bytes / MEGABYTE).toFixed(bytes < 10 * MEGABYTE ? 1 : 0)} MB`;
}
