import { otherSide, type Side } from '../tcp/index.ts';
import type { Endpoint, Trace, TraceConnection } from '../trace/index.ts';
import { serverSides } from './server-side.ts';

/** Who accepted each connection, and who opened it. */
export class Ends {
  /** By connection id. */
  readonly serverSides: readonly Side[];

  constructor(trace: Trace) {
    this.serverSides = serverSides(trace);
  }

  server(connection: TraceConnection): string {
    return this.#server(connection).ip;
  }

  client({ id, endpoints }: TraceConnection): string {
    return endpoints[otherSide(this.serverSides[id] ?? 1)].ip;
  }

  /** @param port  null: any */
  isAt(connection: TraceConnection, port: number | null): boolean {
    return port === null || this.#server(connection).port === port;
  }

  #server({ id, endpoints }: TraceConnection): Endpoint {
    return endpoints[this.serverSides[id] ?? 1];
  }
}
