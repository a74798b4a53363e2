import type { Connection, Endpoint, Evidence, Report, Role } from './model.ts';

/** A line: one piece of evidence, with what it takes to be read without the others. */
interface EvidenceLine extends Evidence {
  readonly window: string;
  /** The packet's file, where several were given. */
  readonly path?: string;
  readonly role: Role | null;
  readonly client: Endpoint | null;
  readonly server: Endpoint | null;
}

/** The evidence of all windows as NDJSON, one piece a line, window by window in order of time. Without a window there is no line. */
export function* renderNdjson({ windows, connections, capture }: Report): Generator<string> {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  for (const { id, evidence } of windows) {
    for (const row of evidence) {
      const path = row.file === undefined ? undefined : capture.files[row.file]?.path;
      yield `${JSON.stringify(lineOf(id, row, path, byId.get(row.connection)))}\n`;
    }
  }
}

function lineOf(
  window: string,
  row: Evidence,
  path: string | undefined,
  connection: Connection | undefined,
): EvidenceLine {
  return {
    window,
    ...row,
    ...(path === undefined ? {} : { path }),
    role: connection?.role ?? null,
    client: connection?.client ?? null,
    server: connection?.server ?? null,
  };
}
