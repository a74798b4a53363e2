// Four namespaces and three veth pairs, with invented private addresses; nothing in them leads out.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

const run = promisify(execFile);

export const APISERVER_PORT = 8080;
export const GATEWAY_PORT = 80;
export const ADDRESSES = {
  client: { host: '10.9.1.2', gateway: '10.9.1.1' },
  apiserver1: { host: '10.9.2.2', gateway: '10.9.2.1' },
  apiserver2: { host: '10.9.3.2', gateway: '10.9.3.1' },
};
const HOSTS = ['client', 'gateway', 'apiserver1', 'apiserver2'];

export function serverOfAddress(ip) {
  return Object.keys(ADDRESSES).find((host) => ADDRESSES[host].host === ip);
}

/** Runs a command inside a namespace and returns its standard output. */
export async function inside(namespace, ...command) {
  const { stdout } = await run('ip', ['netns', 'exec', namespace, ...command]);
  return stdout;
}

async function joinHosts(names, host) {
  const { host: hostAddress, gateway: gatewayAddress } = ADDRESSES[host];
  const toHost = `to-${host}`.slice(0, 15);
  await run('ip', [
    'link',
    'add',
    toHost,
    'netns',
    names.gateway,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    names[host],
  ]);
  for (const [name, link, address] of [
    [names.gateway, toHost, gatewayAddress],
    [names[host], 'eth0', hostAddress],
  ]) {
    await run('ip', ['-n', name, 'address', 'add', `${address}/24`, 'dev', link]);
    await run('ip', ['-n', name, 'link', 'set', link, 'up']);
    // Captured packets shall be those of a wire; ethtool may be missing, and the lab works without it.
    await inside(name, 'ethtool', '-K', link, 'tso', 'off', 'gso', 'off', 'gro', 'off').catch(() => {});
  }
}

/**
 * The network of one run; `id` tells its namespaces from those of runs beside it.
 * @returns { names, make, remove }; `remove` may come at any time, also while `make` is at work, which then stops.
 */
export function planNetwork(id) {
  const names = Object.fromEntries(HOSTS.map((host) => [host, `lab-${id}-${host}`]));
  let removed = false;
  async function make() {
    for (const name of Object.values(names)) {
      if (removed) return;
      await run('ip', ['netns', 'add', name]);
      await run('ip', ['-n', name, 'link', 'set', 'lo', 'up']);
    }
    for (const host of Object.keys(ADDRESSES)) await joinHosts(names, host);
  }
  async function remove() {
    removed = true;
    await making.catch(() => {});
    for (const name of Object.values(names)) await run('ip', ['netns', 'del', name]).catch(() => {});
  }
  let making = Promise.resolve();
  return { names, remove, make: () => (making = make()) };
}

/** The incident's rule: the gateway's own packets to apiserver1 vanish before any tap sees them. */
export function dropOutputOfGateway(names) {
  const to = ['--dst', ADDRESSES.apiserver1.host, '--dport', String(APISERVER_PORT)];
  return inside(names.gateway, 'iptables', '-A', 'OUTPUT', '-p', 'tcp', ...to, '-j', 'DROP');
}

/** A host as good as gone: on its own side nothing comes in and nothing goes out. */
export async function dropEverything(namespace) {
  // One command for both chains, so that there is one moment of the drop.
  const rules = ['*filter', '-A INPUT -p tcp -j DROP', '-A OUTPUT -p tcp -j DROP', 'COMMIT'].join('\\n');
  await inside(namespace, 'sh', '-c', `printf '${rules}\\n' | iptables-restore --noflush`);
}

export function dropAtApiserver1(names) {
  return dropEverything(names.apiserver1);
}

/** The gateway's TCP sockets towards the apiservers, as its kernel tells them. */
export async function upstreamSockets(names) {
  const text = await inside(names.gateway, 'ss', '-tanH', 'dport', '=', `:${APISERVER_PORT}`);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => {
      const [state, , , local, remote] = line.split(/\s+/);
      const gatewayPort = Number(local.split(':')[1]);
      return { state, gatewayPort, server: serverOfAddress(remote.split(':')[0]) };
    });
}
