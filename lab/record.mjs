// Records a scenario through a gateway: NAME.pcap and NAME.truth.json. See README.md beside this file.
//   node lab/record.mjs --scenario a --gateway envoy --out DIR
//   node lab/record.mjs --all --out DIR
//   node lab/record.mjs --all --tls --out DIR          both legs in TLS: NAME.pcap.gz, and NAME.keys
//   node lab/record.mjs --all --hosts --out DIR        on three hosts at once: also NAME.client.pcap and NAME.apiserver1.pcap
import { copyFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { makeCertificate } from './certificate.mjs';
import { checkTruth } from './check-truth.mjs';
import { envoy } from './gateway-envoy.mjs';
import { nghttpx } from './gateway-nghttpx.mjs';
import { now } from './journal.mjs';
import { ADDRESSES, APISERVER_PORT, GATEWAY_PORT, inside, planNetwork, upstreamSockets } from './network.mjs';
import { startProgram } from './program.mjs';
import { scenarios, StartOver } from './scenarios.mjs';
import { watchSockets } from './sockets.mjs';
import { truthFromMidstream, truthOf } from './truth.mjs';

const RUN_MAX_SECONDS = 900;
const TRIES = 4;
const GATEWAYS = { envoy, nghttpx };
const OTHER_HOSTS = ['client', 'apiserver1'];

const cleanups = new Set();
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

/** Undoes in reverse, each step once, whatever fails; Ctrl-C takes the same way. What is added after that is undone at once. */
function cleanupStack() {
  const steps = [];
  let closed = false;
  const undo = (step) =>
    Promise.resolve()
      .then(step)
      .catch((error) => console.error(`cleanup: ${error.message}`));
  const stack = {
    add: (step) => (closed ? void undo(step) : steps.push(step)),
    async run() {
      closed = true;
      while (steps.length > 0) await undo(steps.pop());
      cleanups.delete(stack);
    },
  };
  cleanups.add(stack);
  return stack;
}

async function startCapture(namespace, file) {
  const flags = ['-i', 'any', '-U', '-s', '0', '-Z', 'root', '-w', file, 'tcp'];
  const tcpdump = startProgram(namespace, ['tcpdump', ...flags], {
    maxSeconds: RUN_MAX_SECONDS,
    log: `${file}.log`,
  });
  for (let tries = 0; tries < 50; tries++) {
    await sleep(0.1);
    if ((await readFile(`${file}.log`, 'utf8').catch(() => '')).includes('listening on')) return tcpdump;
  }
  throw new Error('tcpdump does not listen');
}

async function waitForListener(names) {
  for (let tries = 0; tries < 100; tries++) {
    if ((await inside(names.gateway, 'ss', '-tlnH', 'sport', '=', `:${GATEWAY_PORT}`)) !== '') return;
    await sleep(0.2);
  }
  throw new Error('the gateway does not listen');
}

/** In TLS the peers write their secrets beside each other; Envoy and nghttpx need not. */
async function startPeers(cleanup, names, directory, scenario, gateway, certificate) {
  const keyLog = join(directory, 'keys.log');
  const secure = certificate === null ? [] : [certificate.cert, certificate.key, keyLog];
  const peer = (namespace, name, ...args) => {
    const script = fileURLToPath(new URL(`${name}.mjs`, import.meta.url));
    const options = { maxSeconds: RUN_MAX_SECONDS, log: join(directory, `${args[0]}.log`) };
    const started = startProgram(namespace, [process.execPath, script, ...args], options);
    cleanup.add(started.stop);
    return started;
  };
  const peers = {};
  for (const server of ['apiserver1', 'apiserver2']) {
    peers[server] = peer(names[server], 'apiserver', server, ADDRESSES[server].host, String(APISERVER_PORT), ...secure);
    await peers[server].waitFor((entry) => entry.event === 'listening', 10, server);
  }
  peers.gateway = await gateway.start(names.gateway, directory, {
    keepalive: scenario.keepalive,
    certificate,
    maxSeconds: RUN_MAX_SECONDS,
  });
  cleanup.add(peers.gateway.stop);
  await waitForListener(names);
  const option = scenario.requestIds ? 'request-ids' : 'plain';
  peers.client = peer(
    names.client,
    'client',
    ADDRESSES.client.gateway,
    String(GATEWAY_PORT),
    option,
    ...secure.slice(2),
  );
  await peers.client.waitFor((entry) => entry.event === 'connected', 10, "the client's connection");
  return peers;
}

/** What a scenario can do: peers, actions with their times, LISTs that tell who served them. */
function labOf(cleanup, names, peers, directory, actions, extra) {
  let lists = 0;
  return {
    ...peers,
    names,
    sleep,
    sockets: () => upstreamSockets(names),
    async act(what, perform) {
      const action = { at: now(), done: null, what };
      actions.push(action);
      await perform();
      action.done = now();
    },
    async list(path) {
      const tag = `list-${lists++}`;
      peers.client.send({ do: 'list', path, tag });
      const { lab } = await peers.client.waitFor(
        (entry) => entry.event === 'ended' && entry.tag === tag,
        20,
        `LIST ${path}`,
      );
      // The client's word may come before the apiserver's: they use different pipes.
      const tells = (server) =>
        peers[server].waitFor((entry) => entry.event === 'request' && entry.lab === lab, 5, 'an arrival');
      const arrivals = ['apiserver1', 'apiserver2'].map((server) => tells(server));
      return (await Promise.any(arrivals)).server;
    },
    async startMidstreamCapture() {
      extra.file = join(directory, 'midstream.pcap');
      extra.from = now();
      extra.tcpdump = await startCapture(names.gateway, extra.file);
      cleanup.add(extra.tcpdump.stop);
    },
  };
}

async function readAccessLog(directory, gateway) {
  const text = await readFile(join(directory, 'access.log'), 'utf8');
  return text
    .split('\n')
    .map(gateway.readAccess)
    .filter((entry) => entry !== undefined);
}

/** One run from an empty network to an empty network. @returns the run's facts and its capture files */
async function run(name, scenario, gateway, directory, cleanup, isSecure, otherHosts) {
  const network = planNetwork(`${process.pid}-${Math.random().toString(36).slice(2, 6)}`);
  cleanup.add(network.remove);
  await network.make();
  const { names } = network;
  const actions = [];
  const extra = { file: null };
  const file = join(directory, 'capture.pcap');
  const tcpdump = await startCapture(names.gateway, file);
  cleanup.add(tcpdump.stop);
  const others = [];
  for (const host of otherHosts) {
    const capture = { host, file: join(directory, `${host}.pcap`) };
    capture.tcpdump = await startCapture(names[host], capture.file);
    cleanup.add(capture.tcpdump.stop);
    others.push(capture);
  }
  const from = now();
  const certificate = isSecure ? await makeCertificate(directory) : null;
  const peers = await startPeers(cleanup, names, directory, scenario, gateway, certificate);
  const sockets = watchSockets(names);
  cleanup.add(sockets.stop);
  await scenario.play(labOf(cleanup, names, peers, directory, actions, extra));
  const to = now();
  await Promise.all([tcpdump.stop(), extra.tcpdump?.stop(), ...others.map((other) => other.tcpdump.stop())]);
  const seenSockets = await sockets.stop();
  // The client goes first: then the gateway logs the requests that still hang, with the upstream that each was sent to.
  await peers.client.stop();
  await sleep(2);
  await peers.gateway.stop();
  const facts = {
    scenario: name,
    gateway: gateway.name,
    capture: { from, to },
    actions,
    sockets: seenSockets,
    client: peers.client.entries,
    apiserver1: peers.apiserver1.entries,
    apiserver2: peers.apiserver2.entries,
    access: await readAccessLog(directory, gateway),
  };
  return { facts, file, extra, others, keyLog: isSecure ? join(directory, 'keys.log') : null };
}

const printJson = (value) => `${JSON.stringify(value, null, 2)}\n`;

/** Keeps a capture that shows what its scenario promises; another one is thrown away and the run starts over. */
async function keep(label, capture, truth, out, keyLog) {
  await checkTruth(capture, truth, keyLog).catch((error) => {
    throw new StartOver(error.message);
  });
  if (keyLog === null) await copyFile(capture, join(out, `${label}.pcap`));
  else {
    await writeFile(join(out, `${label}.pcap.gz`), gzipSync(await readFile(capture), { level: 9 }));
    await copyFile(keyLog, join(out, `${label}.keys`));
  }
  await writeFile(join(out, `${label}.truth.json`), printJson(truth));
  console.log(`${label}: recorded and checked`);
}

async function keepAll({ facts, file, extra, others, keyLog }, name, out, factsOut) {
  const scenario = scenarios[name];
  const label = `${name}-${facts.gateway}`;
  if (factsOut !== undefined)
    await writeFile(join(factsOut, `${label}.facts.json`), printJson({ ...facts, extra: { from: extra.from } }));
  const truth = truthOf(name, scenario, facts);
  await keep(label, file, truth, out, keyLog);
  for (const other of others) await copyFile(other.file, join(out, `${label}.${other.host}.pcap`));
  if (extra.file === null) return;
  await keep(
    `${name}-midstream-${facts.gateway}`,
    extra.file,
    truthFromMidstream(truth, facts, extra.from),
    out,
    keyLog,
  );
}

async function attempt(name, gateway, { out, factsOut, isSecure, otherHosts }) {
  const cleanup = cleanupStack();
  const directory = await mkdtemp(join(tmpdir(), 'lab-'));
  cleanup.add(() => rm(directory, { recursive: true, force: true }));
  try {
    await keepAll(
      await run(name, scenarios[name], gateway, directory, cleanup, isSecure, otherHosts),
      name,
      out,
      factsOut,
    );
  } catch (error) {
    if (factsOut !== undefined) {
      for (const log of ['gateway.log', 'access.log', 'gateway-stderr.log', 'client.log']) {
        await copyFile(join(directory, log), join(factsOut, `${name}-${gateway.name}-${log}`)).catch(() => {});
      }
    }
    throw error;
  } finally {
    await cleanup.run();
  }
}

async function record(name, gatewayName, options) {
  for (let tries = 1; tries <= TRIES; tries++) {
    try {
      return await attempt(name, GATEWAYS[gatewayName], options);
    } catch (error) {
      console.error(`${name}-${gatewayName}, try ${tries}: ${error.message}`);
      if (!(error instanceof StartOver) || tries === TRIES) throw error;
    }
  }
}

/** Truths again from the facts of earlier runs, without recording anything. */
async function retell(pairs, out, factsOut) {
  for (const pair of pairs) {
    const label = pair.join('-');
    const facts = JSON.parse(await readFile(join(factsOut, `${label}.facts.json`), 'utf8'));
    const truth = truthOf(facts.scenario, scenarios[facts.scenario], facts);
    await writeFile(join(out, `${label}.truth.json`), printJson(truth));
    await checkTruth(join(out, `${label}.pcap`), truth);
    if (facts.extra.from === undefined) continue;
    const midLabel = label.replace('-', '-midstream-');
    const midstream = truthFromMidstream(truth, facts, facts.extra.from);
    await writeFile(join(out, `${midLabel}.truth.json`), printJson(midstream));
    await checkTruth(join(out, `${midLabel}.pcap`), midstream);
  }
}

async function leaveOnSignal() {
  await Promise.all([...cleanups].map((cleanup) => cleanup.run()));
  await sleep(1); // for what was being started at that moment
  process.exit(130);
}

async function main() {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      gateway: { type: 'string', multiple: true, default: ['envoy'] },
      all: { type: 'boolean', default: false },
      tls: { type: 'boolean', default: false },
      hosts: { type: 'boolean', default: false },
      out: { type: 'string', default: '.' },
      facts: { type: 'string' },
      retell: { type: 'boolean', default: false },
    },
  });
  const names = values.all || values.scenario.length === 0 ? Object.keys(scenarios) : values.scenario;
  const gateways = values.all ? Object.keys(GATEWAYS) : values.gateway;
  await mkdir(values.out, { recursive: true });
  if (values.facts !== undefined) await mkdir(values.facts, { recursive: true });
  const labels = gateways.flatMap((gateway) => names.map((name) => [name, gateway]));
  const unknown = [...names.filter((name) => !(name in scenarios)), ...gateways.filter((name) => !(name in GATEWAYS))];
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}`);
  if (values.retell) return retell(labels, values.out, values.facts);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, leaveOnSignal);
  const otherHosts = values.hosts ? OTHER_HOSTS : [];
  const options = { out: values.out, factsOut: values.facts, isSecure: values.tls, otherHosts };
  const done = await Promise.allSettled(labels.map(([name, gateway]) => record(name, gateway, options)));
  if (done.some(({ status }) => status === 'rejected')) process.exitCode = 1;
}

await main();
