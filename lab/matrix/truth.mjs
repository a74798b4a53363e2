// What must be found in a capture, from the peers' own words, the gateway kernel's list of sockets and the moment of the fault; never from
// the capture.
import { ADDRESSES } from '../network.mjs';
import { secondsFromIso } from '../journal.mjs';
import { endOf, toldBy } from './ends.mjs';
import { grouped, requestsOf } from './requests.mjs';
import { waitingOf } from './waiting.mjs';
import { withoutKeysOf } from './without-keys.mjs';

/** Contract: a stall that healed is a window for a stream that waited so long; a gateway acts at once within a second. */
const HEALED_WAIT_SECONDS = 30;
const AT_ONCE_SECONDS = 1;
/** A close may be passed on late on purpose: nginx sends the RST_STREAM with the next frame it has to send. */
const PASSED_ON_SECONDS = 3;
/** An elicit can only be retransmitted often enough to prove a death this long before the capture's end. */
const PROOF_SECONDS = 10;
/** What reaches an apiserver later than this waited for something. */
const PROMPT_SECONDS = 0.5;

const DROPS = new Set(['output', 'input', 'host']);
const HEALTHY = new Set(['none', 'clients', 'client-kill']);
/** One direction's packets are lost, or both's. */
const CAUSES = { output: ['path-one-way'], input: ['path-one-way'], host: ['peer-silent'], burst: ['peer-silent'] };
const CLOSED = ['reset', 'closed-not-propagated'];

/** These write no key log of their upstream side: over TLS it stays closed to every reader. */
const SECRETIVE = new Set(['haproxy', 'nghttpx']);

/**
 * @param facts { scenario, begun, fault: { at, done }, end, clients: [{ ip, userAgent, entries }], apiserver1, apiserver2, sockets }
 * @returns what NAME.truth.json holds (../README.md)
 */
export function tellTruth(name, facts) {
  const { scenario, begun, fault, end } = facts;
  return { name, scenario, recorded: fault.at, capture: { from: begun, to: end }, fault, expect: expectationOf(facts) };
}

function expectationOf(facts) {
  const { gateway, upstream } = facts.scenario;
  const run = {
    ...facts,
    requests: requestsOf(facts),
    from: secondsFromIso(facts.begun),
    faultAt: secondsFromIso(facts.fault.at),
    faultDone: secondsFromIso(facts.fault.done),
    // By then packets were lost; a burst is done when its rules are gone again.
    faultSet: secondsFromIso(facts.fault.done) - (facts.scenario.burst ?? 0),
    to: secondsFromIso(facts.end),
  };
  const found = stateOf(run);
  return { closed: upstream === 'tls' && SECRETIVE.has(gateway), ...found, withoutKeys: withoutKeysOf(run, found) };
}

function stateOf(run) {
  const { fault, burst } = run.scenario;
  if (HEALTHY.has(fault) || (fault === 'burst' && burst < HEALED_WAIT_SECONDS)) return told('healthy', [], []);
  if (fault === 'stop') return stopped(run);
  if (DROPS.has(fault) || fault === 'burst') return dropped(run);
  const hurt = run.scenario.gateway === 'faulty' ? deceived(run) : [...toldLate(run), ...waitingOf(run, [])];
  return told(hurt.length > 0 ? 'half-dead' : 'healthy', hurt, []);
}

function told(state, hurt, unseen) {
  return { state, hurt, unseen };
}

/** Watches that ran on apiserver1 when it happened. */
function watchesOn1({ requests, faultAt }) {
  return requests.filter(
    ({ watch, ended, arrivals }) =>
      watch &&
      arrivals[0]?.server === 'apiserver1' &&
      arrivals[0].at < faultAt &&
      (ended === null || ended.at > faultAt),
  );
}

function victim(run, { client, path, watch, sent, arrivals }) {
  const gatewayPort = arrivals[0]?.gatewayPort ?? null;
  return { client, server: ADDRESSES.apiserver1.host, gatewayPort, path: sent < run.from ? null : path, watch };
}

function dropped(run) {
  const watches = watchesOn1(run).map((watch) => {
    const elicit = firstElicit(run, watch);
    if (elicit === null || elicit > run.to - PROOF_SECONDS) {
      const why = 'nothing was sent on its connection after the drop: no packet proves it dead';
      return { unseen: { client: watch.client, path: watch.path, watch: true, why } };
    }
    const onset = [lastWord(run, watch), elicit];
    return { hurt: { ...victim(run, watch), cause: CAUSES[run.scenario.fault], onset, end: endOf(run, watch, onset) } };
  });
  const hurt = watches.flatMap((watch) => watch.hurt ?? []);
  return told(
    'half-dead',
    [...hurt, ...waitingOf(run, hurt)],
    watches.flatMap(({ unseen }) => unseen ?? []),
  );
}

/** A process that says nothing is no more than suspect, unless the gateway itself gave it up for that. */
function stopped(run) {
  const givenUp = watchesOn1(run).filter(({ ended }) => ended !== null && ended.at - run.faultDone > AT_ONCE_SECONDS);
  const hurt = givenUp.map((watch) => {
    const onset = [run.faultAt, watch.ended.at];
    return { ...victim(run, watch), cause: null, onset, end: endOf(run, watch, onset) };
  });
  return told(hurt.length > 0 ? 'half-dead' : 'suspect', hurt, []);
}

/** When apiserver1 went: a graceful one says so. */
function goneAt({ apiserver1, faultDone }) {
  const leaving = apiserver1.find(({ event }) => event === 'leaving');
  return leaving === undefined ? faultDone : secondsFromIso(leaving.at);
}

/** Watches of which the client learned more than three seconds after apiserver1 had gone, or whose connection had been reset. */
function toldLate(run) {
  // Its kernel resets a connection as soon as something comes in on it: that is a window however fast it is passed on (contract: `reset`).
  if (run.scenario.fault === 'refuse') return reset(run);
  const gone = goneAt(run);
  return watchesOn1(run)
    .filter(({ ended }) => ended !== null && ended.error !== null && ended.at - gone > PASSED_ON_SECONDS)
    .map((watch) => ({
      ...victim(run, watch),
      cause: CLOSED,
      onset: [run.faultAt, gone],
      end: toldBy(watch),
    }));
}

function reset(run) {
  return watchesOn1(run)
    .filter(({ ended }) => ended !== null)
    .map((watch) => ({
      ...victim(run, watch),
      cause: CLOSED,
      onset: [run.faultAt, watch.ended.at],
      end: toldBy(watch),
    }));
}

/** Our own gateway tells nobody that apiserver1 closed, and sends on into a connection whose GOAWAY said no. */
function deceived(run) {
  const open = { how: 'capture-end', at: null };
  const from = [run.faultAt, run.faultDone];
  if (run.scenario.fault === 'kill')
    return watchesOn1(run).map((watch) => ({ ...victim(run, watch), cause: CLOSED, onset: from, end: open }));
  const unheard = run.requests.filter(
    ({ sent, arrivals, ended }) => sent > run.faultDone && arrivals.length === 0 && ended === null,
  );
  return firstOfEach(unheard, ({ client }) => client).map((request) => {
    return { ...victim(run, request), cause: ['goaway-ignored'], onset: [run.faultAt, request.sent], end: open };
  });
}

function firstOfEach(list, keyOf) {
  return [...grouped(list, keyOf).values()].map(([first]) => first);
}

/** The last thing that either side said on that connection and the other got. */
function lastWord({ apiserver1, faultAt }, watch) {
  const words = apiserver1.filter((entry) => isOn(entry, watch)).map(({ at }) => secondsFromIso(at));
  return Math.max(...words.filter((at) => at < faultAt));
}

function isOn({ remote }, { arrivals }) {
  return remote !== undefined && Number(remote.split(':').at(-1)) === arrivals[0].gatewayPort;
}

/**
 * The first thing that was said on it in vain and that the gateway's tap sees: an event of apiserver1, unless its packets are lost on its own
 * side; a request of the gateway, unless its packets are lost before the tap.
 */
function firstElicit(run, watch) {
  const { fault, upstream } = run.scenario;
  const after = ({ at }) => secondsFromIso(at) > run.faultSet;
  const events = run.apiserver1
    .filter((entry) => entry.event === 'event' && isOn(entry, watch) && after(entry))
    .map(({ at }) => secondsFromIso(at));
  // Over HTTP/2 a gateway sends later requests of those clients on it whose requests apiserver1 got there before.
  const sharers = new Set(run.apiserver1.filter((entry) => isOn(entry, watch)).map(({ userAgent }) => userAgent));
  const unheard = run.requests
    .filter(({ userAgent, sent }) => upstream !== 'http1' && sharers.has(userAgent) && sent > run.faultSet)
    .filter(({ sent, arrivals }) => arrivals.length === 0 || arrivals[0].at - sent > PROMPT_SECONDS)
    .map(({ sent }) => sent);
  const seen = [...(fault === 'output' || fault === 'input' ? events : []), ...(fault !== 'output' ? unheard : [])];
  return seen.length === 0 ? null : Math.min(...seen);
}
