// Holds a recording against what its scenario promises, with tshark as the eye, so that a bad one is refused.
//   node lab/check-truth.mjs DIR...     checks every NAME.pcap, or NAME.pcap.gz with NAME.keys, that has a NAME.truth.json
import { execFile } from 'node:child_process';
import { access, readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { secondsFromIso } from './journal.mjs';
import { ADDRESSES, APISERVER_PORT, GATEWAY_PORT } from './network.mjs';

const run = promisify(execFile);
const CAPTURE_MAX_BYTES = 400_000;
const OUTPUT_MAX_BYTES = 64 * 1024 * 1024;
const HEADERS = '1';
const RST_STREAM = '3';
const PING = '6';
const GOAWAY = '7';
const FIELDS = {
  time: 'frame.time_epoch',
  source: 'ip.src',
  sourcePort: 'tcp.srcport',
  target: 'ip.dst',
  targetPort: 'tcp.dstport',
  syn: 'tcp.flags.syn',
  ack: 'tcp.flags.ack',
  fin: 'tcp.flags.fin',
  rst: 'tcp.flags.reset',
  bytes: 'tcp.len',
  retransmission: 'tcp.analysis.retransmission',
  probe: 'tcp.analysis.keep_alive',
  probeAnswer: 'tcp.analysis.keep_alive_ack',
  types: 'http2.type',
  streams: 'http2.streamid',
};

async function readPackets(pcap, keyLog) {
  // Told to be HTTP/2, since a capture begun midway lacks the preface by which tshark would know.
  const protocol = keyLog === null ? 'http2' : 'tls';
  const decodeAs = [GATEWAY_PORT, APISERVER_PORT].flatMap((port) => ['-d', `tcp.port==${port},${protocol}`]);
  const secrets = keyLog === null ? [] : ['-o', `tls.keylog_file:${keyLog}`];
  const fields = Object.values(FIELDS).flatMap((field) => ['-e', field]);
  const { stdout } = await run('tshark', ['-r', pcap, ...decodeAs, ...secrets, '-T', 'fields', ...fields], {
    maxBuffer: OUTPUT_MAX_BYTES,
  });
  const names = Object.keys(FIELDS);
  return stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const packet = Object.fromEntries(line.split('\t').map((value, index) => [names[index], value]));
      return {
        ...packet,
        time: Number(packet.time),
        types: packet.types.split(','),
        streams: packet.streams.split(','),
      };
    });
}

const isSet = (value) => value === '1' || value === 'True';
const has = (type) => (packet) => packet.types.includes(type);
const between = (from, to) => (packet) => packet.time > from && packet.time < to;

/** The packets of one upstream connection, split by who sent them. */
function upstreamLeg(packets, { gatewayPort, ip }) {
  const port = String(gatewayPort);
  return {
    fromGateway: packets.filter((packet) => packet.target === ip && packet.sourcePort === port),
    fromServer: packets.filter((packet) => packet.source === ip && packet.targetPort === port),
  };
}

function clientLeg(packets) {
  return {
    fromClient: packets.filter(({ source }) => source === ADDRESSES.client.host),
    fromGateway: packets.filter(({ target }) => target === ADDRESSES.client.host),
  };
}

/** What a check may look at: packets, legs, the first window, the moments that matter (in seconds since 1970). */
function sceneOf(packets, truth, isClosed) {
  const [window] = truth.expect.windows;
  return {
    packets,
    truth,
    /** Begun behind the TLS handshakes: nobody can read it. */
    isClosed,
    window,
    client: clientLeg(packets),
    dead: window === undefined ? null : upstreamLeg(packets, window.upstream),
    dropped: window === undefined ? null : secondsFromIso(window.onset[1]),
    ended: window?.end.at == null ? null : secondsFromIso(window.end.at),
    last: packets.at(-1).time,
  };
}

function promiseOneClientConnection({ client, truth }, expect) {
  const ports = new Set(client.fromClient.map(({ sourcePort }) => sourcePort));
  expect(ports.size === 1, `one client connection, not ${ports.size}`);
  expect(
    truth.requests.every((request) => ports.has(String(request.client.port))),
    'all requests on it',
  );
}

const opens = (packets, stream) =>
  packets.some((packet) => has(HEADERS)(packet) && packet.streams.includes(String(stream)));

/** Above all the upstream stream ids that the truth could only count: they must be on the wire. */
function promiseStreamsOnTheWire({ client, packets, truth }, expect) {
  const begun = secondsFromIso(truth.capture.from);
  for (const window of truth.expect.windows) {
    const leg = upstreamLeg(packets, window.upstream);
    expect(
      leg.fromGateway.length + leg.fromServer.length > 0,
      `packets of gateway port ${window.upstream.gatewayPort}`,
    );
    for (const stream of window.streams) {
      const request = truth.requests.find((other) => other.client.stream === stream.client);
      if (secondsFromIso(request.at) < begun) continue;
      expect(opens(client.fromClient, stream.client), `HEADERS of client stream ${stream.client}`);
      if (stream.upstream !== null)
        expect(opens(leg.fromGateway, stream.upstream), `HEADERS of upstream stream ${stream.upstream}`);
    }
    const told = window.streams.map(({ upstream }) => String(upstream));
    const late = leg.fromGateway.filter(({ time }) => time > secondsFromIso(window.onset[1])).filter(has(HEADERS));
    const strangers = late.flatMap(({ streams }) => streams).filter((stream) => !told.includes(stream));
    expect(strangers.length === 0, `no other streams on the dead leg than ${told}: ${strangers}`);
  }
}

function promiseClientLegAlive({ client, dropped, ended, last }, expect) {
  const during = between(dropped, ended ?? last + 1);
  const pings = client.fromClient.filter(during).filter(has(PING)).length;
  const answers = client.fromGateway.filter(during).filter(has(PING)).length;
  expect(pings > 0 && answers >= pings - 1, `client PINGs answered: ${answers} of ${pings}`);
}

function promiseMuteGateway({ dead, dropped }, expect) {
  expect(dead.fromGateway.filter(({ time }) => time > dropped).length === 0, 'nothing of the gateway on the dead leg');
  const again = dead.fromServer.filter(({ time, retransmission }) => time > dropped && retransmission !== '').length;
  expect(again >= 5, `apiserver1 retransmits: ${again}`);
}

function promiseMutePeer({ dead, dropped }, expect) {
  expect(dead.fromServer.filter(({ time }) => time > dropped).length === 0, 'nothing of apiserver1 on the dead leg');
}

function promiseUnusedAlternative({ truth, window, dropped, packets }, expect) {
  if (truth.scenario === 'a') expect(window.alternatives.length > 0, 'an alternative');
  const ofApiserver2 = ({ source, target }) => [source, target].includes(ADDRESSES.apiserver2.host);
  expect(packets.some(ofApiserver2) === window.alternatives.length > 0, 'the alternatives are those that it shows');
  for (const { upstream } of truth.expect.alternatives) {
    const leg = upstreamLeg(packets, upstream);
    expect(
      leg.fromGateway.every((packet) => packet.time < dropped || !has(HEADERS)(packet)),
      'no request on it',
    );
    expect(
      [...leg.fromGateway, ...leg.fromServer].every(({ fin, rst }) => !isSet(fin) && !isSet(rst)),
      'open to the end',
    );
  }
}

function promiseOpenEnd({ window, last, dropped }, expect, seconds) {
  expect(window.open, 'open to the end');
  expect(last - dropped >= seconds, `${seconds} s after the drop, not ${Math.round(last - dropped)}`);
}

function promiseRecovery({ truth, window, client, ended }, expect) {
  expect(!window.open && window.end.how === 'gateway-closed', 'the gateway closes');
  const told = client.fromGateway.filter(between(ended - 1, ended + 1));
  expect(
    told.some((packet) => has(RST_STREAM)(packet) || has(HEADERS)(packet)),
    'the client is told',
  );
  const watch = window.streams.find(({ kind }) => kind === 'watch');
  expect(watch.resumedBy?.upstream.ip === ADDRESSES.apiserver2.host, 'the watch is resumed through apiserver2');
  expect(secondsFromIso(truth.capture.to) - ended >= 30, '30 s after the end');
}

function promiseHealthy({ truth, packets }, expect) {
  expect(
    truth.expect.windows.length === 0 && truth.requests.every(({ status }) => status === 200),
    'every request answered',
  );
  expect(
    packets.every(({ syn, rst, ack }) => !(isSet(syn) && isSet(rst) && !isSet(ack))),
    'no odd flags',
  );
}

const PROMISES = {
  a(scene, expect) {
    promiseMuteGateway(scene, expect);
    promiseUnusedAlternative(scene, expect);
    promiseOpenEnd(scene, expect, 300);
    if (!scene.isClosed) promiseClientLegAlive(scene, expect);
  },
  b1(scene, expect) {
    promiseMutePeer(scene, expect);
    const probes = scene.dead.fromGateway.filter(({ time, probe }) => time > scene.dropped && probe !== '').length;
    expect(probes >= 3, `unanswered probes: ${probes}`);
    promiseClientLegAlive(scene, expect);
    promiseRecovery(scene, expect);
  },
  b2(scene, expect) {
    promiseMuteGateway(scene, expect);
    promiseClientLegAlive(scene, expect);
    promiseRecovery(scene, expect);
  },
  c(scene, expect) {
    promiseMutePeer(scene, expect);
    const again = scene.dead.fromGateway.filter(
      ({ time, retransmission }) => time > scene.dropped && retransmission !== '',
    ).length;
    expect(again >= 4, `the gateway retransmits: ${again}`);
    expect(scene.last - scene.dropped >= 120, '120 s after the drop');
  },
  d(scene, expect) {
    promiseHealthy(scene, expect);
    const answers = scene.packets.filter(
      ({ source, probeAnswer }) => source === ADDRESSES.apiserver2.host && probeAnswer !== '',
    ).length;
    expect(answers >= 8, `answered probes: ${answers}`);
    const exec = scene.truth.requests.find(({ kind }) => kind === 'exec');
    expect(
      exec?.upstream?.ip === ADDRESSES.apiserver2.host && exec.ended?.how === 'end-stream',
      'exec on apiserver2, ended well',
    );
  },
  e(scene, expect) {
    promiseHealthy(scene, expect);
    const servers = scene.packets.filter(has(GOAWAY)).map(({ source }) => source);
    for (const host of ['apiserver1', 'apiserver2'])
      expect(servers.includes(ADDRESSES[host].host), `GOAWAY of ${host}`);
  },
};

/** Throws with every broken promise of a recording. */
export async function checkTruth(pcap, truth, keyLog = null) {
  const broken = [];
  const expect = (holds, what) => holds || broken.push(what);
  const { size } = await stat(pcap);
  expect(size < CAPTURE_MAX_BYTES, `less than ${CAPTURE_MAX_BYTES} bytes, not ${size}`);
  const isClosed = keyLog !== null && truth.scenario.endsWith('-midstream');
  const scene = sceneOf(await readPackets(pcap, keyLog), truth, isClosed);
  promiseOneClientConnection(scene, expect);
  promiseStreamsOnTheWire(scene, expect);
  PROMISES[truth.scenario.split('-')[0].replace('c2', 'c')](scene, expect);
  if (broken.length > 0) throw new Error(`${basename(pcap)} does not show: ${broken.join('; ')}`);
}

async function checkFolder(folder) {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.truth.json'));
  for (const name of names) {
    const truth = JSON.parse(await readFile(join(folder, name), 'utf8'));
    const label = join(folder, name.replace('.truth.json', ''));
    const keyLog = await access(`${label}.keys`).then(
      () => `${label}.keys`,
      () => null,
    );
    const pcap = keyLog === null ? `${label}.pcap` : `${label}.pcap.gz`;
    await checkTruth(pcap, truth, keyLog).then(
      () => console.log(`${basename(pcap)}: ok`),
      (error) => {
        console.error(error.message);
        process.exitCode = 1;
      },
    );
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const folder of process.argv.slice(2)) await checkFolder(folder);
}
