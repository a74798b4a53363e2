import { readFileSync } from 'node:fs';
import { CaptureError } from '../capture/index.ts';
import { KeyLog } from '../tls/index.ts';

/**
 * Reads TLS secrets from a file as SSLKEYLOGFILE writes it; none where no file was named.
 * Throws CaptureError `missing`, `directory` or `unreadable`.
 */
export function readKeyLog(path: string | undefined): KeyLog {
  const keyLog = new KeyLog();
  if (path !== undefined) keyLog.add(textOf(path));
  return keyLog;
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch (error) {
    const errno = error instanceof Error && 'code' in error ? String(error.code) : 'unknown error';
    if (errno === 'ENOENT') throw new CaptureError(path, null, { code: 'missing' });
    if (errno === 'EISDIR') throw new CaptureError(path, null, { code: 'directory' });
    throw new CaptureError(path, null, { code: 'unreadable', errno });
  }
}
