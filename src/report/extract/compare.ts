import type { Connection, Report, Window } from '../model.ts';
import { endpointText } from '../address.ts';
import { parseTimestamp } from '../timestamp.ts';

/** Whether two reports say the same of what happened: the verdict, and of each window who, since when, why, until when and how it ended. */
export function tellsTheSame(a: Report, b: Report): boolean {
  return storyOf(a) === storyOf(b);
}

function storyOf({ verdict, windows, connections }: Report): string {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  const told = windows.map((window) => windowStory(window, byId)).toSorted();
  return [verdict.state, verdict.reason, verdict.confidence, ...told].join('\n');
}

function windowStory(
  { client, upstream, from, to, cause, end }: Window,
  byId: ReadonlyMap<string, Connection>,
): string {
  const ends = (id: string): string => {
    const connection = byId.get(id);
    return connection === undefined ? id : `${endpointText(connection.client)} ${endpointText(connection.server)}`;
  };
  // As numbers: an extract may have fewer digits.
  const times = [from, to].map((at) => (at === null ? 'open' : String(parseTimestamp(at))));
  return [ends(client), ends(upstream), ...times, cause, end.how].join(' ');
}
