import { readdirSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import { CaptureError } from './errors.ts';
import { STANDARD_INPUT } from './source.ts';

/** The files that the arguments stand for. */
export interface Inputs {
  /** Named one by one, or by a pattern: each must be a capture. */
  readonly files: readonly string[];
  /** Directories, with the files in them: those that are no captures are passed over. */
  readonly directories: readonly { readonly path: string; readonly files: readonly string[] }[];
}

const WILDCARD = /[*?[]/;

/**
 * Finds the files that the arguments of a command stand for: files, `-`, directories (the files in them, not below), and patterns with
 * `*`, `?` and `[…]` that the shell did not expand. No file twice.
 * Throws CaptureError `no-match` where a pattern fits no file. A name that is not there stays as it is: opening it will tell.
 */
export function findInputs(given: readonly string[]): Inputs {
  const files = new Set<string>();
  const directories = new Map<string, string[]>();
  for (const each of given) {
    for (const found of expand(each)) {
      if (found !== STANDARD_INPUT && isDirectory(found)) directories.set(found, filesIn(found));
      else files.add(found);
    }
  }
  return { files: [...files], directories: [...directories].map(([folder, inIt]) => ({ path: folder, files: inIt })) };
}

/** A name that exists is taken as it is, whatever characters it has. */
function expand(name: string): string[] {
  if (!WILDCARD.test(name) || statOf(name) !== undefined) return [name];
  const { root } = path.parse(name);
  let found = [root];
  for (const part of name.slice(root.length).split(path.sep)) {
    if (part !== '') found = found.flatMap((folder) => matching(folder, part));
  }
  if (found.length === 0) throw new CaptureError(name, null, { code: 'no-match' });
  return found;
}

/** Paths in a folder whose last part fits a pattern; as in a shell, one that begins with a dot only where the pattern does. */
function matching(folder: string, pattern: string): string[] {
  if (!WILDCARD.test(pattern)) return [path.join(folder, pattern)].filter((each) => statOf(each) !== undefined);
  const fits = asExpression(pattern);
  return namesIn(folder === '' ? '.' : folder)
    .filter((name) => fits.test(name) && name.startsWith('.') === pattern.startsWith('.'))
    .map((name) => path.join(folder, name));
}

function asExpression(pattern: string): RegExp {
  const source = pattern.replace(/\[!?[^\]]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '.*';
    if (part === '?') return '.';
    if (part.length > 1) return part.replace('[!', '[^').replaceAll('\\', '\\\\');
    return part.replace(/[\\^$.*+?()[\]{}|]/, '\\$&');
  });
  return new RegExp(`^${source}$`, 's');
}

function filesIn(folder: string): string[] {
  return namesIn(folder)
    .map((name) => path.join(folder, name))
    .filter((each) => statOf(each)?.isFile() === true);
}

/** Sorted as people count: `gateway.pcap9` before `gateway.pcap10`. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).toSorted(new Intl.Collator('en', { numeric: true }).compare);
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return [];
    throw new CaptureError(folder, null, { code: 'unreadable', errno });
  }
}

function isDirectory(name: string): boolean {
  return statOf(name)?.isDirectory() === true;
}

/** Undefined also for what may not be looked at: opening it will tell. */
function statOf(name: string): Stats | undefined {
  try {
    return statSync(name);
  } catch {
    return undefined;
  }
}
