// What a capture can show of a run where no secrets are given: who asked for what is then told by when it was asked alone.
import { secondsFromIso } from '../journal.mjs';

/** A gateway passes on at once; what takes longer, or what two clients asked within this, has no moment of its own. */
const MOMENT_SECONDS = 0.01;
/** Fewer may be chance. */
const CROSSINGS_MIN = 2;
const EVENTS_MIN = 3;

/** @returns { state, why }: `why` is null where the state is that of the run */
export function withoutKeysOf(run, { state, hurt }) {
  if (state === 'suspect' && run.scenario.upstream === 'tls')
    return {
      state: 'healthy',
      why: 'that a process says no more what it owes is told by what cannot be read: its kernel acknowledges',
    };
  if (state !== 'half-dead') return { state, why: null };
  if (run.scenario.gateway === 'faulty' && run.scenario.fault === 'kill')
    return {
      state: 'suspect',
      why: 'that the gateway did not tell its clients of a FIN is said in what cannot be read',
    };
  const shown = hurt.filter((one) => (one.gatewayPort === null ? hasWaits(run, one) : hasCrossed(run, one)));
  if (shown.length > 0) return { state, why: null };
  return {
    state: 'suspect',
    why: 'no client that was hurt asked often enough at moments of its own that went on at once',
  };
}

/** Requests of that client for which no port is known: more than one that waited was alone in its moment. */
function hasWaits(run, { client }) {
  const waited = run.requests.filter((request) => {
    const [first] = request.arrivals;
    const late = first === undefined || first.at - request.sent > MOMENT_SECONDS;
    return request.client === client && request.sent > run.faultAt && late && isAlone(run, request);
  });
  return waited.length >= CROSSINGS_MIN;
}

/**
 * Requests of that client went on at moments of their own; among them is the one that hung, or one was sent in vain later, or events came of it.
 */
function hasCrossed(run, { client, gatewayPort, path }) {
  const own = run.requests.filter((request) => request.client === client && isAlone(run, request));
  const crossed = own.filter(({ sent, arrivals }) => arrivals.length > 0 && arrivals[0].at - sent <= MOMENT_SECONDS);
  const hung = crossed.some(
    ({ watch, path: asked, arrivals }) => watch && asked === path && arrivals[0].gatewayPort === gatewayPort,
  );
  const inVain = own.some(({ sent, arrivals }) => sent > run.faultAt && arrivals.length === 0);
  return crossed.length >= CROSSINGS_MIN && (hung || inVain || hasEvents(run, gatewayPort));
}

function isAlone({ requests }, { client, sent }) {
  return requests.every((other) => other.client === client || Math.abs(other.sent - sent) > MOMENT_SECONDS);
}

function hasEvents({ apiserver1, faultAt }, gatewayPort) {
  const events = apiserver1.filter(
    ({ event, remote, at }) =>
      event === 'event' && Number(remote?.split(':').at(-1)) === gatewayPort && secondsFromIso(at) < faultAt,
  );
  return events.length >= EVENTS_MIN;
}
