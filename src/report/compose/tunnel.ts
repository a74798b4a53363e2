import type { StreamName } from '../../trace/index.ts';

/** The key that a stream, or what is about one, has where it runs in a tunnel. */
export function tunnelOf(stream: Pick<StreamName, 'tunnel'> | null): { tunnel?: number } {
  return stream === null || stream.tunnel === null ? {} : { tunnel: stream.tunnel };
}
