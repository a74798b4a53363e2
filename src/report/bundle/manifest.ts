import { escapeTerminal } from '../escape.ts';
import type { Report } from '../model.ts';
import { fileMeaning, manifestHead } from '../words/bundle.ts';
import type { BundleName } from './names.ts';

/** A file of a bundle, as its manifest names it. */
export interface ManifestEntry {
  readonly name: BundleName;
  readonly bytes: number;
  /** SHA-256 in lower-case hexadecimal. */
  readonly hash: string;
}

const COMMENT = '#';
const SIZE_COLUMNS = 10;
const NAME_COLUMNS = 20;

/** The list that `sha256sum -c MANIFEST` checks, sizes and meanings in comments, which it skips. */
export function renderManifest(report: Report, entries: readonly ManifestEntry[]): string {
  const comments = [
    ...manifestHead(report),
    ...entries.map(({ name, bytes }) => {
      return `${String(bytes).padStart(SIZE_COLUMNS)}  ${name.padEnd(NAME_COLUMNS)}${fileMeaning(name)}`;
    }),
  ];
  const lines = [
    ...comments.map((line) => `${COMMENT} ${escapeTerminal(line)}`),
    ...entries.map(({ name, hash }) => `${hash}  ${name}`),
  ];
  return `${lines.join('\n')}\n`;
}

/** The hashes in a manifest, by file name; empty where the text is none. */
export function readManifest(text: string): ReadonlyMap<string, string> {
  const lines = [...text.matchAll(/^([0-9a-f]{64}) {2}(\S+)$/gm)];
  return new Map(lines.map(([, hash = '', name = '']) => [name, hash]));
}
