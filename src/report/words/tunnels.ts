import type { Connection, Tunnel } from '../model.ts';
import { counted, listed, NAMED_MAX } from './phrase.ts';

const KINDS: Readonly<Record<Tunnel['kind'], string>> = {
  'ip-in-ip': 'IP in IP',
  gre: 'GRE',
  vxlan: 'VXLAN',
  geneve: 'Geneve',
  'gtp-u': 'GTP-U',
  other: 'another tunnel',
};

/** On which outer paths packets came inside others, in a sentence; none where none did. */
export function tunnelTexts(connections: readonly Connection[]): string[] {
  const paths = new Map<string, number>();
  for (const { tunnels } of connections) {
    for (const path of new Set(tunnels.map(pathText))) paths.set(path, (paths.get(path) ?? 0) + 1);
  }
  if (paths.size === 0) return [];
  const all = [...paths]
    .toSorted(([, a], [, b]) => b - a)
    .map(([path, count]) => `${path} (${counted(count, 'connection')})`);
  const more = all.length > NAMED_MAX ? [counted(all.length - NAMED_MAX, 'more path')] : [];
  return [`Inside tunnels: ${listed([...all.slice(0, NAMED_MAX), ...more])}.`];
}

/** The same both ways. */
function pathText({ kind, network, from, to }: Tunnel): string {
  const [one = '', other = ''] = [from, to].toSorted();
  return `${KINDS[kind]}${network === 0 ? '' : ` ${network}`} between ${one} and ${other}`;
}
