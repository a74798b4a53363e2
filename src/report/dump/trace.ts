import type { Trace, TraceConnection } from '../../trace/index.ts';

/**
 * The trace as NDJSON, one object a line: the capture as a whole, then connections, streams and joins, each named by `kind`.
 * Times are nanoseconds since the capture's base time, sides 0 and 1: this is what the model works on, before anybody has a role.
 * A value that is absent was not seen; one that is null was there and cannot be known.
 */
export function* renderTrace(trace: Trace): Generator<string> {
  const { first, last, undecoded, hasBareAcks, clockSteps, givenUp, limits } = trace;
  const unknownLinkTypes = Object.fromEntries(trace.unknownLinkTypes);
  const kinds = { undecoded: Object.fromEntries(undecoded), unknownLinkTypes };
  yield line('capture', { first, last, ...kinds, hasBareAcks, clockSteps, givenUp, limits });
  for (const connection of trace.connections) yield line('connection', plain(connection));
  for (const stream of trace.streams) yield line('stream', stream);
  for (const join of trace.joins) yield line('join', join);
}

function line(kind: string, content: object): string {
  return `${JSON.stringify({ kind, ...content })}\n`;
}

/** With what JSON would leave out: marks are read when asked for, statuses are a map. */
function plain(connection: TraceConnection): object {
  const { count, byStatus } = connection.folded;
  return { ...connection, marks: connection.marks, folded: { count, byStatus: Object.fromEntries(byStatus) } };
}
