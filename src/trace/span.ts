import type { Moment } from '../capture/index.ts';
import { CLOCK_STEP_NS } from './limits.ts';
import type { FileTimes, Ref, Trace } from './model.ts';
import { refOf } from './ref-table.ts';

/** From when to when the capture goes, by all its packets, and where its clock was put back. */
export class Span {
  first: Ref | null = null;
  lastNs: number = -Infinity;
  readonly #clockSteps: { count: number; first: Ref | null } = { count: 0, first: null };
  readonly #moment: Moment;
  readonly #files: { firstNs: number; lastNs: number }[] = [];
  #lastPacket = 0;
  #lastFile = 0;
  #previousNs = -Infinity;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  get last(): Ref | null {
    return this.#lastPacket === 0 ? null : { file: this.#lastFile, packet: this.#lastPacket, timeNs: this.lastNs };
  }

  get clockSteps(): Trace['clockSteps'] {
    return this.#clockSteps;
  }

  packet(): void {
    const nowNs = this.#moment.ns[0] ?? 0;
    if (nowNs < this.lastNs && this.#previousNs - nowNs > CLOCK_STEP_NS) {
      this.#clockSteps.count++;
      this.#clockSteps.first ??= refOf(this.#moment);
    }
    this.#previousNs = nowNs;
    this.packetBetween();
  }

  /** A packet of a file with a clock of its own: where it stands among others tells no step of a clock. */
  packetBetween(): void {
    const nowNs = this.#moment.ns[0] ?? 0;
    if (this.first === null || nowNs < this.first.timeNs) this.first = refOf(this.#moment);
    // The last packet's reference is made at the end: packets in order would make one each.
    if (nowNs < this.lastNs) return;
    this.lastNs = nowNs;
    this.#lastPacket = this.#moment.packet;
    this.#lastFile = this.#moment.file;
  }

  /** Packets of a file were read, all of them between these two times. */
  read(file: number, firstNs: number, lastNs: number): void {
    while (this.#files.length <= file) this.#files.push({ firstNs: Infinity, lastNs: -Infinity });
    const times = this.#files[file];
    if (times === undefined) return;
    if (firstNs < times.firstNs) times.firstNs = firstNs;
    if (lastNs > times.lastNs) times.lastNs = lastNs;
  }

  get files(): readonly FileTimes[] {
    return this.#files;
  }
}
