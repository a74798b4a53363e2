import { fileURLToPath } from 'node:url';
import { WALK_FILE } from './bundled.ts';
import { canRun, type Command } from './measure.ts';

/** One program that is measured. */
export interface Program {
  readonly name: string;
  readonly command: (file: string) => Command;
  /** A run that tells whether it is installed; absent where it always is. */
  readonly probe?: Command;
  /** Not worth repeating: it takes many times as long as all others together. */
  readonly isSlow?: boolean;
  /** The packet count in its output; absent where it tells none. */
  readonly packets?: (stdout: string) => number;
  /** The count of plain bytes in its output. */
  readonly bytes?: (stdout: string) => number;
}

const WATCHPCAP = fileURLToPath(new URL('../dist/watchpcap.js', import.meta.url));
const PCAP_PARSER = fileURLToPath(new URL('pcap-parser-read.mjs', import.meta.url));

export const NODE_EMPTY: Program = { name: 'node -e 0', command: () => [process.execPath, '-e', '0'] };

export const WATCHPCAP_ANALYZE: Program = {
  name: 'watchpcap',
  command: (file) => [process.execPath, WATCHPCAP, 'analyze', file, '--format', 'json'],
  packets: (stdout) => (JSON.parse(stdout) as { readonly capture: { readonly packets: number } }).capture.packets,
};

/** Reads and walks the records, and does nothing with them. */
export const WATCHPCAP_WALK: Program = {
  name: 'watchpcap, reading only',
  command: (file) => [process.execPath, WALK_FILE, file],
  packets: Number,
};

/** What unpacking alone takes where the system's own gzip does it. */
export const GZIP_DC: Program = {
  name: 'gzip -dc | wc -c',
  command: (file) => ['sh', '-c', 'gzip -dc -- "$1" | wc -c', 'sh', file],
  probe: ['gzip', '--version'],
  bytes: Number,
};

export const PCAP_PARSER_READ: Program = {
  name: 'pcap-parser, reading only',
  command: (file) => [process.execPath, PCAP_PARSER, file],
  packets: Number,
};

export const CAPINFOS: Program = {
  name: 'capinfos -c',
  command: (file) => ['capinfos', '-c', '-M', file],
  probe: ['capinfos', '--version'],
  packets: (stdout) => Number(/Number of packets:\s*(\d+)/.exec(stdout)?.[1]),
};

export const TCPTRACE: Program = {
  name: 'tcptrace',
  command: (file) => ['tcptrace', '-n', file],
  probe: ['tcptrace', '-v'],
};

export const TSHARK: Program = {
  name: 'tshark -q -z conv,tcp',
  command: (file) => ['tshark', '-r', file, '-q', '-z', 'conv,tcp'],
  probe: ['tshark', '--version'],
  isSlow: true,
};

export function isInstalled(program: Program): boolean {
  return program.probe === undefined || canRun(program.probe);
}
