import type { RecordBatch } from './batch.ts';
import type { Block } from './block.ts';
import type { BlockProblem } from './facts.ts';
import { Interfaces } from './interfaces.ts';
import { RECORD_MAX_BYTES } from './pcap-header.ts';
import { beginsWith } from './magic.ts';
import { PcapngAsides } from './pcapng-asides.ts';
import { firstPacketTime } from './pcapng-first-time.ts';
import {
  BLOCK,
  BLOCK_HEAD_BYTES,
  BLOCK_MIN_BYTES,
  BLOCK_TAIL_BYTES,
  BLOCK_TOTAL,
  BLOCK_TYPE,
  CUSTOM_DATA,
  CUSTOM_MIN_BYTES,
  OPTION,
  PACKET_DATA,
  SECTION_MAJOR,
  SECTION_MIN_BYTES,
  SECTION_MINOR,
  SECTION_OPTIONS,
  SYSDIG_EVENTS,
  WHOLE_BLOCK_BYTES,
} from './pcapng-layout.ts';
import { findOption } from './pcapng-options.ts';
import { PcapngPassage } from './pcapng-passage.ts';
import { BLOCK_MAX_BYTES, BLOCK_SEARCH_BYTES, findBlockRun, sectionByteOrder } from './pcapng-resync.ts';
import { PcapngRows } from './pcapng-rows.ts';
import { endOfFile, type ReaderParts, type RecordReader, STEP, type Step, warnAt } from './reader.ts';
import type { FileTime } from './timestamp.ts';

/** Why the walk through the blocks paused. */
const PAUSE = { rowsFull: 0, cut: 1, corrupt: 2, none: 3, ended: 4 } as const;
type Pause = (typeof PAUSE)[keyof typeof PAUSE];

const SECTION_MAJOR_READ = 1;

/** Walks the blocks of a pcapng file (draft-ietf-opsawg-pcapng) and hands its packets on, batch by batch. */
export class PcapngReader implements RecordReader {
  readonly format = 'pcapng';
  isWhole = false;
  isMerged = false;
  readonly batch: RecordBatch;
  readonly #parts: ReaderParts;
  readonly #block: Block;
  readonly #interfaces = new Interfaces();
  readonly #rows: PcapngRows;
  readonly #asides: PcapngAsides;
  readonly #passage: PcapngPassage;
  #pause: Pause = PAUSE.none;
  #problem: BlockProblem = 'length';

  /** Begins at a section header, which stands at the block's `at`. */
  constructor(parts: ReaderParts) {
    this.#parts = parts;
    this.#block = parts.block;
    this.batch = parts.batch;
    this.#rows = new PcapngRows(parts, this.#interfaces);
    this.#asides = new PcapngAsides(parts, this.#interfaces);
    this.#passage = new PcapngPassage(parts.block, parts.asides.onSecrets);
  }

  get packets(): number {
    return this.#rows.packets;
  }

  get resolutionDigits(): 6 | 9 {
    return this.#interfaces.resolutionDigits;
  }

  linkTypes(): number[] {
    return this.#interfaces.linkTypes();
  }

  droppedPackets(): number | null {
    return this.#interfaces.droppedPackets();
  }

  firstTime(): FileTime | undefined {
    return firstPacketTime(this.#block);
  }

  step(): Step {
    if (!this.#parts.clock.isSet) this.#setBase();
    if (!this.#readOn()) return STEP.end;
    this.#rows.clear();
    this.#pause = this.#walkBlocks();
    return this.#rows.handOn() ? STEP.rows : STEP.more;
  }

  /** Without a time anywhere near the beginning the base is 1970, for good: rows handed on already count from it. */
  #setBase(): void {
    const { seconds, ns } = this.firstTime() ?? { seconds: 0, ns: 0 };
    this.#parts.clock.set(seconds, ns);
  }

  /** Goes past what the last walk paused at. The rows of that walk are gone then. */
  #readOn(): boolean {
    if (this.#pause === PAUSE.corrupt) {
      if (!this.#resynchronise()) this.#pause = PAUSE.ended;
    } else if (this.#pause === PAUSE.cut && !this.#block.advance()) {
      this.isWhole = endOfFile(this.#parts, this.packets, this.#passage.passedBytes);
      this.#pause = PAUSE.ended;
    }
    return this.#pause !== PAUSE.ended;
  }

  #walkBlocks(): Pause {
    for (;;) {
      if (this.#passage.isUnderWay && !this.#passage.go()) return PAUSE.cut;
      if (this.#rows.takeOrdinary()) return PAUSE.rowsFull;
      const other = this.#readBlock();
      if (other !== PAUSE.none) return other;
    }
  }

  /** Any other block, and packets with something odd: by what its lengths allow. */
  #readBlock(): Pause {
    const { view, at, end } = this.#block;
    const { littleEndian } = this.#interfaces;
    if (end - at < BLOCK_MIN_BYTES) return PAUSE.cut;
    const type = view.getUint32(at + BLOCK_TYPE, littleEndian);
    // Rows of the section before need its byte order and interfaces until they are handed on.
    if (type === BLOCK.section) return this.#rows.count > 0 ? PAUSE.rowsFull : this.#readSection();
    const total = view.getUint32(at + BLOCK_TOTAL, littleEndian);
    if (total < BLOCK_MIN_BYTES || total % 4 !== 0 || total > BLOCK_MAX_BYTES) return this.#corrupt('length');
    const wanted = total <= WHOLE_BLOCK_BYTES ? total : Math.min(total, PACKET_DATA + RECORD_MAX_BYTES);
    if (wanted > end - at) return PAUSE.cut;
    if (wanted === total && view.getUint32(at + total - BLOCK_TAIL_BYTES, littleEndian) !== total)
      return this.#corrupt('lengths-disagree');
    if (!this.#take(type, total)) return this.#corrupt('length');
    return this.#passOver(total);
  }

  /** §4.1. A section's byte order is its own; its length is not needed, since blocks tell where it ends. */
  #readSection(): Pause {
    const { view, at, end } = this.#block;
    if (end - at < SECTION_MIN_BYTES) return PAUSE.cut;
    const order = sectionByteOrder(view, at);
    if (order === undefined) return this.#corrupt('byte-order');
    const littleEndian = order === 'little';
    const total = view.getUint32(at + BLOCK_TOTAL, littleEndian);
    if (total < SECTION_MIN_BYTES || total % 4 !== 0 || total > BLOCK_MAX_BYTES) return this.#corrupt('length');
    if (total <= WHOLE_BLOCK_BYTES && total > end - at) return PAUSE.cut;
    if (total <= end - at && view.getUint32(at + total - BLOCK_TAIL_BYTES, littleEndian) !== total)
      return this.#corrupt('lengths-disagree');
    const major = view.getUint16(at + SECTION_MAJOR, littleEndian);
    if (major !== SECTION_MAJOR_READ) {
      const minor = view.getUint16(at + SECTION_MINOR, littleEndian);
      warnAt(this.#parts, this.#rows.soFar, 'section-version', { major, minor });
      return PAUSE.ended;
    }
    this.#interfaces.begin(littleEndian);
    this.isMerged ||= total <= end - at && isByMergecap(this.#block, total, littleEndian);
    return this.#passOver(total);
  }

  /** @returns false where the block is too short for what it is to hold */
  #take(type: number, total: number): boolean {
    switch (type) {
      case BLOCK.enhancedPacket:
      case BLOCK.packet:
        return this.#rows.takePacket(type, total);
      case BLOCK.simplePacket:
        return this.#rows.takeSimplePacket(total);
      case BLOCK.interface:
        return this.#asides.takeInterface(total, this.#rows.soFar);
      case BLOCK.custom:
      case BLOCK.customNotCopied:
        return this.#rows.takeNumbered(total, CUSTOM_DATA, CUSTOM_MIN_BYTES);
      case BLOCK.interfaceStatistics:
        this.#asides.takeStatistics(total);
        return true;
      case BLOCK.secrets:
        this.#passage.expectSecrets(total, this.#interfaces.littleEndian);
        return true;
      case BLOCK.nameResolution:
        this.#asides.takeNames(total);
        return true;
      default:
        if (type === BLOCK.journal || SYSDIG_EVENTS.has(type))
          return this.#rows.takeNumbered(total, BLOCK_HEAD_BYTES, BLOCK_MIN_BYTES);
        return true;
    }
  }

  #passOver(total: number): Pause {
    this.#passage.begin(total);
    return this.#passage.go() ? PAUSE.none : PAUSE.cut;
  }

  #corrupt(problem: BlockProblem): Pause {
    this.#problem = problem;
    return PAUSE.corrupt;
  }

  /** Moves to the next run of plausible blocks. Searches the same bytes whatever the block's size is. */
  #resynchronise(): boolean {
    const block = this.#block;
    const problem = this.#problem;
    const isFileEnd = !block.require(BLOCK_SEARCH_BYTES);
    const end = Math.min(block.end, block.at + BLOCK_SEARCH_BYTES);
    const found = findBlockRun(block.view, block.at, end, isFileEnd, this.#interfaces.littleEndian);
    if (found < 0) {
      warnAt(this.#parts, this.packets, 'corrupt-block-stopped', { problem, searchedBytes: end - block.at });
      return false;
    }
    warnAt(this.#parts, this.packets, 'corrupt-block-skipped', { problem, skippedBytes: found - block.at });
    block.at = found;
    return true;
  }
}

/** Wireshark's own tool for it; what others write of themselves is not known. */
const MERGING_PROGRAM = 'Mergecap';

/** §4.1, shb_userappl: which program wrote the section whose header stands whole at the block's `at`. */
function isByMergecap({ view, at }: Block, total: number, littleEndian: boolean): boolean {
  const found = findOption(view, at + SECTION_OPTIONS, at + total - BLOCK_TAIL_BYTES, littleEndian, OPTION.application);
  return found !== undefined && beginsWith(view, found.at, found.at + found.bytes, MERGING_PROGRAM);
}
