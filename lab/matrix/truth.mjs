// What must be found in a capture, from the peers' own words and the moment of the fault; never from the capture.
import { ADDRESSES } from '../network.mjs';
import { secondsFromIso } from '../journal.mjs';

const GATEWAY_ERRORS = new Set([502, 503, 504]);
/** Contract: a stall that healed is a window for a stream that waited so long; a gateway acts at once within a second. */
const HEALED_WAIT_SECONDS = 30;
const AT_ONCE_SECONDS = 1;
/** An elicit can only be retransmitted often enough to prove a death this long before the capture's end. */
const PROOF_SECONDS = 10;

const seconds = (entry) => secondsFromIso(entry.at);
const DROPS = new Set(['output', 'input', 'host']);

/** These write no key log of their upstream side: over TLS it stays closed to every reader. */
const SECRETIVE = new Set(['haproxy', 'nghttpx']);

/**
 * @param facts { scenario, fault: { at, over }, end, clients: [{ ip, userAgent, entries }], apiserver1, apiserver2 }
 * @returns { state, closed, hurt: [{ client, server, gatewayPort, path, watch, onset }], unseen: [{ client, path, why }] }
 */
export function truthOf(facts) {
  const { gateway, upstream } = facts.scenario;
  return { closed: upstream === 'tls' && SECRETIVE.has(gateway), ...stateOf(facts) };
}

function stateOf(facts) {
  const { fault } = facts.scenario;
  const begun = secondsFromIso(facts.fault.at);
  if (fault === 'none') return { state: 'healthy', hurt: [], unseen: [] };
  if (fault === 'stop') return { state: 'suspect', hurt: [], unseen: [] };
  if (DROPS.has(fault) || (fault === 'burst' && facts.scenario.burst >= HEALED_WAIT_SECONDS))
    return dropped(facts, begun);
  if (fault === 'burst') return { state: 'healthy', hurt: [], unseen: [] };
  return { state: wasToldLate(facts, begun) ? 'half-dead' : 'healthy', hurt: [], unseen: [] };
}

/** Watches that ran on apiserver1 when its packets stopped. */
function dropped(facts, begun) {
  const open = facts.apiserver1.filter(
    (entry) =>
      entry.event === 'request' && entry.watch && seconds(entry) < begun && !isDone(facts.apiserver1, entry, begun),
  );
  const told = open.map((watch) => {
    const client = facts.clients.find(({ userAgent }) => userAgent === watch.userAgent);
    const victim = { client: client?.ip, path: watch.path, watch: true };
    const elicit = firstElicit(facts, watch, begun);
    if (elicit === null || elicit > secondsFromIso(facts.end) - PROOF_SECONDS)
      return {
        unseen: { ...victim, why: 'nothing was sent on its connection after the drop: no packet proves it dead' },
      };
    const port = Number(watch.remote.split(':').at(-1));
    const onset = [lastWord(facts, watch, begun), elicit];
    return { hurt: { ...victim, server: ADDRESSES.apiserver1.host, gatewayPort: port, onset } };
  });
  return {
    state: 'half-dead',
    hurt: told.flatMap(({ hurt }) => hurt ?? []),
    unseen: told.flatMap(({ unseen }) => unseen ?? []),
  };
}

function isDone(entries, request, until) {
  return entries.some(
    (entry) =>
      entry.event === 'done' &&
      entry.remote === request.remote &&
      entry.path === request.path &&
      entry.watch === request.watch &&
      seconds(entry) > seconds(request) &&
      seconds(entry) < until,
  );
}

/** The last thing that either side said on that connection and the other got. */
function lastWord(facts, { remote }, begun) {
  const words = facts.apiserver1.filter((entry) => entry.remote === remote && seconds(entry) < begun);
  return Math.max(...words.map(seconds));
}

/**
 * The first thing that was said on it in vain and that the gateway's tap sees: an event of apiserver1, unless its packets are lost on its own
 * side; a request of the gateway, unless its packets are lost before the tap.
 */
function firstElicit(facts, watch, begun) {
  const { fault } = facts.scenario;
  const events = facts.apiserver1
    .filter((entry) => entry.event === 'event' && entry.remote === watch.remote && seconds(entry) > begun)
    .map(seconds);
  // Over HTTP/2 a gateway sends later requests of those clients on it whose requests apiserver1 got there before.
  const sharers = facts.apiserver1.filter(({ event, remote }) => event === 'request' && remote === watch.remote);
  const shares = ({ userAgent }) =>
    facts.scenario.upstream !== 'http1' && sharers.some((entry) => entry.userAgent === userAgent);
  const heard = new Set(
    [...facts.apiserver1, ...facts.apiserver2].filter(({ event }) => event === 'request').map(keyOf),
  );
  const unheard = facts.clients.filter(shares).flatMap((client) =>
    client.entries
      .filter((entry) => entry.event === 'sent' && seconds(entry) > begun)
      .filter((entry) => !heard.has(keyOf({ ...entry, userAgent: client.userAgent })))
      .map(seconds),
  );
  const seen = [...(fault === 'output' || fault === 'input' ? events : []), ...(fault !== 'output' ? unheard : [])];
  return seen.length === 0 ? null : Math.min(...seen);
}

/** A request by who asked for what in which second: the peers' clocks are one. */
function keyOf({ userAgent, path, watch, at }) {
  return `${userAgent} ${path} ${watch} ${Math.floor(secondsFromIso(at) * 5)}`;
}

/** A client got the gateway's own error, or the end of its watch more than a second after apiserver1's. */
function wasToldLate(facts, begun) {
  return facts.clients.some(({ entries }) =>
    entries.some((entry) => {
      if (entry.event !== 'ended' || seconds(entry) < begun) return false;
      if (GATEWAY_ERRORS.has(entry.status)) return true;
      const sent = entries.find((other) => other.event === 'sent' && other.request === entry.request);
      return entry.watch && entry.error !== null && seconds(sent) < begun && seconds(entry) - begun > AT_ONCE_SECONDS;
    }),
  );
}
