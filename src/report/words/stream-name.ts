import type { Count } from '../model/values.ts';

/** `7`, or of one that runs in the tunnel that a CONNECT stream is `3 in tunnel 1`. */
export function streamName(id: Count, tunnel: Count | undefined): string {
  return tunnel === undefined ? String(id) : `${id} in tunnel ${tunnel}`;
}
