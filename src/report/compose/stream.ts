import { describeRequest } from '../../http/index.ts';
import type { Leg } from '../../incident/index.ts';
import type { Ref, StreamTotals, TraceStream } from '../../trace/index.ts';
import type { FoldedStreams, Stream } from '../model.ts';
import { errorName } from './error-name.ts';
import { type Frame, timeAt } from './frame.ts';
import { tunnelOf } from './tunnel.ts';

export function streamOf(frame: Frame, leg: Leg, stream: TraceStream): Stream {
  const { method = null, path = null } = stream.request ?? {};
  const { how, at } = endOf(leg, stream);
  const lastData = latest(stream.lastData[0], stream.lastData[1]);
  return {
    id: stream.id,
    ...tunnelOf(stream),
    method,
    path,
    kind: stream.carries ? 'other' : describeRequest(method, path).kind,
    status: stream.status ?? null,
    reason: stream.reason,
    opened: timeAt(frame, stream.opened.timeNs),
    firstPacket: stream.opened.packet,
    ...(frame.manyFiles ? { firstFile: stream.opened.file } : {}),
    closed: at === null ? null : timeAt(frame, at.timeNs),
    how,
    error: stream.reset === null ? null : errorName(stream.reset.errorCode),
    lastData: lastData === null ? null : timeAt(frame, lastData.timeNs),
  };
}

export function foldedOf({ count, byStatus }: StreamTotals): FoldedStreams {
  const statuses = [...byStatus].toSorted(([a], [b]) => a - b);
  return { count, byStatus: statuses.map(([status, streams]) => ({ status, count: streams })) };
}

/** A response that is complete ends the stream, also where the client never said its own END_STREAM: the server has no more to say. */
function endOf(leg: Leg, stream: TraceStream): { how: Stream['how']; at: Ref | null } {
  const answered = stream.ended[leg.serverSide];
  if (answered !== null) return { how: 'end-stream', at: latest(stream.ended[0], stream.ended[1]) };
  if (stream.reset !== null) return { how: 'rst-stream', at: stream.reset.at };
  if (leg.closed.how !== 'open') return { how: 'connection', at: leg.closed.at };
  return { how: 'open', at: null };
}

function latest(a: Ref | null, b: Ref | null): Ref | null {
  if (a === null || b === null) return a ?? b;
  return a.timeNs >= b.timeNs ? a : b;
}
