import type { Recording } from './recordings.ts';

/** What can go wrong, or right, and which recordings show it. */
const ROWS: readonly (readonly [string, (scenario: Recording['truth']['scenario']) => boolean])[] = [
  ['healthy', ({ fault, idle }) => fault === 'none' && idle === undefined],
  ['idle cut', ({ idle }) => idle !== undefined],
  ['drop out', ({ fault }) => fault === 'output'],
  ['drop in', ({ fault }) => fault === 'input'],
  ['host gone', ({ fault }) => fault === 'host'],
  ['process stopped', ({ fault }) => fault === 'stop'],
  ['kill -9', ({ fault, gateway }) => fault === 'kill' && gateway !== 'faulty'],
  ['graceful', ({ fault, gateway }) => fault === 'graceful' && gateway !== 'faulty'],
  ['GOAWAY ignored', ({ fault, gateway }) => fault === 'graceful' && gateway === 'faulty'],
  ['close not told', ({ fault, gateway }) => fault === 'kill' && gateway === 'faulty'],
  ['refused', ({ fault }) => fault === 'refuse'],
  ['SYN unanswered', ({ fault }) => fault === 'vanish'],
  ['loss burst', ({ fault, burst }) => fault === 'burst' && (burst ?? 0) < 30],
  ['outage healed', ({ fault, burst }) => fault === 'burst' && (burst ?? 0) >= 30],
  ['client gone', ({ fault }) => fault === 'clients' || fault === 'client-kill'],
  ['mid-stream start', ({ midway }) => midway === true],
];
const GATEWAYS = ['envoy', 'haproxy', 'nginx', 'nghttpx', 'faulty'];
const UPSTREAMS = ['h2c', 'tls', 'http1'] as const;

/** How many recordings there are of each: rows are what happened, columns the gateway and the protocol behind it. */
export function coverageTable(recordings: readonly Recording[]): string {
  const columns = GATEWAYS.flatMap((gateway) => UPSTREAMS.map((upstream) => ({ gateway, upstream }))).filter((column) =>
    recordings.some(
      ({ truth: { scenario } }) => scenario.gateway === column.gateway && scenario.upstream === column.upstream,
    ),
  );
  const name = ({ gateway, upstream }: (typeof columns)[number]): string => `${gateway}-${upstream}`.padStart(14);
  const row = ([label, holds]: (typeof ROWS)[number]): string => {
    const counts = columns.map(
      ({ gateway, upstream }) =>
        recordings.filter(
          ({ truth: { scenario } }) =>
            scenario.gateway === gateway && scenario.upstream === upstream && holds(scenario),
        ).length,
    );
    return [label.padEnd(17), ...counts.map((count) => (count === 0 ? '.' : String(count)).padStart(14))].join('');
  };
  return ['recordings:'.padEnd(17) + columns.map(name).join(''), ...ROWS.map(row)].join('\n');
}
