import { counted } from './phrase.ts';

/** Of what an upstream fell silent: the first of these that there is; none of them: of events and bookmarks. */
interface Silence {
  readonly quietSeconds: number;
  /** Another connection to the same server that is dead. */
  readonly deadBeside: string | null;
  readonly heldRequests: number;
  /** Absent in a report of an older version. */
  readonly heldBytes?: number;
  readonly rhythm?: 'probe' | 'ping' | null;
  readonly everySeconds?: number | null;
}

const BEATS = { probe: 'a keep-alive probe', ping: 'a PING' } as const;

/** What was due and did not come, to be put behind the connection's name. */
export function silenceText(
  { quietSeconds, deadBeside, heldRequests, heldBytes = 0, rhythm = null, everySeconds = null }: Silence,
  span: (seconds: number) => string,
  name: (id: string) => string,
): string {
  const quiet = span(quietSeconds);
  if (heldBytes > 0) {
    return `: no packet for ${quiet}, while ${counted(heldBytes, 'byte')} of a client's input came in and left the gateway on no connection`;
  }
  if (heldRequests > 0) {
    return (
      `: no packet for ${quiet}, while ${counted(heldRequests, 'request')} of clients that it served before got no answer of an upstream and ` +
      `${heldRequests === 1 ? 'was' : 'were'} seen leaving the gateway on no connection`
    );
  }
  if (rhythm !== null && everySeconds !== null) {
    return ` sent nothing for ${quiet}; while the connection was idle before, ${BEATS[rhythm]} of it came each ${span(everySeconds)}`;
  }
  if (deadBeside !== null) {
    return (
      ` sent nothing for ${quiet}; nothing tests this connection, but its server is dead on ${name(deadBeside)}, and heard ` +
      'nowhere since'
    );
  }
  return ` sent nothing for ${quiet}, on a watch that had brought events and had asked for bookmarks, one about each minute`;
}
