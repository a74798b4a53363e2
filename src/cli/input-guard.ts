import { type BigIntStats, statSync } from 'node:fs';
import { findInputs } from '../capture/index.ts';
import { EXIT } from './exit-status.ts';
import { Failure } from './failure.ts';

const STANDARD_INPUT = '-';

/** What tells that a file is still the one that was read. */
type Identity = Pick<BigIntStats, 'dev' | 'ino' | 'size' | 'mtimeNs'>;

/** The files of a capture that is to be read twice. */
export class InputGuard {
  readonly #seen = new Map<string, Identity | undefined>();

  /** What is to be called with the paths as reading found them, when it begins; it calls `next`. */
  noting(next: ((paths: readonly string[]) => void) | undefined): (paths: readonly string[]) => void {
    return (paths) => {
      for (const path of paths) this.#seen.set(path, statOf(path));
      next?.(paths);
    };
  }

  /** Throws Failure where a file is no longer what it was. */
  check(): void {
    for (const [path, before] of this.#seen) {
      const now = statOf(path);
      if (before === undefined || now === undefined || !isSame(before, now))
        throw new Failure(
          `${path}: changed since it was analysed, so that no packets can be picked from it`,
          EXIT.noInput,
        );
    }
  }
}

/**
 * Refuses what can be read only once: standard input, pipes, devices. What is not there is left for reading to tell.
 * Throws Failure, and CaptureError where a pattern fits no file.
 */
export function refuseStreams(given: readonly string[], option: string): void {
  const { files } = findInputs(given);
  const stream = files.find((path) => path === STANDARD_INPUT || statOf(path)?.isFile() === false);
  if (stream === undefined) return;
  const name = stream === STANDARD_INPUT ? 'standard input' : stream;
  throw new Failure(
    `${option} reads the capture a second time, which ${name} does not give: save it to a file first, and analyse that`,
    EXIT.usage,
  );
}

function isSame(a: Identity, b: Identity): boolean {
  return a.dev === b.dev && a.ino === b.ino && a.size === b.size && a.mtimeNs === b.mtimeNs;
}

function statOf(path: string): BigIntStats | undefined {
  return statSync(path, { bigint: true, throwIfNoEntry: false });
}
