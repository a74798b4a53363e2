import type { Cause } from '../model.ts';

/** How dead, by the causes, most frequent first: who is heard and not reached, or reached and not heard, is dead in one direction only. */
export function deadText([first]: readonly Cause[]): string {
  return first === 'path-one-way' ? 'dead in one direction' : 'dead';
}
