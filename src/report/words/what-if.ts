import { durationText } from '../duration.ts';
import type { Report, WhatIf } from '../model.ts';
import { clockText, counted } from './phrase.ts';

/** What tables tell of a remedy in a window, in their order. */
export const WHAT_IF_COLUMNS = [
  { head: 'remedy' },
  { head: 'window' },
  { head: 'would fire' },
  { head: 'then lasts' },
  { head: 'cuts beside' },
  { head: 'why' },
] as const;

/** Each remedy in each window that is shown: when it would have fired, how long the window would have lasted, what it costs, why. */
export function whatIfRows({ whatIf, windows }: Pick<Report, 'whatIf' | 'windows'>): string[][] {
  const shown = new Set(windows.map(({ id }) => id));
  return whatIf.flatMap((remedy) =>
    remedy.windows
      .filter(({ window }) => shown.has(window))
      .map(({ window, firesAt, duration, reason }) => [
        remedyText(remedy),
        window,
        firesAt === null ? 'never' : clockText(firesAt),
        durationText(duration),
        collateralText(remedy),
        reason,
      ]),
  );
}

/** `tcp-keepalive, gateway-upstream: time 60, interval 10, probes 3` */
function remedyText({ remedy, where, parameters }: WhatIf): string {
  const numbers = Object.entries(parameters).map(([name, value]) => `${name} ${value}`);
  return `${remedy}, ${where}${numbers.length === 0 ? '' : `: ${numbers.join(', ')}`}`;
}

function collateralText({ collateral }: WhatIf): string {
  if (collateral.length === 0) return 'nothing';
  const kinds = [...new Set(collateral.map(({ kind }) => kind))].toSorted();
  return `${counted(collateral.length, 'healthy stream')} (${kinds.join(', ')})`;
}
