import { errorReason, lastWatchErrorReason, watchErrorOf, watchErrorReason, wordsOf } from '../../../http/index.ts';
import type { ByteCopy } from '../packet/copy.ts';

/** As many bytes as tell two bodies apart: those by which the analysis recognises one that was passed on. */
const COMPARED_BYTES = 256;
const NUMBER_BYTES = 4;

/**
 * Numbers in place of bodies: the same bytes have the same number, others another. So it can still be told that what came from the upstream is what the client
 * got, and not what it was.
 */
export class Likeness {
  readonly #numbers = new Map<string, number>();
  readonly #counts = new Map<number, number>();

  /**
   * Writes the number of a body of `bytes` on the wire at its beginning, behind the usual words of an error where it has them; nothing where
   * not all that is compared was captured.
   */
  copy(copy: ByteCopy, at: number, bytes: number, capturedEnd: number): void {
    const compared = Math.min(bytes, COMPARED_BYTES);
    if (compared <= 0 || at + compared > capturedEnd) return;
    const words = wordsIn(copy.from, at, Math.min(at + bytes, capturedEnd));
    const wordBytes = words.length <= compared ? words.length : 0;
    for (let i = 0; i < wordBytes; i++) copy.to.setUint8(at + i, words.charCodeAt(i));
    const size = Math.min(compared - wordBytes, NUMBER_BYTES);
    if (size === 0) return;
    let number = this.#numberOf(size, latin1(copy.from, at, at + compared));
    for (let i = size - 1; i >= 0; i--) {
      copy.to.setUint8(at + wordBytes + i, number & 0xff);
      number >>>= 8;
    }
  }

  /** Of one byte there are only 256: beyond, numbers come again. */
  #numberOf(size: number, body: string): number {
    const known = this.#numbers.get(body);
    if (known !== undefined) return known;
    const count = (this.#counts.get(size) ?? 0) + 1;
    this.#counts.set(size, count);
    this.#numbers.set(body, count);
    return count;
  }
}

/** What says why a server failed, and not to whom: the usual words of gateways, a reason of Kubernetes. */
function wordsIn(view: DataView, at: number, end: number): string {
  const reason = errorReason(view, at, end);
  if (reason !== null) return wordsOf(reason);
  const ofWatch = watchErrorReason(view, at, end) ?? lastWatchErrorReason(view, at, end);
  return ofWatch === null ? '' : watchErrorOf(ofWatch);
}

function latin1(view: DataView, at: number, end: number): string {
  let text = '';
  for (let i = at; i < end; i++) text += String.fromCharCode(view.getUint8(i));
  return text;
}
