import type { ByteCopy } from '../packet/copy.ts';

/** How a protocol cuts its bytes into units that begin with a header. */
export interface Framing {
  readonly headerBytes: number;
  /** @returns how many bytes of a preface stand at `at`; 0 where none does */
  prefaceBytes(copy: ByteCopy, at: number, end: number): number;
  /** @returns how long the unit is whose header stands at `at`, that included; 0 where none does */
  unitBytes(from: DataView, at: number): number;
  /** Copies what may stay of a unit, which may go on behind `end`. */
  copyUnit(copy: ByteCopy, at: number, bytes: number, end: number): void;
  /** Units may be missing before the next one. */
  lose?(): void;
}

/** Payload of one segment, or of several that follow each other. */
export interface Payload {
  readonly at: number;
  /** Where its captured bytes end, and where it ended on the wire. */
  readonly end: number;
  readonly wireEnd: number;
  readonly seq: number;
}

interface Unit {
  readonly at: number;
  readonly bytes: number;
}

/** One direction of a connection: finds where units begin and copies what may stay of them, so that what was said can be seen to have been said. */
export class FramedFlow {
  readonly #framing: Framing;
  /** Sequence number at which a unit begins; null where that was lost. */
  #next: number | null = null;
  /** Up to where packets were seen. */
  #seen: number | null = null;

  constructor(framing: Framing) {
    this.#framing = framing;
  }

  /** Units begin at this sequence number: it is that of the first byte. */
  begin(seq: number): void {
    this.#next = seq >>> 0;
    this.#seen = this.#next;
  }

  /** Whether it is known where the next unit begins. */
  get isFollowed(): boolean {
    return this.#next !== null;
  }

  /** Bytes are missing, how many is not known. */
  lose(): void {
    this.#loseUnits();
    this.#seen = null;
  }

  #loseUnits(): void {
    this.#next = null;
    this.#framing.lose?.();
  }

  /** To be called in the order of the capture; what was sent before is not copied again. */
  copy(copy: ByteCopy, payload: Payload): void {
    const { at, end, wireEnd, seq } = payload;
    if (wireEnd === at || (this.#seen !== null && distance(this.#seen, seq) < 0)) return;
    if (this.#seen !== null && seq !== this.#seen) this.#loseUnits();
    this.#seen = (seq + wireEnd - at) >>> 0;
    const ahead = this.#next === null ? 0 : distance(seq, this.#next);
    if (ahead >= wireEnd - at) return;
    const prefaceBytes = this.#framing.prefaceBytes(copy, at + ahead, end);
    const { units, reached } = this.#unitsIn(copy.from, at + ahead + prefaceBytes, payload);
    // Where a unit begins is known from those before; or a segment is units from end to end, which nothing else is.
    const isSure = this.#next !== null || prefaceBytes > 0 || reached === wireEnd;
    this.#next = isSure && reached !== null ? (seq + reached - at) >>> 0 : null;
    if (this.#next === null) this.#framing.lose?.();
    if (!isSure) return;
    copy.keep(at + ahead, prefaceBytes);
    for (const unit of units) this.#framing.copyUnit(copy, unit.at, unit.bytes, end);
  }

  /** Units one after another; the last may go on in the next segment. `reached`: where the next one begins, null where that cannot be told. */
  #unitsIn(from: DataView, begin: number, { end, wireEnd }: Payload): { units: Unit[]; reached: number | null } {
    const units: Unit[] = [];
    let at = begin;
    while (at < wireEnd) {
      const bytes = end - at < this.#framing.headerBytes ? 0 : this.#framing.unitBytes(from, at);
      if (bytes === 0) return { units, reached: null };
      units.push({ at, bytes });
      at += bytes;
    }
    return { units, reached: at };
  }
}

/** How far it is forward from one sequence number to another, across the wrap (RFC 9293 §3.4). */
function distance(from: number, to: number): number {
  return (to - from) | 0;
}
