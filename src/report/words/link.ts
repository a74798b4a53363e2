import type { Connection, Link, RunnerUp } from '../model.ts';
import { counted, namedClient } from './phrase.ts';

/** How two connections were found to belong together, how sure that is, and what else it may mean. */
export function linkText(link: Link, byId: ReadonlyMap<string, Connection>): string {
  const { method, confidence, candidates, runnerUp } = link;
  return [
    `by ${method}, confidence ${confidence}`,
    ...chanceText(link),
    ...(candidates !== null && candidates > 1 ? [`${candidates} streams fitted alike`] : []),
    ...(runnerUp === null ? [] : [runnerUpText(runnerUp, byId)]),
  ].join('; ');
}

function chanceText({ bursts }: Link): string[] {
  if (bursts === null) return [];
  const { matched, byChance, odds } = bursts;
  return [`${counted(matched, 'moment')} fitted, ${byChance} by chance (all by chance: less than 1 in 10^${odds})`];
}

function runnerUpText({ client, confidence, odds }: RunnerUp, byId: ReadonlyMap<string, Connection>): string {
  return `next best is ${namedClient(client, byId)}, confidence ${confidence}${odds === null ? '' : ` (1 in 10^${odds})`}`;
}
