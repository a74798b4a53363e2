import type { TraceStream } from '../../trace/index.ts';
import { type Facts, finding, isHurtStream, ofRole, type Rule } from './rule.ts';

const SECOND_NS = 1e9;
/** Idle time-outs are set in multiples of this, and fire a little after them; before them only by what the packet took to the gateway's clock. */
const STEP_NS = 5 * SECOND_NS;
const LATE_MAX_NS = 0.25 * SECOND_NS;
const EARLY_MAX_NS = 0.05 * SECOND_NS;
/** Below this, other time-outs than a stream's idle one are likelier. */
const IDLE_MIN_NS = 10 * SECOND_NS;

/** A stream that the gateway cut after a round number of seconds of silence, while its upstream was healthy. */
export const idleTimeoutCut: Rule = (facts) =>
  ofRole(facts, 'client').flatMap((leg) =>
    leg.streams.flatMap((stream) => {
      // Without a response it was no quiet stream, but a request that timed out.
      if (stream.reset?.by !== leg.serverSide || stream.statusAt === null || isHurtStream(facts, leg, stream.id))
        return [];
      const quietNs = stream.reset.at.timeNs - lastFrameNs(stream);
      const lateNs = (quietNs + EARLY_MAX_NS) % STEP_NS;
      if (
        quietNs < IDLE_MIN_NS - EARLY_MAX_NS ||
        lateNs > LATE_MAX_NS + EARLY_MAX_NS ||
        !upstreamWasHealthy(facts, stream, stream.reset.at.timeNs)
      )
        return [];
      return [
        finding(
          'idle-timeout-cut',
          'warning',
          { quietNs, by: 'rst-stream' },
          { connection: leg.id, stream: stream.id, packets: [stream.reset.at] },
        ),
      ];
    }),
  );

function lastFrameNs(stream: TraceStream): number {
  return Math.max(
    stream.opened.timeNs,
    stream.statusAt?.timeNs ?? 0,
    stream.lastData[0]?.timeNs ?? 0,
    stream.lastData[1]?.timeNs ?? 0,
  );
}

function upstreamWasHealthy(facts: Facts, stream: TraceStream, atNs: number): boolean {
  const carriers = stream.partners
    .filter((partner) => partner.nearerClient)
    .flatMap((partner) => facts.legs[partner.connection] ?? []);
  return (
    carriers.length > 0 &&
    carriers.every((leg) =>
      leg.liveness.some(
        ({ fromNs, toNs, state }) => fromNs <= atNs && atNs <= toNs && (state === 'alive' || state === 'idle'),
      ),
    )
  );
}
