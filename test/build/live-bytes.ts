import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
/** All that can be collected is. */
export const collect = runInNewContext('gc') as () => void;

/** Bytes in use after a full collection, so that it does not matter when the engine collects by itself. */
export function liveBytes(): number {
  collect();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}
