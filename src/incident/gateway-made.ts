import { isStatusReason } from '../http/index.ts';
import type { TraceStream } from '../trace/index.ts';
import { grouped } from './grouped.ts';
import { kept } from './kept.ts';
import { streamOf } from './leg.ts';
import { isRead } from './liveness.ts';
import type { Leg } from './model.ts';
import { grpcErrorOf, isProxyAnswer, isUnreadTunnel } from './stream-fate.ts';
import { partnerName } from './stream-names.ts';

/**
 * A client got an error of the kind that a gateway makes itself, and no upstream is seen to have sent it, of those that can be read.
 * @param legs  by connection id
 */
export function isGatewayMade(legs: readonly Leg[], stream: TraceStream): boolean {
  if (!isProxyAnswer(stream) || isFromApiserver(stream)) return false;
  return !cameFromUpstream(legs, stream) && !mayBeUnread(legs, stream);
}

/** Streams that were answered alike. */
export interface AnsweredAlike {
  readonly status: number;
  /** The error that their trailers told, where the calls are gRPC's; null: none. */
  readonly grpcStatus: number | null;
  readonly streams: readonly TraceStream[];
}

/** By the status of HTTP, and that of gRPC where it tells an error; streams without a known status are left out. */
export function answersByStatus(streams: readonly TraceStream[]): readonly AnsweredAlike[] {
  const told = streams.flatMap((stream) =>
    typeof stream.status === 'number' ? [{ status: stream.status, grpcStatus: grpcErrorOf(stream), stream }] : [],
  );
  const groups = grouped(told, ({ status, grpcStatus }) => `${status} ${grpcStatus}`);
  return [...groups.values()].flatMap((alike) =>
    alike
      .slice(0, 1)
      .map(({ status, grpcStatus }) => ({ status, grpcStatus, streams: alike.map(({ stream }) => stream) })),
  );
}

/** Its body is a Kubernetes Status: an apiserver wrote it, whether or not the capture has the connection that it came on. */
function isFromApiserver({ reason }: TraceStream): boolean {
  return reason !== null && isStatusReason(reason);
}

function cameFromUpstream(legs: readonly Leg[], stream: TraceStream): boolean {
  return stream.partners.some((partner) => {
    const leg = legs[partner.connection];
    const far = leg === undefined ? undefined : streamOf(leg, partnerName(partner));
    return (
      partner.nearerClient && far !== undefined && far.status === stream.status && far.grpcStatus === stream.grpcStatus
    );
  });
}

/** An upstream that was there when the answer came may have sent it, where what it sent cannot be read; one that is known to have got the request did not. */
function mayBeUnread(legs: readonly Leg[], { partners, opened, statusAt }: TraceStream): boolean {
  if (partners.some(({ nearerClient }) => nearerClient)) return false;
  const answeredNs = statusAt?.timeNs ?? Infinity;
  return unreadUpstreams(legs).some((leg) => {
    const goneNs = leg.closed.at?.timeNs ?? Infinity;
    const wasThere = leg.trace.first.timeNs <= answeredNs && goneNs >= opened.timeNs;
    if (!wasThere) return false;
    const isAllRead = isRead(leg.trace.flows[leg.serverSide], opened.timeNs, answeredNs);
    return isClosedBook(leg) || !isAllRead || spokeInTunnel(leg, opened.timeNs, answeredNs);
  });
}

const unreadUpstreams = kept((legs: readonly Leg[]) => legs.filter(isUnread));

function isUnread(leg: Leg): boolean {
  const { bytes, unread } = leg.trace.flows[leg.serverSide];
  return (
    leg.role === 'upstream' && bytes > 0 && (isClosedBook(leg) || unread.length > 0 || leg.streams.some(isUnreadTunnel))
  );
}

/** Nothing of it can be read. */
function isClosedBook({ trace: { protocol } }: Leg): boolean {
  return protocol === 'tls' || protocol === 'unknown';
}

/** The upstream may have said something in that time through a tunnel that cannot be read: not where its longest pause there spans all of it. */
function spokeInTunnel({ streams, serverSide }: Leg, fromNs: number, toNs: number): boolean {
  return streams.filter(isUnreadTunnel).some(({ opened, lastData, longestPause }) => {
    const last = lastData[serverSide];
    const pause = longestPause[serverSide];
    const wasSilent = pause !== null && pause.from.timeNs < fromNs && pause.toNs > toNs;
    return last !== null && last.timeNs >= fromNs && opened.timeNs <= toNs && !wasSilent;
  });
}
