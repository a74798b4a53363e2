import type { HurtStream } from '../model.ts';
import { streamName } from './stream-name.ts';

/** What tables tell of a hurt stream, in their order. */
export const STREAM_COLUMNS = [
  { head: 'stream', right: true },
  { head: 'on upstream', right: true },
  { head: 'kind' },
  { head: 'path' },
  { head: 'silent since' },
  { head: 'outcome' },
  { head: 'recovered by' },
] as const;

/** What tables tell of a packet that proves a window, in their order. */
export const EVIDENCE_COLUMNS = [
  { head: 'packet', right: true },
  { head: 'at' },
  { head: 'on' },
  { head: 'evidence' },
] as const;

/** What tables tell of a window that has no section of its own, in their order. */
export const WINDOW_COLUMNS = [
  { head: 'window' },
  { head: 'client' },
  { head: 'upstream' },
  { head: 'cause' },
  { head: 'from' },
  { head: 'lasted' },
  { head: 'hurt' },
] as const;

/** @param name  of a connection, as the format writes it */
export function recoveryText({ recoveredBy }: HurtStream, name: (id: string) => string): string {
  if (recoveredBy === null) return 'none';
  const { stream, tunnel, upstream } = recoveredBy;
  return `stream ${streamName(stream, tunnel)}${upstream === null ? '' : ` via ${name(upstream)}`}`;
}

/** Its name on the upstream connection. */
export function upstreamName({ upstreamStream, upstreamTunnel }: HurtStream, unseen: string): string {
  return upstreamStream === null ? unseen : streamName(upstreamStream, upstreamTunnel);
}
