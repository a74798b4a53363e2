import { engineCollector } from '../capture/index.ts';
import type { Trace } from '../trace/index.ts';

/** From so many connections on there is enough to let go of: a collection takes 20 ms and more, which a small capture need not wait for. */
const CONNECTIONS_MIN = 2_000;

/**
 * Has the engine collect what the wire pass held, before the report takes its room: of ten thousand connections 50 MiB, which would stay
 * resident beside it. By itself it collects when its heap has grown to a multiple of what lived last, and it does not look at typed arrays.
 * Not before the model is built: what has just made the trace may still be compiled, and that holds all it refers to
 * (docs/decisions/0012-collected-between-model-and-report.md).
 */
export function letGoOfPass({ connections }: Trace): void {
  if (connections.length < CONNECTIONS_MIN) return;
  engineCollector()?.();
}
