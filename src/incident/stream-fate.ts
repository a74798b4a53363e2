import { describeRequest, isGrpcError, isServerError } from '../http/index.ts';
import { otherSide, type Side } from '../tcp/index.ts';
import type { Ref, TraceStream } from '../trace/index.ts';
import type { Leg, Outcome } from './model.ts';

const OK_MIN = 200;
const OK_END = 300;
/** RFC 9110 §15.2.2: a tunnel stands, as for exec over HTTP/1.1. */
const SWITCHING_PROTOCOLS = 101;

/** The kind of a client's request in Kubernetes' words; `unknown` where the request was not captured. */
export function kindOf(stream: TraceStream): string {
  return stream.request === null ? 'unknown' : describeRequest(stream.request.method, stream.request.path).kind;
}

const AT_ONCE: ReadonlySet<string> = new Set(['get', 'list', 'create', 'update', 'patch', 'delete']);

/** A request whose answer comes in one go, as soon as it has begun. */
export function isAnsweredAtOnce(stream: TraceStream): boolean {
  return AT_ONCE.has(kindOf(stream));
}

/** What a request is for, whatever its position or time-out: the path without its query. */
export function resourcePath(stream: TraceStream): string | null {
  return stream.request?.path?.split('?', 1)[0] ?? null;
}

/** The same as the API's clients name it, without the object's own name: `pods`, `pods/exec`, `leases.coordination.k8s.io`. */
export function resourceOf(stream: TraceStream): string | null {
  const { resource, group } = describeRequest(stream.request?.method, stream.request?.path);
  if (resource === null) return resourcePath(stream);
  const [plural = resource, ...subresource] = resource.split('/');
  return [group === null || group === '' ? plural : `${plural}.${group}`, ...subresource].join('/');
}

/** A CONNECT stream (RFC 9113 §8.5) through which something went that could not be read: TLS without its secrets, or what nobody knows here. One that was refused is none. */
export function isUnreadTunnel({ carries, request, status, dataBytes }: TraceStream): boolean {
  if ((status ?? 0) >= OK_END) return false;
  return !carries && request?.method === 'CONNECT' && request.path === null && dataBytes[0] + dataBytes[1] > 0;
}

/** When the stream was over for both, by whoever ended it. Null: it was still open at the end of the capture. */
export function overAt(stream: TraceStream, server: Side): Ref | null {
  return stream.ended[server] ?? stream.reset?.at ?? null;
}

/** The gateway's word to the client on `stream` at or after `fromNs`: a reset, an error response, or its end. */
export function toldAt(leg: Leg, stream: TraceStream, fromNs: number): Ref | null {
  return earliest(wordsOf(leg, stream).filter((at) => at.timeNs >= fromNs));
}

/** All that the gateway told the client on `stream`. */
export function wordsOf({ serverSide }: Leg, stream: TraceStream): readonly Ref[] {
  const words = [
    stream.reset?.by === serverSide ? stream.reset.at : null,
    isError(stream) ? stream.statusAt : null,
    stream.ended[serverSide],
  ];
  return words.filter((at) => at !== null);
}

/** What became of a client's stream after `fromNs`, since when the gateway alone tells it anything. */
export function outcomeOf(leg: Leg, stream: TraceStream, fromNs: number): Outcome {
  const gateway = leg.serverSide;
  if (isError(stream) && stream.statusAt !== null && stream.statusAt.timeNs >= fromNs) return 'gateway-error';
  if (stream.reset?.by === gateway && stream.reset.at.timeNs >= fromNs) return 'reset';
  const ended = stream.ended[gateway];
  if (ended === null || ended.timeNs < fromNs) return wasCutOff(leg, stream, fromNs) ? 'reset' : 'hung';
  return isGrpcError(stream.grpcStatus) ? 'gateway-error' : 'finished';
}

/** The gateway closed the client's connection with the stream open on it: over HTTP/1.1 the only way to reset one. */
function wasCutOff(leg: Leg, stream: TraceStream, fromNs: number): boolean {
  const close = leg.trace.closes.find(({ accepted, at }) => accepted && at.timeNs >= fromNs);
  return close?.by === leg.serverSide && stream.reset === null && stream.opened.timeNs <= close.at.timeNs;
}

/**
 * Since when nothing of the upstream reached the client on the stream, in a window from `fromNs` to `toNs`: the last that it got before the window's end,
 * the start of the pause that spans the window, or its request where nothing came.
 */
export function silentSinceNs(leg: Leg, stream: TraceStream, fromNs: number, toNs: number): number {
  // An error that the gateway made itself, and its body, bring nothing of the upstream.
  if (isError(stream)) return stream.opened.timeNs;
  const side = leg.serverSide;
  const last = stream.lastData[side];
  const pause = stream.longestPause[side];
  const spans = pause !== null && pause.toNs >= toNs && pause.from.timeNs <= toNs && pause.toNs > fromNs;
  const before = last !== null && last.timeNs > toNs && spans ? pause.from : last;
  const heard = [before, stream.statusAt].filter((at) => at !== null).filter(({ timeNs }) => timeNs <= toNs);
  return heard.reduce((latestNs, { timeNs }) => Math.max(latestNs, timeNs), stream.opened.timeNs);
}

/** The client got a good answer that came from an upstream. */
export function isServed({ status }: TraceStream): boolean {
  return typeof status === 'number' && ((status >= OK_MIN && status < OK_END) || status === SWITCHING_PROTOCOLS);
}

/** Statuses by which a proxy tells of its own trouble (RFC 9110 §15.6.3 to §15.6.5); 408 is Envoy's stream idle time-out before headers. */
const PROXY_STATUSES: ReadonlySet<number> = new Set([408, 502, 503, 504]);
/** gRPC's UNAVAILABLE, which Envoy sends in trailers where it would send a 503. */
const GRPC_UNAVAILABLE = '14';

const GRPC_STATUS = /^\d{1,2}$/;

/** The error that a gRPC call ended with, whose HTTP status says 200 all the same; null: none, or no number of gRPC's. */
export function grpcErrorOf(stream: TraceStream): number | null {
  const { grpcStatus } = stream;
  return isGrpcError(grpcStatus) && typeof grpcStatus === 'string' && GRPC_STATUS.test(grpcStatus)
    ? Number(grpcStatus)
    : null;
}

/** An answer of the kind that a gateway makes itself; whether it did, only the upstream leg can tell. */
export function isProxyAnswer({ status, grpcStatus }: TraceStream): boolean {
  return grpcStatus === GRPC_UNAVAILABLE || (typeof status === 'number' && PROXY_STATUSES.has(status));
}

export function isError(stream: TraceStream): boolean {
  return isProxyAnswer(stream) || isServerError(stream.status);
}

/** The asker gave the stream up by itself. */
export function wasCancelled(leg: Leg, stream: TraceStream): boolean {
  return stream.reset !== null && stream.reset.by === otherSide(leg.serverSide);
}

export function earliest(refs: readonly (Ref | null)[]): Ref | null {
  return refs.reduce<Ref | null>(
    (first, ref) => (ref !== null && (first === null || ref.timeNs < first.timeNs) ? ref : first),
    null,
  );
}

export function latest(refs: readonly (Ref | null)[]): Ref | null {
  return refs.reduce<Ref | null>(
    (last, ref) => (ref !== null && (last === null || ref.timeNs > last.timeNs) ? ref : last),
    null,
  );
}
