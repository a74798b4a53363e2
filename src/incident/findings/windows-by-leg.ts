import { grouped } from '../grouped.ts';
import type { Leg, Window } from '../model.ts';

type ById = ReadonlyMap<string, readonly Window[]>;

/** Asked for each leg by many rules. */
const BY_UPSTREAM = new WeakMap<readonly Window[], ById>();
const BY_CLIENT = new WeakMap<readonly Window[], ById>();

/** Windows in which this upstream was dead. */
export function windowsBehind(windows: readonly Window[], { id }: Pick<Leg, 'id'>): readonly Window[] {
  return lookedUp(BY_UPSTREAM, windows, ({ upstream }) => upstream).get(id) ?? [];
}

/** Windows that hurt this client. */
export function windowsOfClient(windows: readonly Window[], { id }: Pick<Leg, 'id'>): readonly Window[] {
  return lookedUp(BY_CLIENT, windows, ({ client }) => client).get(id) ?? [];
}

function lookedUp(
  known: WeakMap<readonly Window[], ById>,
  windows: readonly Window[],
  idOf: (window: Window) => string,
): ById {
  const byId = known.get(windows) ?? grouped(windows, idOf);
  known.set(windows, byId);
  return byId;
}
