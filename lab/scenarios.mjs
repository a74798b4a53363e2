// What happens in each scenario, and what it promises. `lab` is the running network of record.mjs.
import { dropAtApiserver1, dropOutputOfGateway } from './network.mjs';

const PODS = '/api/v1/pods';
const NODES = '/api/v1/nodes';
const EXEC = '/api/v1/namespaces/default/pods/web-0/exec?command=sh&container=web&stdin=true&stdout=true&tty=true';
const KEEPALIVE = { time: 60, interval: 10, probes: 3 };
const PLACING_TRIES = 8;

/** Thrown when the gateway did not spread the requests as the scenario needs; the run starts over. */
export class StartOver extends Error {}

/** LISTs until the gateway's turn is such that the reflector's WATCH falls to apiserver1, and both connections are open. */
async function watchOnApiserver1(lab, timeoutSeconds) {
  const seen = new Set();
  for (let attempt = 0; attempt < PLACING_TRIES; attempt++) {
    const server = await lab.list(NODES);
    seen.add(server);
    if (server === 'apiserver1' && seen.size === 2) break;
  }
  lab.client.send({ do: 'reflect', path: PODS, timeoutSeconds });
  await lab.client.waitFor((entry) => entry.event === 'response' && entry.kind === 'watch', 20, 'the watch');
  await lab.sleep(0.5);
  const watch = lab.apiserver1.entries.find((entry) => entry.event === 'request' && entry.path.includes('watch=true'));
  if (watch === undefined) throw new StartOver('the watch does not run on apiserver1');
  const open = (await lab.sockets()).filter((socket) => socket.state === 'ESTAB').map((socket) => socket.server);
  if (!open.includes('apiserver1') || !open.includes('apiserver2'))
    throw new StartOver('an upstream connection is missing');
}

/** Waits until a watch runs on `server` that was asked for after `since` requests of the client. */
async function nextWatchOn(lab, server, seconds) {
  const before = lab[server].entries.length;
  const isNew = (entry) =>
    entry.event === 'request' && entry.path.includes('watch=true') && lab[server].entries.indexOf(entry) >= before;
  await lab[server].waitFor(isNew, seconds, `a watch on ${server}`);
}

const dropsOutput = (lab) =>
  lab.act('drop: iptables OUTPUT rule in the gateway, packets to apiserver1 port 8080', () =>
    dropOutputOfGateway(lab.names),
  );
const dropsHost = (lab) =>
  lab.act('drop: iptables INPUT and OUTPUT rules in apiserver1', () => dropAtApiserver1(lab.names));

async function quietens(lab) {
  await lab.act('apiserver1 is told to write no event and no bookmark', () => lab.apiserver1.send({ do: 'quiet' }));
  await lab.sleep(3); // its last event's acknowledgement must be in before the packets are lost
}

async function recoversOnApiserver2(lab, seconds) {
  const ended = (entry) => entry.event === 'ended' && entry.kind === 'watch';
  await lab.client.waitFor(ended, seconds, 'the end of the watch');
  const recovered = (entry) => entry.event === 'request' && entry.path.includes('watch=true');
  await lab.apiserver2.waitFor(recovered, 120, 'the watch on apiserver2');
  await lab.sleep(38);
}

async function restarts(lab, stopping, taking) {
  const moved = nextWatchOn(lab, taking, 30);
  await lab.act(`${stopping} stops gracefully: GOAWAY, streams end, connections close`, () =>
    lab[stopping].send({ do: 'graceful-stop' }),
  );
  await moved.catch((error) => {
    throw new StartOver(error.message);
  });
  await lab.sleep(8);
  await lab.act(`${stopping} is back`, () => lab[stopping].send({ do: 'start' }));
  await lab.sleep(4);
  await lab.list(NODES);
  await lab.list(NODES);
  await lab.sleep(10);
}

const incident = {
  description:
    "The incident. The gateway's own packets to apiserver1 vanish before the capture's tap; apiserver1 goes on " +
    'sending and retransmitting. No keep-alive anywhere, no new request. The client leg stays alive until the end.',
  keepalive: null,
  drop: 'output',
  expect: { state: 'half-dead', exit: 1, cause: 'path-one-way' },
  midstream: true,
  async play(lab) {
    await watchOnApiserver1(lab, 437);
    await lab.sleep(3);
    await lab.startMidstreamCapture();
    await lab.sleep(32);
    await dropsOutput(lab);
    await lab.sleep(335);
  },
};

export const scenarios = {
  a: incident,
  b1: {
    description:
      'Upstream TCP keep-alive 60/10/3. apiserver1 is silent, then all its packets are lost on its own side: the ' +
      "gateway's probes stay unanswered, it closes, the client recovers through apiserver2 on the same connection.",
    keepalive: KEEPALIVE,
    drop: 'host',
    expect: { state: 'half-dead', exit: 1, cause: 'peer-silent' },
    async play(lab) {
      await watchOnApiserver1(lab, 437);
      await lab.sleep(20);
      await quietens(lab);
      await dropsHost(lab);
      await recoversOnApiserver2(lab, 130);
    },
  },
  b2: {
    description:
      "Upstream TCP keep-alive 60/10/3 with the incident's OUTPUT rule. The gateway's probes and its close are never " +
      "seen, and each retransmission of apiserver1 restarts the kernel's keep-alive clock, so that it fires after " +
      'minutes. The end shows on the client leg.',
    keepalive: KEEPALIVE,
    drop: 'output',
    expect: { state: 'half-dead', exit: 1, cause: 'path-one-way' },
    async play(lab) {
      await watchOnApiserver1(lab, 437);
      await lab.sleep(20);
      await dropsOutput(lab);
      await recoversOnApiserver2(lab, 330);
    },
  },
  c: {
    description:
      "apiserver1's host is gone (all packets lost on its side) while the client goes on sending LISTs, with request " +
      'ids of its own; those that fall to the dead connection hang, and the gateway retransmits.',
    keepalive: null,
    requestIds: true,
    drop: 'host',
    expect: { state: 'half-dead', exit: 1, cause: 'peer-silent' },
    async play(lab) {
      await watchOnApiserver1(lab, 437);
      await lab.sleep(5);
      for (let count = 0; count < 4; count++) {
        await lab.list(NODES);
        await lab.sleep(3);
      }
      await dropsHost(lab);
      for (let count = 0; count < 22; count++) {
        await lab.sleep(7);
        lab.client.send({ do: 'list', path: NODES, tag: `during-${count}` });
      }
      await lab.sleep(6);
    },
  },
  c2: {
    description:
      "apiserver1's host is gone as in c, but the client's last LISTs follow the drop within two seconds: one of them " +
      'starts the ladder, and no later request makes the gateway look after its connection.',
    keepalive: null,
    drop: 'host',
    expect: { state: 'half-dead', exit: 1, cause: 'peer-silent' },
    async play(lab) {
      await watchOnApiserver1(lab, 437);
      await lab.sleep(5);
      for (let count = 0; count < 4; count++) {
        await lab.list(NODES);
        await lab.sleep(1);
      }
      await dropsHost(lab);
      for (let count = 0; count < 2; count++) {
        lab.client.send({ do: 'list', path: NODES, tag: `during-${count}` });
        await lab.sleep(1);
      }
      await lab.sleep(150);
    },
  },
  d: {
    description:
      'Healthy. A watch with events, bookmarks and a timeout that the server enforces; an exec that is silent for more ' +
      "than four minutes while the gateway's upstream keep-alives (15/5/3) are answered.",
    keepalive: { time: 15, interval: 5, probes: 3 },
    drop: null,
    expect: { state: 'healthy', exit: 0, cause: null },
    async play(lab) {
      await watchOnApiserver1(lab, 150);
      await lab.sleep(4);
      await lab.act('exec begins', () => lab.client.send({ do: 'exec', path: EXEC, tag: 'exec' }));
      await lab.sleep(4);
      lab.client.send({ do: 'exec-type', text: 'ls\n' });
      await lab.act('exec falls silent', () => lab.sleep(255));
      lab.client.send({ do: 'exec-type', text: 'exit\n' });
      await lab.sleep(2);
      lab.client.send({ do: 'exec-end' });
      await lab.client.waitFor((entry) => entry.event === 'ended' && entry.kind === 'exec', 10, 'the end of exec');
      await lab.sleep(20);
    },
  },
  e: {
    description:
      'Healthy. A rolling restart: apiserver1, then apiserver2 says GOAWAY, ends its streams, closes and comes back; the ' +
      'watch moves to the other each time.',
    keepalive: null,
    drop: null,
    expect: { state: 'healthy', exit: 0, cause: null },
    async play(lab) {
      await watchOnApiserver1(lab, 437);
      await lab.sleep(20);
      await restarts(lab, 'apiserver1', 'apiserver2');
      await restarts(lab, 'apiserver2', 'apiserver1');
      await lab.sleep(20);
    },
  },
};
