import type { Connection, Report, Window } from './model.ts';
import { besideText } from './words/window-facts.ts';
import { worstFirst } from './words/verdict.ts';

/** How much a format draws: never more than a person looks at, whatever the number of connections. */
export interface PictureRoom {
  /** Clients with windows that get a picture of their own. */
  readonly clients: number;
  /** Windows of one client. */
  readonly windows: number;
}

/** Upstreams that could have served, beside a client's windows. */
const STAND_BYS_MAX = 3;
/** Without a window: those that were worst off, then the busiest. */
const CLIENTS_MAX = 2;
const UPSTREAMS_MAX = 4;

/** One picture: a client's leg, its windows with their upstreams, what stood by. */
export interface Picture {
  /** Whose windows these are; null where there are none, and connections are drawn on their own. */
  readonly client: string | null;
  readonly lanes: readonly Lane[];
  readonly windows: readonly Window[];
  /** Windows of the same client, or without a window connections, that are not drawn. */
  readonly omitted: number;
}

export type Lane =
  | { readonly kind: 'connection'; readonly role: string; readonly connection: Connection }
  | { readonly kind: 'window'; readonly window: Window };

export interface Pictures {
  readonly shown: readonly Picture[];
  /** Clients with windows that got none. */
  readonly omitted: number;
}

/** What is drawn of a report: the client that was without an upstream the longest first. */
export function picturesOf(report: Report, room: PictureRoom): Pictures {
  if (report.connections.length === 0) return { shown: [], omitted: 0 };
  if (report.windows.length === 0) return { shown: [plainPicture(report)], omitted: 0 };
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  const byClient = new Map<string, Window[]>();
  for (const window of report.windows) {
    const others = byClient.get(window.client);
    if (others === undefined) byClient.set(window.client, [window]);
    else others.push(window);
  }
  const weight = (windows: readonly Window[]): number => windows.reduce((sum, { duration }) => sum + duration, 0);
  const ranked = [...byClient].toSorted(([, a], [, b]) => weight(b) - weight(a));
  return {
    shown: ranked
      .slice(0, room.clients)
      .map(([client, windows]) =>
        windowPicture(client, worstFirst(windows).slice(0, room.windows), windows.length, byId),
      ),
    omitted: Math.max(0, ranked.length - room.clients),
  };
}

function windowPicture(
  client: string,
  worst: readonly Window[],
  windowCount: number,
  byId: ReadonlyMap<string, Connection>,
): Picture {
  const windows = worst.toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const dead = new Set(windows.map(({ upstream }) => upstream));
  const others = new Set(windows.flatMap(({ alternatives }) => alternatives.map(({ upstream }) => upstream)));
  const standBys = [...others].filter((id) => !dead.has(id)).slice(0, STAND_BYS_MAX);
  return {
    client,
    windows,
    lanes: [
      ...connectionLane('client', byId.get(client)),
      ...windows.flatMap((window): Lane[] => [
        { kind: 'window', window },
        ...connectionLane('upstream', byId.get(window.upstream)),
      ]),
      ...standBys.flatMap((id) => connectionLane(besideText(id, windows), byId.get(id))),
    ],
    omitted: windowCount - windows.length,
  };
}

function connectionLane(role: string, connection: Connection | undefined): Lane[] {
  return connection === undefined ? [] : [{ kind: 'connection', role, connection }];
}

/** No window: those that were worst off, then the busiest. */
function plainPicture({ connections }: Report): Picture {
  const ofRole = (role: Connection['role'], limit: number): Connection[] =>
    connections
      .filter((connection) => connection.role === role)
      .toSorted((a, b) => illness(b) - illness(a) || b.marks.length - a.marks.length)
      .slice(0, limit);
  const shown = [...ofRole('client', CLIENTS_MAX), ...ofRole('upstream', UPSTREAMS_MAX)];
  const drawn = shown.length > 0 ? shown : ofRole('other', CLIENTS_MAX);
  return {
    client: null,
    lanes: drawn.flatMap((connection) => connectionLane(connection.role, connection)),
    windows: [],
    omitted: connections.length - drawn.length,
  };
}

function illness({ liveness }: Connection): number {
  if (liveness.some(({ state }) => state === 'dead')) return 2;
  return liveness.some(({ state }) => state === 'unanswered') ? 1 : 0;
}
