import { endpointText } from '../address.ts';
import { describeUserAgent } from '../../http/index.ts';
import type { Incident, Outcome, Report, VictimGroup } from '../model.ts';
import { deadText } from './dead.ts';
import { hurtCountText } from './hurt.ts';
import { clockText, counted, listed } from './phrase.ts';
import { spanText } from './span.ts';
import { streamName } from './stream-name.ts';

const OUTCOMES: Readonly<Record<Outcome, string>> = {
  hung: 'hung',
  'gateway-error': 'answered with an error by the gateway',
  reset: 'reset by the gateway',
  finished: 'ended without a complete answer',
};

/** Several of them in one sentence: how many upstream servers were dead, and what that cost. One alone says it itself. */
export function incidentTotals({ incidents, windows }: Report): string | null {
  if (incidents.length < 2) return null;
  const servers = new Set(incidents.map(({ server }) => endpointText(server))).size;
  const clients = new Set(windows.map(({ client }) => client)).size;
  const hurt = new Map(
    windows.flatMap(({ client, streams }) =>
      streams.map(({ id, tunnel, outcome }) => [`${client} ${streamName(id, tunnel)}`, outcome]),
    ),
  );
  return (
    `${counted(incidents.length, 'incident')} of ${counted(servers, 'upstream server')}: ` +
    `${counted(windows.length, 'window')}, ${counted(clients, 'client connection')}, ${hurtTotals({ streams: hurt.size, outcomes: tallied([...hurt.values()]) })}.`
  );
}

/** Who died, since when and for how long, and what that cost: `10.9.2.2:8080 dead from 10:02:11.427 for 1 min: …`. */
export function incidentText(incident: Incident): string {
  const { server, from, causes, windows, clients, streams, outcomes, confidence } = incident;
  return (
    `${endpointText(server)} ${deadText(causes)} from ${clockText(from)} for ${spanText(incident)} ` +
    `(${confidence}; ${causes.join(', ')}): ${counted(clients, 'client connection')} in ${counted(windows.length, 'window')}, ` +
    `${hurtTotals({ streams, outcomes })}`
  );
}

/** `kubelet/v1.29.3: watch pods, 12 streams of 11 clients, 3 hung`. */
export function victimsText({ userAgent, kind, resource, clients, streams, hung }: VictimGroup): string {
  const what = [kind === 'unknown' ? '' : kind, resource ?? ''].filter((word) => word !== '').join(' ');
  return (
    `${agentText(userAgent)}: ${what === '' ? 'requests from before the capture' : what}, ${counted(streams, 'stream')} ` +
    `of ${counted(clients, 'client connection')}, ${hung} hung`
  );
}

function agentText(userAgent: string | null): string {
  const agent = describeUserAgent(userAgent);
  if (agent === null) return 'user agent not known';
  return [agent.component, agent.version, agent.part].filter((part) => part !== null).join('/');
}

/** `12 streams hurt (2 hung and 10 answered with an error by the gateway)`. */
export function hurtTotals({ streams, outcomes }: Pick<Incident, 'streams' | 'outcomes'>): string {
  const told = (['hung', 'gateway-error', 'reset', 'finished'] as const).filter((outcome) => outcomes[outcome] > 0);
  const how = told.map((outcome) => `${outcomes[outcome]} ${OUTCOMES[outcome]}`);
  return `${hurtCountText(streams)}${how.length === 0 ? '' : ` (${listed(how)})`}`;
}

function tallied(outcomes: readonly Outcome[]): Record<Outcome, number> {
  const counts: Record<Outcome, number> = { hung: 0, 'gateway-error': 0, reset: 0, finished: 0 };
  for (const outcome of outcomes) counts[outcome]++;
  return counts;
}
