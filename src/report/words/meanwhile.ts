import type { Connection, Doubt, Meanwhile, Window } from '../model.ts';
import { answeredText, sentText, triesOf } from './checks.ts';
import { counted, listed, NAMED_MAX, named } from './phrase.ts';
import { statusText } from './status.ts';

/** What the client's own side shows of a window: the connection that never changed, its health check, where its requests went, who answered. */
export function meanwhileText(
  { client, upstream }: Window,
  meanwhile: Meanwhile,
  byId: ReadonlyMap<string, Connection>,
): string {
  const { gatewayErrors } = meanwhile;
  const leg = byId.get(client);
  const port = leg?.client.port;
  const errors = gatewayErrors
    .slice(0, NAMED_MAX)
    .map(({ status, grpcStatus, count }) => `${count} x ${statusText(status, grpcStatus)}`);
  return [
    `the same connection throughout${port === undefined ? '' : ` (source port ${port})`}`,
    ...triesTexts(meanwhile),
    leg?.protocol === 'tls'
      ? 'its requests and PINGs cannot be read'
      : `${requestsText(meanwhile)}${placesText(meanwhile, upstream, byId)}`,
    ...(errors.length === 0 ? [] : [`${listed(errors)} made by the gateway itself`]),
  ].join('; ');
}

function triesTexts(meanwhile: Meanwhile): string[] {
  return (['pings', 'probes'] as const).flatMap((name) => {
    const tries = triesOf(meanwhile, name);
    if (tries === null) return [];
    const answered = answeredText(tries);
    return [`${sentText(tries, 'the client')}${answered === '' ? '' : `, ${answered} by the gateway`}`];
  });
}

function requestsText({ requests, atLeast }: Meanwhile): string {
  if (!atLeast.includes('requests')) return requests === 0 ? 'no new request' : counted(requests, 'new request');
  return requests === 0 ? 'how many new requests cannot be told' : `at least ${counted(requests, 'new request')}`;
}

function placesText(
  { requests, intoDead, elsewhere, unseen }: Meanwhile,
  upstream: string,
  byId: ReadonlyMap<string, Connection>,
): string {
  const places = [
    ...(intoDead === 0 ? [] : [`${intoDead} into ${upstream}`]),
    ...elsewhere.slice(0, NAMED_MAX).map((place) => `${place.requests} to ${named(place.upstream, byId)}`),
    ...(elsewhere.length > NAMED_MAX ? [`some to ${elsewhere.length - NAMED_MAX} more`] : []),
    ...(unseen === 0 ? [] : [`${unseen} not seen leaving the gateway`]),
  ];
  if (places.length === 0) return '';
  const known = elsewhere.reduce((sum, place) => sum + place.requests, intoDead + unseen);
  return `${known < requests ? `, of which ${known} are known one by one: ` : ': '}${listed(places)}`;
}

/** Why a window is not confirmed, and what would settle it. */
const DOUBTS: Readonly<Record<Doubt, string>> = {
  'by-timing':
    'only time links the two connections; requests that can be read on both (a capture begun earlier, or the TLS keys), or the log of the gateway for an attempt that opened nothing, would settle it',
  'by-sizes': 'only sizes and times link the two connections; with the TLS keys (--keylog) it would be settled',
  'by-order':
    'several requests were alike, and only their order tells which is which; request ids through the gateway would settle it',
  'few-payloads': 'few payloads were alike; a capture that has the requests would settle it',
  'given-up-early':
    'the gateway gave the upstream up before enough tries had failed to prove it dead; a capture on the upstream would settle it',
  'wait-supposed': 'that a request waits for this connection is supposed; the log of the gateway would settle it',
};

/** `probable: why`. */
export function sureText({ confidence, doubts }: Pick<Window, 'confidence' | 'doubts'>): string {
  return `${confidence}: ${doubts.map((doubt) => DOUBTS[doubt]).join('; ')}`;
}
