import type { Partner, StreamName } from '../trace/index.ts';

/** Of one connection: in the order of their numbers on it, then of those in their tunnel. */
export function byName(a: StreamName, b: StreamName): number {
  return numberOnConnection(a) - numberOnConnection(b) || a.id - b.id;
}

/** The same for streams of one connection that are the same one. */
export function nameKey({ tunnel, id }: StreamName): string {
  return tunnel === null ? String(id) : `${tunnel}/${id}`;
}

/** What a GOAWAY of the connection counts it by (RFC 9113 §6.8): of a stream in a tunnel that is the stream that carries it. */
export function numberOnConnection({ tunnel, id }: StreamName): number {
  return tunnel ?? id;
}

/** The stream that another carried the same as, by its name there. */
export function partnerName({ tunnel, streamId }: Pick<Partner, 'tunnel' | 'streamId'>): StreamName {
  return { tunnel, id: streamId };
}
