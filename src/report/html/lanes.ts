import type { Connection, Report, Window } from '../model.ts';
import { besideText } from '../words/window-facts.ts';
import { worstFirst } from '../words/verdict.ts';

/** Clients with windows that get a picture of their own, the longest dead first. */
const PICTURES_MAX = 5;
const WINDOWS_MAX = 6;
const STAND_BYS_MAX = 3;
/** Without a window: those that were worst off, then the busiest. */
const CLIENTS_MAX = 2;
const UPSTREAMS_MAX = 4;

/** One picture: a client's leg, its windows with their upstreams, what stood by. */
export interface Picture {
  readonly title: string;
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

/** What is drawn: never more than a person looks at, whatever the number of connections. */
export function picturesOf(report: Report): Pictures {
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
    shown: ranked.slice(0, PICTURES_MAX).map(([client, windows]) => windowPicture(client, windows, byId)),
    omitted: Math.max(0, ranked.length - PICTURES_MAX),
  };
}

function windowPicture(client: string, all: readonly Window[], byId: ReadonlyMap<string, Connection>): Picture {
  const windows = worstFirst(all)
    .slice(0, WINDOWS_MAX)
    .toSorted((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const dead = new Set(windows.map(({ upstream }) => upstream));
  const others = new Set(windows.flatMap(({ alternatives }) => alternatives.map(({ upstream }) => upstream)));
  const standBys = [...others].filter((id) => !dead.has(id)).slice(0, STAND_BYS_MAX);
  return {
    title: `Client ${client}`,
    windows,
    lanes: [
      ...connectionLane('client', byId.get(client)),
      ...windows.flatMap((window): Lane[] => [
        { kind: 'window', window },
        ...connectionLane('upstream', byId.get(window.upstream)),
      ]),
      ...standBys.flatMap((id) => connectionLane(besideText(id, windows), byId.get(id))),
    ],
    omitted: all.length - windows.length,
  };
}

function connectionLane(role: string, connection: Connection | undefined): Lane[] {
  return connection === undefined ? [] : [{ kind: 'connection', role, connection }];
}

function plainPicture({ connections }: Report): Picture {
  const ofRole = (role: Connection['role'], limit: number): Connection[] =>
    connections
      .filter((connection) => connection.role === role)
      .toSorted((a, b) => illness(b) - illness(a) || b.marks.length - a.marks.length)
      .slice(0, limit);
  const shown = [...ofRole('client', CLIENTS_MAX), ...ofRole('upstream', UPSTREAMS_MAX)];
  const drawn = shown.length > 0 ? shown : ofRole('other', CLIENTS_MAX);
  return {
    title: 'Connections',
    lanes: drawn.flatMap((connection) => connectionLane(connection.role, connection)),
    windows: [],
    omitted: connections.length - drawn.length,
  };
}

function illness({ liveness }: Connection): number {
  if (liveness.some(({ state }) => state === 'dead')) return 2;
  return liveness.some(({ state }) => state === 'unanswered') ? 1 : 0;
}
