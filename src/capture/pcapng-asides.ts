import { describeInterface, INTERFACES_MAX, type Interfaces } from './interfaces.ts';
import { INTERFACE_MIN_BYTES, STATISTICS_MIN_BYTES, WHOLE_BLOCK_BYTES } from './pcapng-layout.ts';
import { readNames } from './pcapng-names.ts';
import { type ReaderParts, warnAt } from './reader.ts';

/** Takes what a section has besides packets from the block at the block's `at`, as far as it stands within WHOLE_BLOCK_BYTES. */
export class PcapngAsides {
  readonly #parts: ReaderParts;
  readonly #interfaces: Interfaces;
  #isManySaid = false;

  constructor(parts: ReaderParts, interfaces: Interfaces) {
    this.#parts = parts;
    this.#interfaces = interfaces;
  }

  /** @returns false where it is too short for an interface's description */
  takeInterface(total: number, packets: number): boolean {
    if (total < INTERFACE_MIN_BYTES) return false;
    const { block, clock } = this.#parts;
    // Options beyond the bytes that are looked at can hold no resolution: it would be the default.
    const end = block.at + Math.min(total, WHOLE_BLOCK_BYTES);
    if (this.#interfaces.add(block.view, block.at, end, clock)) this.#tellInterface(end);
    else this.#warnManyInterfaces(packets);
    return true;
  }

  #warnManyInterfaces(packets: number): void {
    if (this.#isManySaid) return;
    this.#isManySaid = true;
    warnAt(this.#parts, packets, 'too-many-interfaces', { kept: INTERFACES_MAX });
  }

  #tellInterface(end: number): void {
    const { asides, batch, block } = this.#parts;
    if (asides.onInterface === undefined) return;
    const { view, at } = block;
    const { vantageBase, count, littleEndian } = this.#interfaces;
    const vantage = vantageBase + count - 1;
    asides.onInterface({ file: batch.file, vantage, ...describeInterface(view, at, end, littleEndian) });
  }

  /** Names in longer blocks than are looked at are passed over with them. */
  takeNames(total: number): void {
    const { asides, block } = this.#parts;
    if (asides.onNames === undefined || total > WHOLE_BLOCK_BYTES) return;
    asides.onNames(readNames(block.view, block.at, block.at + total, this.#interfaces.littleEndian));
  }

  takeStatistics(total: number): void {
    if (total < STATISTICS_MIN_BYTES || total > WHOLE_BLOCK_BYTES) return;
    const { view, at } = this.#parts.block;
    this.#interfaces.addStatistics(view, at, at + total);
  }
}
