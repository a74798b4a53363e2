import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import { type Connection, type Report } from '../../src/report/index.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { composeReport } from '../build/reports.ts';
import { tsharkFields } from '../build/tshark.ts';
import { hasTshark, TSHARK_ABSENT } from '../tcp/tshark.ts';

/** What one side of a connection sent. */
interface Counters {
  packets: number;
  retransmissions: number;
  probes: number;
  goaways: number;
  /** Answers too. */
  pings: number;
}

type ByDirection = Record<string, Counters>;

const NOTHING: Counters = { packets: 0, retransmissions: 0, probes: 0, goaways: 0, pings: 0 };
const RETRANSMISSIONS = ['retransmission', 'fast_retransmission', 'spurious_retransmission'];
const FIELDS = [
  'ip.src',
  'tcp.srcport',
  'ip.dst',
  'tcp.dstport',
  'http2.type',
  'tcp.analysis.keep_alive',
  ...RETRANSMISSIONS.map((name) => `tcp.analysis.${name}`),
];
const GOAWAY = '7';
const PING = '6';

/** All small ones, and of the matrix those in which something of each kind is sent. */
const captures = [
  ...filesOf('test/captures', /\.pcap$/),
  ...filesOf('samples', /\.pcap$/),
  ...filesOf('test/matrix', /-(output|host-keepalive|host-ping|kill|graceful|outage|burst|refuse)\.pcap\.gz$/),
];
const total = { ...NOTHING };

function filesOf(folder: string, name: RegExp): string[] {
  return readdirSync(folder)
    .filter((file) => name.test(file))
    .map((file) => join(folder, file));
}

function countersOf(sums: ByDirection, direction: string): Counters {
  return (sums[direction] ??= { ...NOTHING });
}

async function reportOf(path: string, keys: string | null): Promise<Report> {
  const keyLog = new KeyLog();
  if (keys !== null) keyLog.add(readFileSync(keys, 'utf8'));
  const { capture, incident } = await analyzeFiles([path], undefined, { keyLog });
  return composeReport(incident, capture, '0');
}

function ours({ connections }: Report): ByDirection {
  const sums: ByDirection = {};
  for (const connection of connections) {
    addSide(sums, connection, 'client');
    addSide(sums, connection, 'server');
  }
  // A side that sent nothing is none of Wireshark's.
  return Object.fromEntries(Object.entries(sums).filter(([, sum]) => Object.values(sum).some((count) => count > 0)));
}

function addSide(sums: ByDirection, connection: Connection, by: 'client' | 'server'): void {
  const { client, server, packets, retransmissions, keepalive, goaways, pings } = connection;
  const [from, to] = by === 'client' ? [client, server] : [server, client];
  const [own, peers] =
    by === 'client' ? (['fromClient', 'fromServer'] as const) : (['fromServer', 'fromClient'] as const);
  const sum = countersOf(sums, `${from.ip}:${from.port} > ${to.ip}:${to.port}`);
  sum.packets += packets[own];
  sum.retransmissions += retransmissions[own];
  sum.probes += keepalive[own].probes;
  sum.goaways += goaways.filter((goaway) => goaway.by === by).length;
  sum.pings += pings[own].sent + pings[peers].answered;
}

function wiresharks(path: string, keys: string | null, { connections }: Report): ByDirection {
  // On ports that it knows for something else tshark looks for neither by itself.
  const ports = new Set(
    connections
      .filter(({ protocol, tls }) => protocol === 'h2' || tls !== null)
      .map(({ server, tls }) => `tcp.port==${server.port},${tls === null ? 'http2' : 'tls'}`),
  );
  const preferences = keys === null ? [] : [`tls.keylog_file:${keys}`];
  const sums: ByDirection = {};
  for (const row of tsharkFields(path, FIELDS, 'tcp && !icmp', preferences, [...ports])) {
    const [source, sourcePort, destination, destinationPort, types = '', probe, ...resent] = row;
    const sum = countersOf(sums, `${source}:${sourcePort} > ${destination}:${destinationPort}`);
    const frames = types.split(',');
    sum.packets++;
    if (resent.some((mark) => mark !== '')) sum.retransmissions++;
    if (probe !== '') sum.probes++;
    sum.goaways += frames.filter((type) => type === GOAWAY).length;
    sum.pings += frames.filter((type) => type === PING).length;
  }
  return sums;
}

function addTotal(sums: ByDirection): void {
  for (const { packets, retransmissions, probes, goaways, pings } of Object.values(sums)) {
    total.packets += packets;
    total.retransmissions += retransmissions;
    total.probes += probes;
    total.goaways += goaways;
    total.pings += pings;
  }
}

describe.skipIf(!hasTshark)(hasTshark ? 'counters of the report against tshark' : TSHARK_ABSENT, () => {
  afterAll(() => {
    console.log(`${captures.length} captures, each direction of each connection alike: ${JSON.stringify(total)}`);
  });

  test.each(captures)(
    '%s: each direction has as many packets, retransmissions, probes, GOAWAYs and PINGs',
    async (path) => {
      const log = path.replace('.pcap.gz', '.keys');
      const keys = log !== path && existsSync(log) ? log : null;
      const report = await reportOf(path, keys);
      const told = ours(report);
      expect(told).toEqual(wiresharks(path, keys, report));
      addTotal(told);
    },
  );

  test('there was something of each to compare', () => {
    for (const count of Object.values(total)) expect(count).toBeGreaterThan(0);
  });
});
