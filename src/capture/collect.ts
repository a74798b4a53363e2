import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

type Collect = (options?: { readonly type: 'minor' | 'major' }) => void;

let found: Collect | null | undefined;

/**
 * The engine's call for a collection: of everything, or (`minor`) of what was made lately. Undefined where it has none.
 * Node names it only with a flag, which is set and taken back here; a fresh context gives the function.
 */
export function engineCollector(): Collect | undefined {
  if (found === undefined) {
    setFlagsFromString('--expose-gc');
    const collect: unknown = runInNewContext('globalThis.gc');
    setFlagsFromString('--no-expose-gc');
    found = isCollect(collect) ? collect : null;
  }
  return found ?? undefined;
}

function isCollect(value: unknown): value is Collect {
  return typeof value === 'function';
}
