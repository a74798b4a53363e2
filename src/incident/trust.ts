import { isOneSided } from './liveness.ts';
import type { Trace } from '../trace/index.ts';
import type { Leg, TrustNote } from './model.ts';

/** What each leg's part of the capture is like, and which conclusions that weakens. */
export function trustNotes(
  legs: readonly Leg[],
  clockSteps: Trace['clockSteps'],
  unseenAcks: number | null,
): readonly TrustNote[] {
  const ofLegs = legs
    .filter((leg) => leg.role !== 'other')
    .flatMap((leg) => [
      ...oneSided(leg),
      ...lostByCapture(leg),
      ...missingBytes(leg),
      ...differingOverlap(leg),
      ...snaplenCut(leg),
      ...begunMidStream(leg),
      ...keysUnfit(leg),
    ]);
  const isRoleless = legs.every((leg) => leg.role === 'other');
  return [
    ...setBack(clockSteps),
    ...noBareAcks(unseenAcks),
    ...(isRoleless ? ofCapture(legs) : ofLegs),
    ...legs.flatMap(payloadBlanked),
  ];
}

/** Where no leg has a role, what the capture lost or cut may be why: said once, for all of them. */
function ofCapture(legs: readonly Leg[]): TrustNote[] {
  const byCode = new Map<TrustNote['code'], TrustNote>();
  for (const note of legs.flatMap((leg) => [...lostByCapture(leg), ...missingBytes(leg), ...snaplenCut(leg)])) {
    const before = byCode.get(note.code);
    byCode.set(note.code, { ...(before ?? note), connection: null, count: (before?.count ?? 0) + note.count });
  }
  return [...byCode.values()];
}

function setBack({ count, first }: Trace['clockSteps']): TrustNote[] {
  if (count === 0) return [];
  return [
    {
      code: 'clock-step',
      connection: null,
      weakens: ['liveness', 'windows'],
      packets: first === null ? [] : [first],
      count,
    },
  ];
}

function noBareAcks(count: number | null): TrustNote[] {
  if (count === null) return [];
  return [
    { code: 'no-bare-acks', connection: null, weakens: ['liveness', 'windows', 'retransmissions'], packets: [], count },
  ];
}

function oneSided(leg: Leg): TrustNote[] {
  if (!isOneSided(leg.trace)) return [];
  return [
    {
      code: 'one-sided',
      connection: leg.id,
      weakens: ['liveness', 'windows', 'retransmissions'],
      packets: [leg.trace.first],
      count: leg.trace.flows[0].packets + leg.trace.flows[1].packets,
    },
  ];
}

function lostByCapture(leg: Leg): TrustNote[] {
  const count = leg.trace.flows[0].lostByCapture + leg.trace.flows[1].lostByCapture;
  if (count === 0) return [];
  return [
    {
      code: 'lost-by-capture',
      connection: leg.id,
      weakens: ['retransmissions', 'streams'],
      packets: [leg.trace.first],
      count,
    },
  ];
}

function missingBytes(leg: Leg): TrustNote[] {
  const count = leg.trace.flows[0].gapBytes + leg.trace.flows[1].gapBytes;
  if (count === 0) return [];
  return [
    { code: 'missing-bytes', connection: leg.id, weakens: ['streams', 'links'], packets: [leg.trace.first], count },
  ];
}

/** Two hosts may have read two streams: which bytes the receiver took is not told by the capture. */
function differingOverlap(leg: Leg): TrustNote[] {
  const count = leg.trace.flows[0].differingOverlaps + leg.trace.flows[1].differingOverlaps;
  if (count === 0) return [];
  return [
    { code: 'differing-overlap', connection: leg.id, weakens: ['streams', 'links'], packets: [leg.trace.first], count },
  ];
}

function snaplenCut(leg: Leg): TrustNote[] {
  const count = leg.trace.flows[0].snaplenBytes + leg.trace.flows[1].snaplenBytes;
  if (count === 0) return [];
  return [
    { code: 'snaplen-cut', connection: leg.id, weakens: ['streams', 'links'], packets: [leg.trace.first], count },
  ];
}

/** Secrets were given, and what was said in this connection stays unknown all the same, or some of it. */
function keysUnfit(leg: Leg): TrustNote[] {
  const { tls } = leg.trace;
  if (tls === null || !tls.hasKeyLog || tls.keys === 'used') return [];
  return [
    { code: 'keys-unfit', connection: leg.id, weakens: ['streams', 'links'], packets: [leg.trace.first], count: 1 },
  ];
}

/** An anonymised capture: who was silent can be told, not who waited for what. */
function payloadBlanked(leg: Leg): TrustNote[] {
  if (!leg.trace.isBlanked) return [];
  return [
    {
      code: 'payload-blanked',
      connection: leg.id,
      weakens: ['streams', 'links', 'windows'],
      packets: [leg.trace.first],
      count: 1,
    },
  ];
}

/** Streams whose requests were sent before the capture began can be followed, but not always named. */
function begunMidStream(leg: Leg): TrustNote[] {
  const count = leg.streams.filter((stream) => !stream.sawRequest).length;
  if (leg.opened !== 'before-capture' || count === 0) return [];
  return [
    { code: 'begun-mid-stream', connection: leg.id, weakens: ['links', 'streams'], packets: [leg.trace.first], count },
  ];
}
