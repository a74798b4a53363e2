// Records the scenarios of scenarios.mjs: NAME.pcap.gz, NAME.keys, NAME.facts.json.gz and NAME.truth.json. See ../README.md.
//   node lab/matrix/record.mjs --out DIR [NAME...]
//   node lab/matrix/record.mjs --out DIR --retell [NAME...]        the truths anew, from the facts beside them
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs, promisify } from 'node:util';
import { gunzipSync, gzipSync } from 'node:zlib';
import { now } from '../journal.mjs';
import { makeCertificate } from '../certificate.mjs';
import {
  ADDRESSES,
  APISERVER_PORT,
  dropAtApiserver1,
  dropEverything,
  dropOutputOfGateway,
  inside,
  planNetwork,
} from '../network.mjs';
import { startProgram } from '../program.mjs';
import { watchSockets } from '../sockets.mjs';
import { gateways, LISTEN_PORT } from './gateways.mjs';
import { scenarios } from './scenarios.mjs';
import { tellTruth } from './truth.mjs';

const run = promisify(execFile);
const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));

const RUN_MAX_SECONDS = 300;
const WARM_SECONDS = 22;
/** How long before the fault a capture begins that is not there from the start. */
const MIDWAY_SECONDS = 9;
const AT_ONCE = 6;
const USER_AGENTS = ['kubelet/v1.29.3', 'operator/v0.9.1', 'kube-proxy/v1.29.3'];
const PEERS = fileURLToPath(new URL('peers', import.meta.url));

const clientIp = (index) => ADDRESSES.client.host.replace(/\d+$/, String(2 + index));

/** What can happen to apiserver1. */
const FAULTS = {
  none: async () => {},
  output: ({ names }) => dropOutputOfGateway(names),
  input: ({ names }) =>
    inside(names.gateway, 'iptables', '-A', 'INPUT', '-p', 'tcp', '--src', ADDRESSES.apiserver1.host, '-j', 'DROP'),
  host: ({ names }) => dropAtApiserver1(names),
  refuse: ({ names }) => {
    const rule = ['-A', 'INPUT', '-p', 'tcp', '--dport', String(APISERVER_PORT), '-j', 'REJECT'];
    return inside(names.apiserver1, 'iptables', ...rule, '--reject-with', 'tcp-reset');
  },
  burst: async ({ names, scenario }) => {
    await dropAtApiserver1(names);
    await sleep(scenario.burst);
    await inside(names.apiserver1, 'iptables', '-F');
  },
  // No answer to what would open a connection, and none of those that were open is left.
  vanish: async ({ names, apiserver1 }) => {
    await inside(names.apiserver1, 'iptables', '-A', 'INPUT', '-p', 'tcp', '--syn', '-j', 'DROP');
    await signal(apiserver1, 'SIGKILL');
  },
  clients: ({ names }) => dropEverything(names.client),
  'client-kill': ({ clients }) => signal(clients[0].program, 'SIGKILL'),
  stop: ({ apiserver1 }) => signal(apiserver1, 'SIGSTOP'),
  kill: ({ apiserver1 }) => signal(apiserver1, 'SIGKILL'),
  graceful: ({ apiserver1 }) => signal(apiserver1, 'SIGTERM'),
};

/** The program itself, not the `timeout` around it. */
async function signal({ pid }, name) {
  const { stdout } = await run('pgrep', ['-P', String(pid)]);
  process.kill(Number(stdout.trim()), name);
}

async function startCapture(names, file) {
  const flags = ['-i', 'any', '-U', '-s', '0', '-Z', 'root', '-w', file, 'tcp'];
  const tcpdump = startProgram(names.gateway, ['tcpdump', ...flags], {
    maxSeconds: RUN_MAX_SECONDS,
    log: `${file}.log`,
  });
  for (let tries = 0; tries < 50; tries++) {
    await sleep(0.1);
    if ((await readFile(`${file}.log`, 'utf8').catch(() => '')).includes('listening on')) return tcpdump;
  }
  throw new Error('tcpdump does not listen');
}

async function startPeers(scenario, names, directory, tools, steps) {
  const start = (namespace, command, name) => {
    const started = startProgram(namespace, command, {
      maxSeconds: RUN_MAX_SECONDS,
      log: join(directory, `${name}.log`),
    });
    steps.push(started.stop);
    return started;
  };
  const servers = {};
  for (const server of ['apiserver1', 'apiserver2']) {
    const address = `${ADDRESSES[server].host}:${APISERVER_PORT}`;
    servers[server] = start(
      names[server],
      [tools.apiserver, address, scenario.upstream, String(scenario.drain)],
      server,
    );
    await servers[server].waitFor(({ event }) => event === 'listening', 10, server);
  }
  start(names.gateway, await gateways[scenario.gateway](scenario, directory, tools.certificate, tools), 'gateway');
  const port = LISTEN_PORT[scenario.downstream];
  for (let tries = 0; (await inside(names.gateway, 'ss', '-tlnH', 'sport', '=', `:${port}`)) === ''; tries++) {
    if (tries > 100) throw new Error('the gateway does not listen');
    await sleep(0.2);
  }
  const scheme = scenario.downstream === 'tls' ? 'https' : 'http';
  const clients = [];
  for (let index = 0; index < scenario.clients; index++) {
    const ip = clientIp(index);
    if (index > 0) await run('ip', ['-n', names.client, 'address', 'add', `${ip}/24`, 'dev', 'eth0']);
    const keys = scheme === 'https' ? [join(directory, 'keys.log')] : [];
    const url = `${scheme}://${ADDRESSES.client.gateway}:${port}`;
    const userAgent = `${USER_AGENTS[index]} (linux/amd64) kubernetes/matrix`;
    const program = start(names.client, [tools.client, url, ip, userAgent, ...keys], `client${index}`);
    clients.push({ ip, userAgent, program });
    await sleep(0.4);
  }
  return { ...servers, clients };
}

async function record(name, tools, out) {
  const scenario = scenarios[name];
  const directory = await mkdtemp(join(tmpdir(), 'matrix-'));
  const network = planNetwork(`${process.pid}-${createHash('sha1').update(name).digest('hex').slice(0, 4)}`);
  const steps = [() => rm(directory, { recursive: true, force: true }), network.remove];
  try {
    await network.make();
    const file = join(directory, 'capture.pcap');
    const begin = async () => {
      const tcpdump = await startCapture(network.names, file);
      steps.push(tcpdump.stop);
      return { tcpdump, from: now() };
    };
    let capture = scenario.midway ? null : await begin();
    const sockets = watchSockets(network.names);
    steps.push(sockets.stop);
    const peers = await startPeers(scenario, network.names, directory, tools, steps);
    await sleep(WARM_SECONDS - MIDWAY_SECONDS);
    capture ??= await begin();
    await sleep(MIDWAY_SECONDS);
    const fault = { at: now() };
    await FAULTS[scenario.fault]({ ...peers, names: network.names, scenario });
    fault.done = now();
    await sleep(scenario.seconds);
    const end = now();
    await capture.tcpdump.stop();
    const facts = {
      scenario,
      begun: capture.from,
      fault,
      end,
      clients: peers.clients.map(({ ip, userAgent, program }) => ({ ip, userAgent, entries: program.entries })),
      apiserver1: peers.apiserver1.entries,
      apiserver2: peers.apiserver2.entries,
      sockets: await sockets.stop(),
    };
    await writeFile(join(out, `${name}.facts.json.gz`), gzipSync(JSON.stringify(facts), { level: 9 }));
    await writeTruth(out, name, facts);
    await writeFile(join(out, `${name}.pcap.gz`), gzipSync(await readFile(file), { level: 9 }));
    const keys = await readFile(join(directory, 'keys.log'), 'utf8').catch(() => '');
    if (keys !== '') await writeFile(join(out, `${name}.keys`), keys);
  } finally {
    for (const step of steps.toReversed()) await Promise.resolve(step()).catch((error) => console.error(error.message));
  }
}

async function writeTruth(out, name, facts) {
  const truth = tellTruth(name, facts);
  await writeFile(join(out, `${name}.truth.json`), `${JSON.stringify(truth, null, 2)}\n`);
  const { state, hurt, unseen } = truth.expect;
  console.log(`${name}: ${state}, ${hurt.length} hurt, ${unseen.length} unseen`);
}

async function retell(out, name) {
  await writeTruth(out, name, JSON.parse(gunzipSync(await readFile(join(out, `${name}.facts.json.gz`)))));
}

/** Go makes the peers, OpenSSL a certificate that is good for the run. */
async function makeTools() {
  const folder = await mkdtemp(join(tmpdir(), 'matrix-tools-'));
  for (const peer of ['client', 'apiserver', 'gateway']) {
    await run('go', ['build', '-o', join(folder, peer), `./${peer}`], { cwd: PEERS });
  }
  const certificate = await makeCertificate(folder);
  return {
    folder,
    client: join(folder, 'client'),
    apiserver: join(folder, 'apiserver'),
    gateway: join(folder, 'gateway'),
    certificate,
  };
}

async function main() {
  const { values, positionals } = parseArgs({
    options: { out: { type: 'string', default: '.' }, retell: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const names = positionals.length > 0 ? positionals : Object.keys(scenarios);
  const unknown = names.filter((name) => !(name in scenarios));
  if (unknown.length > 0) throw new Error(`unknown: ${unknown.join(', ')}`);
  if (values.retell) {
    for (const name of names) await retell(values.out, name);
    return;
  }
  await mkdir(values.out, { recursive: true });
  const tools = await makeTools();
  const waiting = [...names];
  const worker = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      await record(name, tools, values.out).catch((error) => {
        process.exitCode = 1;
        console.error(`${name}: ${error.message}`);
      });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  await rm(tools.folder, { recursive: true, force: true });
}

await main();
