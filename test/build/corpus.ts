import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import path from 'node:path';

/** The public corpus of captures, with Wireshark's answers beside them; not part of the project. Null where it is absent. */
export const CORPUS: string | null = findCorpus();

/** What a test that needs the corpus says of itself where it is absent. */
export const CORPUS_ABSENT = 'the public corpus is not here (set WATCHPCAP_CORPUS to its folder)';

function findCorpus(): string | null {
  const beside = fileURLToPath(new URL('../../../shared/corpus', import.meta.url));
  const folder = process.env['WATCHPCAP_CORPUS'] ?? beside;
  return existsSync(path.join(folder, 'MANIFEST.json')) ? folder : null;
}

/** Full paths of the files in a corpus folder whose name ends so, sorted; none where the corpus is absent. */
export function corpusFiles(folder: string, ending: string): string[] {
  if (CORPUS === null) return [];
  const full = path.join(CORPUS, folder);
  return readdirSync(full)
    .filter((name) => name.endsWith(ending))
    .toSorted()
    .map((name) => path.join(full, name));
}
