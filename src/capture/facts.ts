/** What reading told of one file. */
export interface FileFacts {
  /** As given; `-` for standard input. */
  readonly path: string;
  readonly format: 'pcap' | 'pcapng';
  /** Bytes of the file that were read, still compressed where it is; of a regular file that was read to its end, its length. */
  readonly bytes: number;
  readonly packets: number;
  /** LINKTYPE_ numbers of its packets. */
  readonly linkTypes: readonly number[];
  /** The file ends within a record, or could not be followed to its end. */
  readonly truncated: boolean;
  readonly compression: Compression | null;
  /** Digits of a second's fraction in the file's timestamps. */
  readonly resolutionDigits: 6 | 9;
  /** Packets that the capturing system said it dropped (pcapng's Interface Statistics); null where it said nothing. */
  readonly droppedPackets: number | null;
  /** By its own word it was put together of several captures: on which host a packet was captured, it does not say. */
  readonly isMerged: boolean;
}

export type Compression = 'gzip' | 'zstd';

/** What reading told of the whole capture. */
export interface CaptureFacts {
  readonly files: readonly FileFacts[];
  readonly packets: number;
  /** Nanoseconds since 1970 of `timeNs` 0: the first plausible packet's time. 0 where there is no packet. */
  readonly baseNs: bigint;
  /** Earliest and latest `timeNs`; null where there is no packet. */
  readonly firstNs: number | null;
  readonly lastNs: number | null;
  /** At most 100, in the order in which they were met. */
  readonly warnings: readonly CaptureWarning[];
  /** Warnings beyond that limit. */
  readonly warningsOmitted: number;
  /** Comments that somebody wrote on packets, the first COMMENTS_MAX; wire text. */
  readonly comments: readonly PacketComment[];
  /** Comments beyond that limit. */
  readonly commentsOmitted: number;
  /** Reading was ended from outside, before the files' ends. */
  readonly interrupted: boolean;
}

export interface PacketComment {
  /** Index into `CaptureFacts.files`. */
  readonly file: number;
  readonly packet: number;
  /** At most COMMENT_MAX_BYTES of UTF-8. */
  readonly text: string;
}

/** A comment is somebody's note; longer ones are cut. */
export const COMMENT_MAX_BYTES: number = 1024;
const COMMENTS_MAX = 256;

/**
 * Gets TLS key log lines that a capture carries (Decryption Secrets Blocks), before the packets that follow them.
 * The bytes are the callee's to keep, and never for any output.
 */
export type SecretsSink = (keyLog: Uint8Array) => void;

/** An interface of a file, as its packets' `RecordBatch.vantage` names it. A classic pcap file is one. */
export interface InterfaceFacts {
  /** Index into `CaptureFacts.files`. */
  readonly file: number;
  readonly vantage: number;
  /** LINKTYPE_ number. */
  readonly linkType: number;
  /** Most bytes kept of a packet; 0 where the file does not say. */
  readonly snapLength: number;
  /** Wire text; null where the file does not say. */
  readonly name: string | null;
  /** Digits of a second's fraction in its timestamps. */
  readonly resolutionDigits: 6 | 9;
}

/** A record of a Name Resolution Block: an address and its names, as the block has them (draft-ietf-opsawg-pcapng §4.5). */
export interface NameRecord {
  readonly type: number;
  readonly value: Uint8Array;
}

/** Who is told what a file has besides packets. Each is called before the packets that follow. */
export interface Asides {
  readonly onSecrets?: SecretsSink | undefined;
  readonly onInterface?: ((described: InterfaceFacts) => void) | undefined;
  /** The records are the callee's to keep. */
  readonly onNames?: ((records: readonly NameRecord[]) => void) | undefined;
}

/** What went wrong in a file that could be analysed all the same. `report` has the sentences. */
export type CaptureWarning = {
  readonly [C in keyof CaptureWarningArgs]: WarningPlace & { readonly code: C; readonly args: CaptureWarningArgs[C] };
}[keyof CaptureWarningArgs];

export interface WarningPlace {
  /** Index into `CaptureFacts.files`; null where the warning is about what is not among them. */
  readonly file: number | null;
  /** Offset at which the record begins, in the file or in what it holds uncompressed. */
  readonly byte: number | null;
  /** Number that the record would have had; 1-based. */
  readonly packet: number | null;
}

export interface CaptureWarningArgs {
  /** The file ends within its last record, of which `heldBytes` are there, its header included. Normal where tcpdump was killed. */
  readonly 'cut-last-record': { readonly heldBytes: number };
  /** A record claims more than any capture tool writes; `skippedBytes` on, a run of plausible records follows. */
  readonly 'corrupt-record-skipped': { readonly claimedBytes: number; readonly skippedBytes: number };
  /** The same, and no such run within `searchedBytes`: the rest of the file was not read. */
  readonly 'corrupt-record-stopped': { readonly claimedBytes: number; readonly searchedBytes: number };
  /** A pcapng block whose lengths cannot be; `skippedBytes` on, a run of plausible blocks follows. */
  readonly 'corrupt-block-skipped': { readonly problem: BlockProblem; readonly skippedBytes: number };
  /** The same, and no such run within `searchedBytes`: the rest of the file was not read. */
  readonly 'corrupt-block-stopped': { readonly problem: BlockProblem; readonly searchedBytes: number };
  /** A packet of an interface that its section never declared, the first of this file: its link type and time are unknown. */
  readonly 'undeclared-interface': { readonly interfaceId: number };
  /** A later section of a version that is not read; the rest of the file was not read. */
  readonly 'section-version': { readonly major: number; readonly minor: number };
  /** More interfaces in a section than are kept. */
  readonly 'too-many-interfaces': { readonly kept: number };
  /** The compressed file ends early; what could be unpacked was read. */
  readonly 'compressed-cut': Damage;
  /** The compressed file is damaged from about here on; what could be unpacked was read. */
  readonly 'compressed-damaged': Damage;
  /** The system could not read on. `errno` is its name for that. */
  readonly 'read-error': { readonly errno: string };
  /** The user ended the reading. */
  readonly interrupted: Readonly<Record<string, never>>;
  /** Files of a directory that are no captures; `names` has the first of them. */
  readonly 'skipped-files': { readonly directory: string; readonly count: number; readonly names: readonly string[] };
  /** Files named beside others that have not a byte: a rotated set's newest one, before its first write. `names` has the first of them. */
  readonly 'empty-files': { readonly count: number; readonly names: readonly string[] };
  /** More files overlap in time than are read at once: this one began late. */
  readonly 'too-many-at-once': { readonly atOnce: number };
}

/** What is wrong with a pcapng block. */
export type BlockProblem = 'length' | 'lengths-disagree' | 'byte-order';

/** What was wrong with a compressed file; known once its end was met. */
export interface Damage {
  readonly compression: Compression;
  readonly kind: 'cut' | 'checksum' | 'damaged';
}

const WARNINGS_MAX = 100;

/** Collects the warnings and comments of a capture, up to their limits: a hostile file could cause one every few bytes. */
export class WarningLog {
  readonly warnings: CaptureWarning[] = [];
  omitted = 0;
  readonly comments: PacketComment[] = [];
  commentsOmitted = 0;

  add<C extends keyof CaptureWarningArgs>(code: C, place: WarningPlace, args: CaptureWarningArgs[C]): void {
    const warning = { code, ...place, args };
    if (this.warnings.length < WARNINGS_MAX) this.warnings.push(asWarning(warning));
    else this.omitted++;
  }

  comment(comment: PacketComment): void {
    if (this.comments.length < COMMENTS_MAX) this.comments.push(comment);
    else this.commentsOmitted++;
  }
}

/** TypeScript cannot see that code and args belong together once both are generic. */
function asWarning<C extends keyof CaptureWarningArgs>(
  warning: WarningPlace & { readonly code: C; readonly args: CaptureWarningArgs[C] },
): CaptureWarning {
  return warning as CaptureWarning;
}
