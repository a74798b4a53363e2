import { createHash } from 'node:crypto';

/** SHA-256 in lower-case hexadecimal, as a bundle's manifest has it. */
export function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
