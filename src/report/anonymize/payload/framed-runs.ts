import { FramedFlow, type Framing } from './framed-flow.ts';
import { type Run, RunCopy, type RunRewriter } from './run.ts';

/** Rewrites what comes in units that begin with a header. */
export class FramedRuns implements RunRewriter {
  readonly #flow: FramedFlow;

  /** @param begin  position at which a unit begins; null where that has to be found out */
  constructor(framing: Framing, begin: number | null) {
    this.#flow = new FramedFlow(framing);
    if (begin !== null) this.#flow.begin(begin);
  }

  /** Segment by segment until it is known where a unit begins, then all at once, so that none is cut. */
  rewrite({ position, bytes, starts, lostAfter }: Run): Uint8Array {
    const copy = new RunCopy(bytes);
    for (let nth = 0; nth < starts.length; nth++) {
      const at = starts[nth] ?? 0;
      const isRest = this.#flow.isFollowed || nth === starts.length - 1;
      const end = isRest ? bytes.length : (starts[nth + 1] ?? bytes.length);
      const wireEnd = end + (isRest ? (lostAfter ?? 0) : 0);
      this.#flow.copy(copy, { at, end, wireEnd, seq: (position + at) >>> 0 });
      if (isRest) break;
    }
    if (lostAfter === null) this.#flow.lose();
    return copy.bytes;
  }
}
