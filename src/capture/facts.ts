/** What reading told of one file. */
export interface FileFacts {
  /** As given; `-` for standard input. */
  readonly path: string;
  readonly format: 'pcap';
  /** Bytes read; of a regular file that was read to its end, its length. */
  readonly bytes: number;
  readonly packets: number;
  /** LINKTYPE_ numbers, in order of first use. */
  readonly linkTypes: readonly number[];
  /** The file ends within a record, or could not be followed to its end. */
  readonly truncated: boolean;
  readonly compression: null;
  /** Digits of a second's fraction in the file's timestamps. */
  readonly resolutionDigits: 6 | 9;
}

/** What reading told of the whole capture. */
export interface CaptureFacts {
  readonly files: readonly FileFacts[];
  readonly packets: number;
  /** Nanoseconds since 1970 of `timeNs` 0: the first plausible packet's time. 0 where there is no packet. */
  readonly baseNs: bigint;
  /** Earliest and latest `timeNs`; null where there is no packet. */
  readonly firstNs: number | null;
  readonly lastNs: number | null;
  /** At most 100, in file order. */
  readonly warnings: readonly CaptureWarning[];
  /** Warnings beyond that limit. */
  readonly warningsOmitted: number;
}

/** What went wrong in a file that could be analysed all the same. `report` has the sentences. */
export type CaptureWarning = {
  readonly [C in keyof CaptureWarningArgs]: {
    readonly code: C;
    /** Index into `CaptureFacts.files`. */
    readonly file: number;
    /** File offset at which the record begins. */
    readonly byte: number | null;
    /** Number that the record would have had; 1-based. */
    readonly packet: number | null;
    readonly args: CaptureWarningArgs[C];
  };
}[keyof CaptureWarningArgs];

export interface CaptureWarningArgs {
  /** The file ends within its last record, of which `heldBytes` are there, its header included. Normal where tcpdump was killed. */
  readonly 'cut-last-record': { readonly heldBytes: number };
  /** A record claims more than any capture tool writes; `skippedBytes` on, a run of plausible records follows. */
  readonly 'corrupt-record-skipped': { readonly claimedBytes: number; readonly skippedBytes: number };
  /** The same, and no such run within `searchedBytes`: the rest of the file was not read. */
  readonly 'corrupt-record-stopped': { readonly claimedBytes: number; readonly searchedBytes: number };
  /** The system could not read on. `errno` is its name for that. */
  readonly 'read-error': { readonly errno: string };
}

const WARNINGS_MAX: number = 100;

/** Collects the warnings of a capture, up to WARNINGS_MAX: a hostile file could cause one every few bytes. */
export class WarningLog {
  readonly warnings: CaptureWarning[] = [];
  omitted = 0;

  add(warning: CaptureWarning): void {
    if (this.warnings.length < WARNINGS_MAX) this.warnings.push(warning);
    else this.omitted++;
  }
}
