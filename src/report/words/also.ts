import type { Finding } from '../model.ts';
import { listedUpTo } from './phrase.ts';

const NAMED_MAX = 12;

/** Further findings of one code in one phrase: `5 more connect-unanswered, on u6, u7, u8, u9 and u10`. */
export function alsoText(also: readonly Finding[]): string {
  const on = [...new Set(also.flatMap(({ connection }) => connection ?? []))];
  const where = on.length === 0 ? '' : `, on ${listedUpTo(NAMED_MAX, on)}`;
  return `and ${also.length} more ${also[0]?.code ?? ''}${where}`;
}
