import type { Finding } from '../model.ts';
import { listed } from './phrase.ts';

const NAMED_MAX = 12;

/** Further findings of one code in one phrase: `5 more connect-unanswered, on u6, u7, u8, u9 and u10`. */
export function alsoText(also: readonly Finding[]): string {
  const on = [...new Set(also.flatMap(({ connection }) => connection ?? []))];
  const shown = on.slice(0, NAMED_MAX);
  const rest = on.length > shown.length ? [`${on.length - shown.length} more`] : [];
  const where = on.length === 0 ? '' : `, on ${listed([...shown, ...rest])}`;
  return `and ${also.length} more ${also[0]?.code ?? ''}${where}`;
}
