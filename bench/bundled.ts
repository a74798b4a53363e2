import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { DATA } from './generate.ts';

/** The program that only walks, in one file: loading modules and stripping types would be most of its time. */
export const WALK_FILE: string = `${DATA}/walk.mjs`;

/** Bundles it, as the command itself is bundled (rolldown.config.mjs). */
export async function bundleWalk(): Promise<void> {
  const input = fileURLToPath(new URL('walk.ts', import.meta.url));
  await build({
    input,
    platform: 'node',
    logLevel: 'warn',
    output: { file: WALK_FILE, format: 'esm', comments: false },
  });
}
