import type { Compression } from './facts.ts';
import type { Cure } from './magic.ts';

/** Why a file cannot be analysed at all. One code each, with what its sentence needs. */
export type CaptureFailure =
  | { readonly code: 'missing' }
  | { readonly code: 'directory' }
  /** `errno` is the system's name for it: EACCES, EIO, … */
  | { readonly code: 'unreadable'; readonly errno: string }
  | { readonly code: 'not-a-capture'; readonly found: 'nothing' | 'text' | 'unknown-bytes' }
  /** Compressed, and damaged from its beginning on. */
  | { readonly code: 'not-a-capture'; readonly found: 'damaged-compression'; readonly compression: Compression }
  /** `bytes` is how much of the file there is. */
  | {
      readonly code: 'not-a-capture';
      readonly found: 'cut-header';
      readonly format: 'pcap' | 'pcapng';
      readonly bytes: number;
    }
  /** A directory in which no file is a capture; `files` were looked at. */
  | { readonly code: 'no-captures'; readonly files: number }
  /** A name with wildcards that no file has. */
  | { readonly code: 'no-match' }
  /** A capture or an archive, but of a kind that is not read; `format` is its name. */
  | { readonly code: 'unsupported-format'; readonly format: string; readonly cure: Cure | null }
  /** What zstd's own `--long` made: unpacking needs more memory than is taken. */
  | { readonly code: 'window-too-large'; readonly windowBytes: number };

export type CaptureErrorCode = CaptureFailure['code'];

/**
 * Thrown where nothing of a file can be analysed: `missing`, `unreadable` and `directory` before a byte was read,
 * `not-a-capture` and `unsupported-format` by the file's first bytes. `message` is one line that names file and byte.
 */
export class CaptureError extends Error {
  readonly code: CaptureErrorCode;
  /** The path as it was given; `-` for standard input. */
  readonly file: string;
  /** Offset of the byte that the failure is about; null where none was read. */
  readonly byte: number | null;
  readonly failure: CaptureFailure;

  constructor(file: string, byte: number | null, failure: CaptureFailure) {
    super(failureText(file, byte, failure));
    this.name = 'CaptureError';
    this.code = failure.code;
    this.file = file;
    this.byte = byte;
    this.failure = failure;
  }
}

/** The one place with words for failures: an exception has to carry its own message. */
function failureText(file: string, byte: number | null, failure: CaptureFailure): string {
  const name = file === '-' ? 'standard input' : file;
  return `${name}: ${reason(file, failure)}${byte === null ? '' : ` (at byte ${byte})`}`;
}

function reason(file: string, failure: CaptureFailure): string {
  switch (failure.code) {
    case 'missing':
      return 'no such file';
    case 'directory':
      return 'is a directory, not a capture file';
    case 'unreadable':
      return `cannot be read (${failure.errno})`;
    case 'unsupported-format':
      return `is ${failure.format}, which is not read${cureText(file, failure.cure)}`;
    case 'window-too-large':
      return `needs ${failure.windowBytes / MIB} MiB to be unpacked; pipe it: zstd -d --long=31 -c ${file} | watchpcap analyze -`;
    case 'no-captures':
      return `has no capture file in it (${failure.files} looked at)`;
    case 'no-match':
      return 'no file has such a name';
    case 'not-a-capture':
      return notACapture(failure);
  }
}

function notACapture(failure: Extract<CaptureFailure, { code: 'not-a-capture' }>): string {
  switch (failure.found) {
    case 'nothing':
      return 'is empty, not a capture file';
    case 'damaged-compression':
      return `is damaged: its ${failure.compression} stream gives nothing`;
    case 'text':
      return 'is text, not a capture file';
    case 'cut-header':
      return `ends within the ${failure.format} file header, after ${failure.bytes} bytes`;
    case 'unknown-bytes':
      return 'does not begin like a capture file';
  }
}

const MIB = 1024 * 1024;

/** The command that makes the file readable. */
function cureText(file: string, cure: Cure | null): string {
  switch (cure) {
    case null:
      return '';
    case 'editcap':
      return `; convert it with Wireshark's editcap: editcap -F pcapng ${file} converted.pcapng`;
    case 'etl2pcapng':
      return `; convert it: etl2pcapng ${file} converted.pcapng`;
    default:
      return `; unpack it: ${cure} ${file} | watchpcap analyze -`;
  }
}
