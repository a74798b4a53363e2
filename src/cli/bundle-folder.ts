import { constants } from 'node:fs';
import { access, readFile, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { BUNDLE_NAMES, MANIFEST_NAME, readManifest } from '../report/index.ts';
import { hashOf } from './bundle-hash.ts';
import { EXIT } from './exit-status.ts';
import { Failure } from './failure.ts';
import { refuseInputs, unwritable } from './output-files.ts';

/**
 * Refuses, before any work is done, a directory that a bundle cannot go to: a file, one that cannot be made or written, and one that has
 * a file of the same name which no bundle wrote, or which somebody has changed since: what the manifest in it does not know.
 * Throws Failure.
 * @param inputs  paths as they were given
 */
export async function checkBundleFolder(folder: string, inputs: readonly string[]): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (there !== undefined && !there.isDirectory()) throw new Failure(`${folder}: is not a directory`, EXIT.usage);
  const writable = there === undefined ? dirname(folder) : folder;
  await access(writable, constants.W_OK).catch((error: unknown) => {
    throw unwritable(folder, error);
  });
  if (there !== undefined) await refuseForeign(folder);
  await refuseInputs(bundleFiles(folder), inputs);
}

/** The files that a bundle has in a directory. */
export function bundleFiles(folder: string): { path: string }[] {
  return BUNDLE_NAMES.map((name) => ({ path: join(folder, name) }));
}

async function refuseForeign(folder: string): Promise<void> {
  const manifest = await readFile(join(folder, MANIFEST_NAME), 'utf8').catch(() => '');
  const own = readManifest(manifest);
  for (const name of BUNDLE_NAMES) {
    const bytes = await readFile(join(folder, name)).catch(() => undefined);
    if (bytes === undefined) continue;
    const isOwn = name === MANIFEST_NAME ? own.size > 0 : own.get(name) === hashOf(new Uint8Array(bytes));
    if (!isOwn)
      throw new Failure(
        `${join(folder, name)}: is there and not as a bundle left it; choose another directory, or remove it`,
        EXIT.cannotCreate,
      );
  }
}
