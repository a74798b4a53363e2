import type { AskJoin, Join } from '../trace/index.ts';

/** Which connections are left when twins are taken away: a twin's streams and joins are those of the one that is left in its stead. */
export interface LeftOver {
  readonly isTwin: (id: number) => boolean;
  /** The id that a connection has then, or the one in whose stead it was. */
  readonly idOf: (id: number) => number;
}

type Ends = Pick<Join, 'near' | 'far'>;

/** Of joins between the same two connections, by the same method, the one that saw most streams. */
export function joinsOnce(joins: readonly Join[], left: LeftOver): Join[] {
  return clearest(
    ownFirst(joins, left),
    left,
    ({ method }) => method,
    ({ streams }) => streams,
  );
}

/** The same of requests, by hop. */
export function askJoinsOnce(joins: readonly AskJoin[], left: LeftOver): AskJoin[] {
  return clearest(
    ownFirst(joins, left),
    left,
    ({ hop }) => hop,
    ({ matched }) => matched,
  );
}

/** Joins between connections that are left; what joins their twins counts only where nothing joins them themselves, as with streams. */
function ownFirst<J extends Ends>(joins: readonly J[], { isTwin, idOf }: LeftOver): J[] {
  const pairOf = ({ near, far }: Ends): string => [idOf(near), idOf(far)].toSorted((a, b) => a - b).join(' ');
  const isOwn = ({ near, far }: Ends): boolean => !isTwin(near) && !isTwin(far);
  const own = new Set(joins.filter(isOwn).map(pairOf));
  return joins.filter((join) => isOwn(join) || !own.has(pairOf(join)));
}

/** Not added up: a twin shows the same again. */
function clearest<J extends Ends>(
  joins: readonly J[],
  { idOf }: LeftOver,
  kindOf: (join: J) => string | number,
  sawOf: (join: J) => number,
): J[] {
  const best = new Map<string, J>();
  for (const join of joins) {
    const [near, far] = [idOf(join.near), idOf(join.far)];
    const key = `${near} ${far} ${kindOf(join)}`;
    const known = best.get(key);
    const most = known === undefined ? 0 : sawOf(known);
    if (near !== far && sawOf(join) > most) best.set(key, { ...join, near, far });
  }
  return [...best.values()];
}
