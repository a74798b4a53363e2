import type { CaptureFacts } from '../../capture/index.ts';
import type { Incident, TrustNote as IncidentTrust } from '../../incident/index.ts';
import type { Flood, LimitHit } from '../../trace/index.ts';
import type { TrustNote } from '../model.ts';
import { trustText } from '../words/trust.ts';
import { type Frame, packetsOf } from './frame.ts';
import { undecodedCount } from './not-analyzed.ts';

/** The model's notes on its legs, and what reading itself had to leave out. */
export function trustOf(frame: Frame, incident: Incident, { files, warningsOmitted }: CaptureFacts): TrustNote[] {
  const undecoded = undecodedCount(incident);
  const dropped = files.reduce((sum, file) => sum + (file.droppedPackets ?? 0), 0);
  const merged = files.filter(({ isMerged }) => isMerged).length;
  return [
    ...incident.trust.map((note) => noteOf(frame, note)),
    ...(undecoded === 0 ? [] : [wholeCapture('undecoded', ['liveness', 'windows'], undecoded)]),
    ...(incident.duplicates === 0 ? [] : [wholeCapture('duplicates', ['retransmissions'], incident.duplicates)]),
    ...(dropped === 0 ? [] : [wholeCapture('dropped-by-interface', ['retransmissions', 'windows'], dropped)]),
    ...(merged === 0 ? [] : [wholeCapture('merged-file', ['retransmissions', 'windows'], merged)]),
    ...(warningsOmitted === 0 ? [] : [wholeCapture('warnings-omitted', ['streams'], warningsOmitted)]),
    ...incident.limits.map(limitReached),
    ...incident.floods.map((flood) => floodNote(frame, flood)),
  ];
}

/** Limits on what tells who was silent and when; the others bound what was said. */
const TIMES: ReadonlySet<string> = new Set([
  'debts-per-connection',
  'silences-per-connection',
  'closes-per-connection',
  'connections',
  'packets-of-open-connections',
  'unanswered-pings-per-side',
]);
/** And on what tells a copy from what was sent again. */
const COPIES: ReadonlySet<string> = new Set(['packets-remembered-for-copies', 'connections-compared-between-files']);

function limitReached({ limit, bound, count }: LimitHit): TrustNote {
  const ofSaid = COPIES.has(limit) ? ['retransmissions'] : ['streams', 'links'];
  const weakens = TIMES.has(limit) ? ['liveness', 'windows'] : ofSaid;
  return told({ code: 'limit', connection: null, weakens, packets: [], count, args: { limit, bound } });
}

function floodNote(frame: Frame, { to, connections, syns, since, until }: Flood): TrustNote {
  return told({
    code: 'unanswered-syns',
    connection: null,
    weakens: ['connections'],
    ...packetsOf(frame, [since, until]),
    count: syns,
    args: to === null ? { connections } : { connections, ip: to.ip, port: to.port },
  });
}

function noteOf(frame: Frame, { code, connection, weakens, packets, count }: IncidentTrust): TrustNote {
  return told({ code, connection, weakens: [...weakens], ...packetsOf(frame, packets), count, args: {} });
}

function wholeCapture(
  code: 'undecoded' | 'duplicates' | 'dropped-by-interface' | 'merged-file' | 'warnings-omitted',
  weakens: string[],
  count: number,
): TrustNote {
  return told({ code, connection: null, weakens, packets: [], count, args: {} });
}

function told(note: Omit<TrustNote, 'message'>): TrustNote {
  return { ...note, message: trustText(note) };
}
