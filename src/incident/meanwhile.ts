import type { TraceStream } from '../trace/index.ts';
import { triesOf } from './checks.ts';
import { answersByStatus, isGatewayMade } from './gateway-made.ts';
import type { Leg, Meanwhile } from './model.ts';
import { isOpenEnded, requestBounds } from './runs.ts';

/**
 * What the client's side shows of the time from `fromNs` to `toNs`, in which `upstream` was dead.
 * @param legs  by connection id
 */
export function meanwhileOf(legs: readonly Leg[], client: Leg, upstream: Leg, fromNs: number, toNs: number): Meanwhile {
  const isWithin = (atNs: number): boolean => atNs >= fromNs && atNs < toNs;
  const sent = client.streams.filter(({ sawRequest, opened }) => sawRequest && isWithin(opened.timeNs));
  const carriers = sent.map((stream) => carrierOf(stream, upstream));
  const elsewhere = tally(
    carriers.flatMap((connection) =>
      connection === null || connection === upstream.trace.id ? [] : (legs[connection]?.id ?? []),
    ),
  );
  const errors = client.streams.filter(
    (stream) => stream.statusAt !== null && isWithin(stream.statusAt.timeNs) && isGatewayMade(legs, stream),
  );
  const { atLeast, ...tries } = triesOf(client, fromNs, toNs);
  const requests = requestBounds(client, fromNs, toNs);
  return {
    ...tries,
    requests: requests.least,
    atLeast: [...atLeast, ...(isOpenEnded(requests) ? ['requests' as const] : [])],
    intoDead: carriers.filter((connection) => connection === upstream.trace.id).length,
    elsewhere: elsewhere.map(([id, requests]) => ({ upstream: id, requests })),
    unseen: carriers.filter((connection) => connection === null).length,
    gatewayErrors: answersByStatus(errors)
      .map(({ status, grpcStatus, streams }) => ({ status, grpcStatus, count: streams.length }))
      .toSorted((a, b) => b.count - a.count),
  };
}

/** Connection id of the upstream leg that took the request: the dead one, if it was tried there at all; null where none is seen to. */
function carrierOf({ partners }: TraceStream, upstream: Leg): number | null {
  const far = partners.filter(({ nearerClient }) => nearerClient).map(({ connection }) => connection);
  return far.includes(upstream.trace.id) ? upstream.trace.id : (far[0] ?? null);
}

/** How often each stands there, most frequent first. */
function tally<Key>(keys: readonly Key[]): [Key, number][] {
  const counts = new Map<Key, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].toSorted((a, b) => b[1] - a[1]);
}
