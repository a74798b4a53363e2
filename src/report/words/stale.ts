import type { FindingArgs } from '../../incident/index.ts';
import { counted } from './phrase.ts';

type Told = Pick<FindingArgs['stale-but-alive'], 'unanswered' | 'unfinished'> & { readonly quietSeconds: number };

/** What an upstream that is there owes all the same: answers, the rest of answers, or bookmarks. */
export function staleText(
  { quietSeconds, unanswered, unfinished = 0 }: Told,
  span: (seconds: number) => string,
): string {
  const waited = `has waited for ${span(quietSeconds)}`;
  if (unfinished > 0) {
    return (
      ` began ${counted(unfinished, 'response')} and did not finish ${unfinished === 1 ? 'it; it' : 'any of them; the longest'} ${waited}: ` +
      'its process hangs, or large packets get lost on the way while small ones pass'
    );
  }
  if (unanswered === 0)
    return ` answers at TCP and HTTP/2, but brought no data and no bookmark for ${span(quietSeconds)}`;
  return (
    ` acknowledged ${counted(unanswered, 'request')} at TCP and ${unanswered === 1 ? 'did not answer it; it' : 'answered none; the longest'} ` +
    waited
  );
}
