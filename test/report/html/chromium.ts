import { accessSync, constants } from 'node:fs';
import path from 'node:path';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** Chromium, as Debian and others install it; null where it is absent. */
export const CHROMIUM: string | null = findChromium();

/** What a test that needs Chromium says of itself where it is absent. */
export const CHROMIUM_ABSENT = 'Chromium is not here (install it, or set WATCHPCAP_CHROMIUM to its path)';

function findChromium(): string | null {
  const given = process.env['WATCHPCAP_CHROMIUM'];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const candidates =
    given === undefined ? folders.flatMap((folder) => NAMES.map((name) => path.join(folder, name))) : [given];
  return candidates.find(isExecutable) ?? null;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
