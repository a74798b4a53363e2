// All requests of a run, with what the client said of each and who heard it.
import { ADDRESSES } from '../network.mjs';
import { secondsFromIso } from '../journal.mjs';

const portOf = (address) => Number(address.split(':').at(-1));

/**
 * @returns [{ client, userAgent, path, watch, sent, refused, answered, reads, ended, arrivals }] in the order in which they were sent; times in
 *   seconds since 1970; `answered`, `ended`: { at, status, error } or null; `arrivals`: [{ server, gatewayPort, at }]
 */
export function requestsOf(facts) {
  const all = facts.clients.flatMap(ofClient).toSorted((a, b) => a.sent - b.sent);
  for (const server of ['apiserver1', 'apiserver2']) {
    for (const entry of facts[server]) if (entry.event === 'request') hear(all, server, entry);
  }
  for (const { arrivals } of all) arrivals.sort((a, b) => a.at - b.at);
  return all;
}

function ofClient({ ip, userAgent, entries }) {
  const byNumber = grouped(entries, ({ request }) => request);
  return [...byNumber.values()].flatMap((words) => {
    const sent = words.find(({ event }) => event === 'sent');
    if (sent === undefined) return [];
    const word = (event) => {
      const entry = words.find((candidate) => candidate.event === event);
      return entry === undefined ? null : { at: secondsFromIso(entry.at), status: entry.status, error: entry.error };
    };
    const timesOf = (event) => words.filter((entry) => entry.event === event).map(({ at }) => secondsFromIso(at));
    const reads = timesOf('read');
    // A request that was refused unseen is sent again by the transport, unasked: RFC 9113 §8.7.
    const [, refused] = timesOf('connection');
    const { path, watch, at } = sent;
    const told = {
      sent: secondsFromIso(at),
      refused: refused ?? null,
      answered: word('answered'),
      reads,
      ended: word('ended'),
    };
    return [{ client: ip, userAgent, path, watch, ...told, arrivals: [] }];
  });
}

/** A client has one request of a kind at a time: what is heard is the last that was sent. The peers' clocks are one. */
function hear(requests, server, { userAgent, path, watch, remote, at }) {
  const heard = secondsFromIso(at);
  const request = requests.findLast(
    (candidate) =>
      candidate.userAgent === userAgent &&
      candidate.path === path &&
      candidate.watch === watch &&
      candidate.sent <= heard,
  );
  request?.arrivals.push({ server, ip: ADDRESSES[server].host, gatewayPort: portOf(remote), at: heard });
}

/** A Map of lists, in the order of their first members. */
export function grouped(list, keyOf) {
  const groups = new Map();
  for (const item of list) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}
