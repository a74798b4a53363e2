import { durationText } from '../duration.ts';
import { listed } from './phrase.ts';

/** Idle time-outs after which something on the way forgets a connection, by their defaults; gateways' own are not among them. */
const KNOWN: readonly (readonly [seconds: number, whose: string])[] = [
  [240, 'Azure Load Balancer'],
  [300, 'F5 BIG-IP'],
  [350, 'AWS NLB'],
  [600, 'Google Cloud'],
  [900, 'IPVS'],
  [1800, 'Juniper SRX'],
  [3600, 'Cisco ASA'],
];

/** Whose idle time-out fits: longer than the longest silence that did no harm, and not longer than the one that did. */
export function idleDropText(gapSeconds: number, survivedSeconds: number): string {
  const fitting = KNOWN.filter(([seconds]) => seconds <= gapSeconds && seconds > survivedSeconds);
  const survived = survivedSeconds > 0 ? ` (a silence of ${durationText(survivedSeconds)} did no harm before)` : '';
  if (fitting.length === 0) return `consistent with an idle timeout on the way${survived}`;
  const names = fitting.map(([seconds, whose]) => `${whose} (${seconds} s)`);
  return `consistent with the idle timeout of ${listed(names)}${survived}`;
}
