// The gateway's upstream sockets as its kernel lists them, looked at again and again.
import { now } from './journal.mjs';
import { upstreamSockets } from './network.mjs';

const POLL_SECONDS = 0.5;
const OPEN = new Set(['ESTAB', 'SYN-SENT']);

const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/**
 * Each socket with what was first and last seen of it; `lastOpen`, `notOpen`: the looks between which the gateway closed it or lost it,
 * null where it was never seen open, or was open to the end.
 * @returns { stop } whose promise gives the list
 */
export function watchSockets(names) {
  const seen = new Map();
  let stopped = false;
  async function look() {
    const listed = await upstreamSockets(names);
    const at = now();
    for (const { state, gatewayPort, server } of listed) {
      const known = seen.get(gatewayPort) ?? first(gatewayPort, server, state, at);
      const lastOpen = OPEN.has(state) ? at : known.lastOpen;
      const notOpen = OPEN.has(state) ? null : (known.notOpen ?? at);
      seen.set(gatewayPort, { ...known, lastState: state, lastSeen: at, lastOpen, notOpen });
    }
    const present = new Set(listed.map(({ gatewayPort }) => gatewayPort));
    for (const socket of seen.values()) {
      if (present.has(socket.gatewayPort)) continue;
      socket.goneAt ??= at;
      socket.notOpen ??= at;
    }
  }
  const loop = (async () => {
    while (!stopped) {
      await look().catch(() => {});
      await sleep(POLL_SECONDS);
    }
  })();
  return {
    async stop() {
      stopped = true;
      await loop;
      return [...seen.values()];
    },
  };
}

function first(gatewayPort, server, state, at) {
  return { gatewayPort, server, firstState: state, firstSeen: at, goneAt: null, lastOpen: null, notOpen: null };
}
