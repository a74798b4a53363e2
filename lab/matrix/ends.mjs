// How and when the window of a watch ended that hung on apiserver1.
import { secondsFromIso } from '../journal.mjs';

/**
 * The first of: the gateway ended the client's stream, or its own socket towards apiserver1 was no longer open; after a fault that was lifted, a
 * word of apiserver1 came through to the client, or one of the gateway's to apiserver1.
 * @returns { how, at: [from, to] } in seconds since 1970, or { how: 'capture-end', at: null }
 */
export function endOf(run, watch, [begun]) {
  const ends = [toldBy(watch), socketGone(run, watch), healed(run, watch)].filter(
    (end) => end !== null && end.at[1] > begun && end.at[1] <= run.to,
  );
  return ends.toSorted((a, b) => a.at[1] - b.at[1])[0] ?? { how: 'capture-end', at: null };
}

const moment = (how, at) => ({ how, at: [at, at] });

/** No client here ends a watch of its own accord. */
export function toldBy({ ended }) {
  return ended === null ? null : moment('gateway-closed', ended.at);
}

/** Between two looks at the kernel's list. */
function socketGone({ sockets }, { arrivals }) {
  const socket = sockets.find(({ gatewayPort }) => gatewayPort === arrivals[0].gatewayPort);
  if (!socket?.notOpen) return null;
  return { how: 'gateway-closed', at: [secondsFromIso(socket.lastOpen), secondsFromIso(socket.notOpen)] };
}

function healed({ scenario, faultDone, apiserver1 }, { reads, arrivals }) {
  if (scenario.fault !== 'burst') return null;
  const heard = apiserver1
    .filter(({ event, remote }) => event === 'request' && Number(remote.split(':').at(-1)) === arrivals[0].gatewayPort)
    .map(({ at }) => secondsFromIso(at));
  // The rules are flushed a moment before the command that does it is over.
  const through = [...reads, ...heard].filter((at) => at > faultDone - FLUSH_SECONDS);
  return through.length === 0 ? null : moment('healed', Math.min(...through));
}

const FLUSH_SECONDS = 0.5;
