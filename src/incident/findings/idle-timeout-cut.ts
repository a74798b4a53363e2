import type { Goaway, TraceStream } from '../../trace/index.ts';
import { LINK_CONFIDENCE_MIN } from '../links.ts';
import type { Finding, Leg } from '../model.ts';
import { latest, overAt } from '../stream-fate.ts';
import { type Facts, finding, isHurtStream, ofRole, type Rule } from './rule.ts';
import { windowsOfClient } from './windows-by-leg.ts';

const SECOND_NS = 1e9;
/** Idle time-outs are set in multiples of this, and fire a little after them; before them only by what the packet took to the gateway's clock. */
const STEP_NS = 5 * SECOND_NS;
const LATE_MAX_NS = 0.25 * SECOND_NS;
const EARLY_MAX_NS = 0.05 * SECOND_NS;
/** Below this, other time-outs than an idle one are likelier. */
const IDLE_MIN_NS = 10 * SECOND_NS;

/** What the gateway cut on a client's connection after a round number of seconds of silence, while its upstream was healthy. */
export const idleTimeoutCut: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) => [
    ...leg.streams.flatMap((stream) => cutStream(facts, leg, stream)),
    ...cutConnection(facts, leg),
  ]);

function cutStream(facts: Facts, leg: Leg, stream: TraceStream): Finding[] {
  const { reset, statusAt } = stream;
  // Without a response it was no quiet stream, but a request that timed out.
  if (reset?.by !== leg.serverSide || statusAt === null || isHurtStream(facts, leg, stream)) return [];
  const quietNs = reset.at.timeNs - lastFrameNs(stream);
  if (!isRound(quietNs) || !wereHealthy(carriersOf(facts, stream), reset.at.timeNs)) return [];
  return [
    finding(
      'idle-timeout-cut',
      'warning',
      { quietNs, by: 'rst-stream' },
      { connection: leg.id, stream, packets: [reset.at] },
    ),
  ];
}

/** RFC 9113 §7: an idle time-out is no error. */
const NO_ERROR = 0;

/** The gateway said GOAWAY to a connection on which nothing but PINGs and acknowledgements had passed. It hurts only who has a stream on it. */
function cutConnection(facts: Facts, leg: Leg): Finding[] {
  const goaway = leg.trace.goaways.find(({ by }) => by === leg.serverSide);
  if (goaway === undefined || goaway.errorCode !== NO_ERROR) return [];
  const atNs = goaway.at.timeNs;
  const quietNs = atNs - lastUseNs(leg, goaway);
  if (!isRound(quietNs) || isHurtAt(facts, leg, atNs) || !wereHealthy(linkedTo(facts, leg), atNs)) return [];
  const isInUse = leg.streams.some(
    (stream) => stream.opened.timeNs < atNs && (overAt(stream, leg.serverSide)?.timeNs ?? Infinity) > atNs,
  );
  return [
    finding(
      'idle-timeout-cut',
      isInUse ? 'warning' : 'info',
      { quietNs, by: 'goaway' },
      { connection: leg.id, packets: [goaway.at] },
    ),
  ];
}

function isRound(quietNs: number): boolean {
  return quietNs >= IDLE_MIN_NS - EARLY_MAX_NS && (quietNs + EARLY_MAX_NS) % STEP_NS <= LATE_MAX_NS + EARLY_MAX_NS;
}

function lastFrameNs({ opened, statusAt, lastData }: TraceStream): number {
  return latest([opened, statusAt, ...lastData])?.timeNs ?? opened.timeNs;
}

/** What a stream sends or gets; without any, the connection's first packet. */
const USES: ReadonlySet<string> = new Set(['request', 'response', 'data', 'rst-stream']);

function lastUseNs({ trace }: Leg, { at }: Goaway): number {
  const uses = trace.marks.filter(({ kind, from }) => USES.has(kind) && from.timeNs < at.timeNs);
  return uses.reduce((lastNs, { to }) => Math.max(lastNs, to.timeNs), trace.first.timeNs);
}

function isHurtAt({ windows }: Facts, leg: Leg, atNs: number): boolean {
  return windowsOfClient(windows, leg).some(({ fromNs, toNs }) => fromNs <= atNs && atNs <= (toNs ?? Infinity));
}

function carriersOf(facts: Facts, { partners }: TraceStream): Leg[] {
  return partners.filter(({ nearerClient }) => nearerClient).flatMap(({ connection }) => facts.legs[connection] ?? []);
}

function linkedTo(facts: Facts, { id }: Leg): Leg[] {
  const links = facts.links.filter(({ client, confidence }) => client === id && confidence >= LINK_CONFIDENCE_MIN);
  return links.flatMap(({ upstream }) => facts.legById.get(upstream) ?? []);
}

/** Each of them, and there is one. */
function wereHealthy(upstreams: readonly Leg[], atNs: number): boolean {
  return (
    upstreams.length > 0 &&
    upstreams.every((leg) =>
      leg.liveness.some(
        ({ fromNs, toNs, state }) => fromNs <= atNs && atNs <= toNs && (state === 'alive' || state === 'idle'),
      ),
    )
  );
}
