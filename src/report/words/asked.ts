import type { Alternative, Connection } from '../model.ts';
import { counted, listedUpTo, NAMED_MAX, named } from './phrase.ts';

type ById = ReadonlyMap<string, Connection>;

/** Other upstreams that were asked for as much: who they are, and that. */
export interface Asked {
  readonly who: string;
  /** `no request`, `3 requests`; null where nobody can read what they were asked. */
  readonly what: string | null;
}

/** The first of them first; each group names its first ones and counts the rest. */
export function askedOf(alternatives: readonly Alternative[], byId: ById): Asked[] {
  const groups = new Map<string | null, string[]>();
  for (const one of alternatives) {
    const what = askedText(one, byId);
    groups.set(what, [...(groups.get(what) ?? []), named(one.upstream, byId)]);
  }
  return [...groups].map(([what, names]) => ({ what, who: listedUpTo(NAMED_MAX, names) }));
}

function askedText({ upstream, requestsDuring }: Alternative, byId: ById): string | null {
  if (byId.get(upstream)?.protocol === 'tls') return null;
  return requestsDuring === 0 ? 'no request' : counted(requestsDuring, 'request');
}
