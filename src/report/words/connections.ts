import type { Connection, Report } from '../model.ts';

/** What tables tell of a connection, in their order. */
export const CONNECTION_COLUMNS = [
  { head: 'id' },
  { head: 'client' },
  { head: 'server' },
  { head: 'protocol' },
  { head: 'state at the end' },
  { head: 'streams', right: true },
  { head: 'resent', right: true },
] as const;

/** Those in a window first, those without a part in it last. */
export function involvedFirst({ connections, windows }: Pick<Report, 'connections' | 'windows'>): Connection[] {
  const hurt = new Set(windows.flatMap(({ client, upstream }) => [client, upstream]));
  const rank = ({ id, role }: Connection): number => (hurt.has(id) ? 0 : role === 'other' ? 2 : 1);
  return connections.toSorted((a, b) => rank(a) - rank(b));
}

/** How it closed, or how it was when the capture ended. */
export function endStateText({ closed, liveness }: Connection): string {
  return closed.how === 'open' ? (liveness.at(-1)?.state ?? 'open') : closed.how;
}

/** Streams of all the time, those that are not kept one by one among them. */
export function streamCount({ streams, foldedStreams }: Connection): number {
  return streams.length + foldedStreams.count;
}

/** Retransmissions of both sides. */
export function resentCount({ retransmissions }: Connection): number {
  return retransmissions.fromClient + retransmissions.fromServer;
}
