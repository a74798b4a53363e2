// Requests that waited for apiserver1 and were not on a watch's connection: into a connection that was kept, or for one that never opened.
import { ADDRESSES } from '../network.mjs';
import { secondsFromIso } from '../journal.mjs';
import { grouped } from './requests.mjs';

const PROOF_SECONDS = 10;
/** Three SYNs are sent in so long; what waited less shows nothing. */
const THREE_TRIES_SECONDS = 3.5;
/** The gateway acts on what its client did. */
const LATE_SECONDS = 0.1;
const NOT_SHOWN = 'not shown';
const GATEWAY_ERRORS = new Set([502, 503, 504]);

/**
 * The first such wait of each client, with those of its requests that overlap.
 * @param hurt  the watches already told: over HTTP/2 requests waited with them until their connection was given up
 * @returns as in `hurt`, with `gatewayPort: null`: no peer knows the port
 */
export function waitingOf(run, hurt) {
  const after = lastGivenUp(run, hurt);
  if (after === null) return [];
  const waits = run.requests.filter(({ sent }) => sent > after).flatMap((request) => waitOf(run, request));
  const first = [...grouped(waits, ({ client }) => client).values()].map(([wait]) => wait);
  return first.map((wait) => toldAs(run, wait, waits));
}

function lastGivenUp({ faultDone, scenario }, hurt) {
  if (scenario.upstream === 'http1' || hurt.length === 0) return faultDone;
  if (hurt.some(({ end }) => end.how !== 'gateway-closed')) return null;
  return Math.max(...hurt.map(({ end }) => end.at[1]));
}

/** How a request's wait ended; none where it did not wait, or too shortly to be seen. */
function waitOf(run, { client, path, watch, sent, refused, ended, arrivals }) {
  // Where the gateway's packets to apiserver1 are lost before the tap, none tells that anything was asked.
  if (run.scenario.fault === 'output') return [];
  const heard = arrivals.find(({ server }) => server === 'apiserver2' || run.scenario.fault !== 'input');
  const told = (how, until) => [{ client, path, watch, sent, until, how }];
  if (ended !== null && GATEWAY_ERRORS.has(ended.status)) return told('gateway-closed', ended.at);
  if (refused !== null) return refused - sent >= THREE_TRIES_SECONDS ? told('gateway-closed', refused) : [];
  if (heard !== undefined) return heard.at - sent >= THREE_TRIES_SECONDS ? told('rerouted', heard.at) : [];
  if (ended === null) return sent <= run.to - PROOF_SECONDS ? told('capture-end', Infinity) : [];
  return ended.at - sent >= PROOF_SECONDS ? told(endOfCancelled(run, ended.at), ended.at) : [];
}

/**
 * The client gave the request up, and its gateway then the connection, on which over HTTP/1.1 nothing else can be sent. While bytes are on
 * their way in vain, the kernel holds a FIN back behind them: only a RST is seen. A client in the clear closes its own connection.
 */
function endOfCancelled({ scenario, sockets }, at) {
  const closed = sockets.filter(
    ({ server, lastOpen, notOpen }) =>
      server === 'apiserver1' &&
      notOpen !== null &&
      secondsFromIso(lastOpen) <= at + LATE_SECONDS &&
      secondsFromIso(notOpen) >= at,
  );
  if (closed.length > 0 && closed.every(({ lastState }) => !lastState.startsWith('FIN-WAIT'))) return 'gateway-closed';
  return scenario.downstream === 'http1' ? 'client-gone' : NOT_SHOWN;
}

function toldAs(run, wait, waits) {
  const together = waits.filter(
    ({ client, sent, until }) => client === wait.client && sent <= wait.until && until >= wait.sent,
  );
  const begun = Math.min(
    ...waits.filter(({ sent, until }) => sent <= wait.until && until >= wait.sent).map(({ sent }) => sent),
  );
  return {
    client: wait.client,
    server: ADDRESSES.apiserver1.host,
    gatewayPort: null,
    path: together.some(({ how }) => how === 'rerouted') ? null : wait.path,
    watch: wait.watch,
    cause: null,
    onset: [begun, Math.min(wait.until, run.to)],
    end: endOf(wait, together),
  };
}

function endOf({ how, until }, together) {
  if (how === 'capture-end') return { how, at: null };
  if (how === NOT_SHOWN) return null;
  const at = Math.max(until, ...together.filter((other) => other.how === how).map((other) => other.until));
  return { how, at: [until, at] };
}
