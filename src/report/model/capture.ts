import type { Args, Count, FileIndex, PacketNumber, Seconds, Timestamp } from './values.ts';

export interface Tool {
  name: 'watchpcap';
  version: string;
}

export interface Capture {
  files: CaptureFile[];
  packets: Count;
  /** First packet; null where there is none. */
  start: Timestamp | null;
  end: Timestamp | null;
  duration: Seconds;
  /** Packets that the capture holds more than once. */
  duplicates: Count;
  /** Packets that could not be decoded. */
  undecoded: Count;
  /**
   * What of the capture is not analysed, by kind, most packets first: other protocols, link types that are not read, headers that are cut.
   * @default []
   */
  notAnalyzed: NotAnalyzed[];
  warnings: CaptureWarning[];
  /**
   * Reading was ended by the user before the files' ends: the report is of what was read.
   * @default false
   */
  interrupted: boolean;
  /**
   * Comments that somebody wrote on packets, the first 256.
   * @default []
   */
  comments: PacketComment[];
}

export interface NotAnalyzed {
  /** As `kind` in the dump of packets: `udp`, `quic`, `arp`, `link-type-unknown`, `ip-header-cut` and so on. */
  kind: string;
  /** Of `link-type-unknown`: which; null where the file does not tell, and of other kinds. */
  linkType: string | null;
  packets: Count;
  /** Counted in `undecoded`; false: whole traffic that is merely not TCP. */
  undecoded: boolean;
}

export interface PacketComment {
  packet: PacketNumber;
  /** Only where several files were given. */
  file?: FileIndex;
  text: string;
}

export interface CaptureFile {
  path: string;
  format: 'pcap' | 'pcapng';
  bytes: Count;
  packets: Count;
  /** tcpdump.org's LINKTYPE_ names without the prefix. */
  linkTypes: string[];
  truncated: boolean;
  compression: 'gzip' | 'zstd' | null;
  /**
   * Packets that the capturing system said it dropped; null where the file does not say.
   * @default null
   */
  dropped: Count | null;
}

export interface CaptureWarning {
  code: string;
  /** @default {} */
  args: Args;
  message: string;
  /** Null where the warning is about none of them. */
  file: FileIndex | null;
  /** Offset in the file, or in what it holds uncompressed; null where unknown. */
  byte: Count | null;
  packet: PacketNumber | null;
}
