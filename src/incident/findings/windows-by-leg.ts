import { grouped } from '../grouped.ts';
import { kept } from '../kept.ts';
import type { Leg, Window } from '../model.ts';

const byUpstream = kept((windows: readonly Window[]) => grouped(windows, ({ upstream }) => upstream));
const byClient = kept((windows: readonly Window[]) => grouped(windows, ({ client }) => client));

/** Windows in which this upstream was dead. */
export function windowsBehind(windows: readonly Window[], { id }: Pick<Leg, 'id'>): readonly Window[] {
  return byUpstream(windows).get(id) ?? [];
}

/** Windows that hurt this client. */
export function windowsOfClient(windows: readonly Window[], { id }: Pick<Leg, 'id'>): readonly Window[] {
  return byClient(windows).get(id) ?? [];
}
