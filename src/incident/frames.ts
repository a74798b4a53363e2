import type { MarkKind, Ref } from '../trace/index.ts';
import type { Leg } from './model.ts';

/** What only a living process sends: for an HTTP/2 peer a frame is proof of life, an acknowledgement is its kernel's. */
const FRAMES: ReadonlySet<MarkKind> = new Set<MarkKind>([
  'response',
  'data',
  'ping',
  'ping-ack',
  'goaway',
  'rst-stream',
]);

/** Whether the server sent a frame in this time. */
export function sentFrame({ trace, serverSide }: Leg, fromNs: number, toNs: number): boolean {
  return trace.marks.some(
    ({ by, kind, from, to }) => by === serverSide && FRAMES.has(kind) && from.timeNs <= toNs && to.timeNs >= fromNs,
  );
}

/** The server's last frame, or the last whose run ended at or before `untilNs`; null where it sent none. */
export function lastFrame({ trace, serverSide }: Leg, untilNs: number = Infinity): Ref | null {
  const mark = trace.marks.findLast(
    ({ by, kind, to }) => by === serverSide && FRAMES.has(kind) && to.timeNs <= untilNs,
  );
  return mark?.to ?? null;
}
