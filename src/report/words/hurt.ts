import type { HurtStream, Outcome } from '../model.ts';
import { counted, listed, shortPath } from './phrase.ts';
import { statusText } from './status.ts';
import { streamName } from './stream-name.ts';

const ORDER = ['hung', 'gateway-error', 'reset', 'finished'] as const satisfies readonly Outcome[];

type Verb = (statuses: string, many: boolean) => string;

const OUTCOMES: Readonly<Record<Outcome, Verb>> = {
  hung: () => 'hung',
  'gateway-error': (statuses) => `got ${statuses === '' ? 'an error' : statuses} from the gateway`,
  reset: (_statuses, many) => `${many ? 'were' : 'was'} reset by the gateway`,
  finished: () => 'ended without a complete answer',
};

/** What became of one stream: `hung`, `503 from the gateway`. For tables. */
export function outcomeText({
  outcome,
  status,
  grpcStatus,
}: Pick<HurtStream, 'outcome' | 'status' | 'grpcStatus'>): string {
  return outcome === 'gateway-error' ? `gateway error ${statusText(status, grpcStatus)}`.trimEnd() : outcome;
}

/** `watch /api/v1/pods (stream 7)` */
export function streamText({ id, tunnel, kind, path }: Pick<HurtStream, 'id' | 'tunnel' | 'kind' | 'path'>): string {
  const name = `stream ${streamName(id, tunnel)}`;
  const request = [kind === 'unknown' ? '' : kind, path === null ? '' : shortPath(path)].filter((part) => part !== '');
  return request.length === 0 ? name : `${request.join(' ')} (${name})`;
}

/** All hurt streams in one phrase: `2 streams hung and 1 stream got 503 from the gateway`; one alone is named. */
export function hurtText(streams: readonly HurtStream[]): string {
  const [only] = streams;
  if (only === undefined) return 'no request of its own is known to have waited';
  if (streams.length === 1) return `${streamText(only)} ${outcomePhrase([only])}`;
  const groups = ORDER.map((outcome) => streams.filter((stream) => stream.outcome === outcome));
  const told = groups.filter((group) => group.length > 0);
  return listed(told.map((group) => `${counted(group.length, 'stream')} ${outcomePhrase(group)}`));
}

/** `2 streams hurt`; that none is known does not say that nobody waited. */
export function hurtCountText(count: number): string {
  return count === 0 ? 'no stream known to be hurt' : `${counted(count, 'stream')} hurt`;
}

function outcomePhrase(group: readonly HurtStream[]): string {
  const byStatus = group.toSorted((a, b) => (a.status ?? 0) - (b.status ?? 0));
  const statuses = new Set(byStatus.map(({ status, grpcStatus }) => statusText(status, grpcStatus)));
  return OUTCOMES[group[0]?.outcome ?? 'hung'](
    [...statuses].filter((text) => text !== '').join(', '),
    group.length > 1,
  );
}
