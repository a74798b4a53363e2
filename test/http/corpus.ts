import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root: string =
  process.env['WATCHPCAP_CORPUS'] ?? fileURLToPath(new URL('../../../shared/corpus', import.meta.url));

/** Paths of the public corpus's files in a folder whose names end so; none where the corpus is absent, which is said once. */
export function corpusFiles(folder: string, ending: string): string[] {
  const path = join(root, folder);
  if (!existsSync(path)) {
    console.warn(`skipped: no corpus at ${path} (set WATCHPCAP_CORPUS)`);
    return [];
  }
  return readdirSync(path)
    .filter((name) => name.endsWith(ending))
    .sort()
    .map((name) => join(path, name));
}
