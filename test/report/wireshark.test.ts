import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import { type Report } from '../../src/report/index.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { composeReport } from '../build/reports.ts';
import { hasTshark, tsharkFields } from '../build/tshark.ts';
import { recordings } from '../matrix/recordings.ts';

/** A report says "open this packet in Wireshark and you will see it": here somebody does, for every packet that is named. */

interface Case {
  readonly name: string;
  readonly path: string;
  readonly keys: string | null;
}

const CASES: readonly Case[] = [
  ...['samples', 'test/captures'].flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.pcap'))
      .map((name) => ({ name, path: `${folder}/${name}`, keys: null })),
  ),
  ...recordings().map(({ truth, path, keys }) => ({ name: truth.name, path, keys })),
];

const FIELDS = [
  'frame.number',
  'frame.time_epoch',
  'ip.src',
  'tcp.srcport',
  'ip.dst',
  'tcp.dstport',
  'tcp.flags.syn',
  'tcp.flags.fin',
  'tcp.flags.reset',
  'tcp.analysis.retransmission',
  'tcp.analysis.keep_alive',
] as const;

type Seen = Readonly<Record<(typeof FIELDS)[number], string>>;
type Evidence = Report['windows'][number]['evidence'][number];

async function reportOf({ path, keys }: Case): Promise<Report> {
  const keyLog = new KeyLog();
  if (keys !== null) keyLog.add(keys);
  const { capture, incident } = await analyzeFiles([path], undefined, { keyLog });
  return composeReport(incident, capture, '0');
}

function seenIn(path: string): ReadonlyMap<number, Seen> {
  const rows = tsharkFields(path, FIELDS).map(
    (row) => Object.fromEntries(FIELDS.map((field, i) => [field, row[i] ?? ''])) as Seen,
  );
  return new Map(rows.map((seen) => [Number(seen['frame.number']), seen]));
}

/** What Wireshark has to show of a packet of these kinds; of the others only the connection and the sender are compared. */
const SHOWN: Readonly<Record<string, (seen: Seen) => boolean>> = {
  retransmission: (seen) => seen['tcp.analysis.retransmission'] !== '',
  probe: (seen) => seen['tcp.analysis.keep_alive'] !== '',
  syn: (seen) => seen['tcp.flags.syn'] === '1',
  refused: (seen) => seen['tcp.flags.reset'] === '1',
  reset: (seen) => seen['tcp.flags.reset'] === '1',
  close: (seen) => seen['tcp.flags.reset'] === '1' || seen['tcp.flags.fin'] === '1',
};

function sentBy(seen: Seen, { client, server }: Report['connections'][number]): 'client' | 'server' | 'somebody else' {
  const [from, to] = [`${seen['ip.src']} ${seen['tcp.srcport']}`, `${seen['ip.dst']} ${seen['tcp.dstport']}`];
  const ends = [`${client.ip} ${client.port}`, `${server.ip} ${server.port}`];
  if (from === ends[0] && to === ends[1]) return 'client';
  return from === ends[1] && to === ends[0] ? 'server' : 'somebody else';
}

/** Every way in which a packet is not what the report says; empty where it is. */
function complaints(report: Report, seen: ReadonlyMap<number, Seen>): string[] {
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  const about = (row: Evidence): string[] => {
    const packet = seen.get(row.packet);
    const connection = byId.get(row.connection);
    if (packet === undefined || connection === undefined) return [`packet ${row.packet}: not there`];
    const isShown = SHOWN[row.kind]?.(packet) ?? true;
    const by = sentBy(packet, connection);
    const at = Number(packet['frame.time_epoch']) - Date.parse(row.at) / 1000;
    return [
      ...(isShown ? [] : [`packet ${row.packet}: no ${row.kind}`]),
      ...(by === row.by ? [] : [`packet ${row.packet}: sent by ${by}, not by ${row.by}`]),
      ...(Math.abs(at) < 0.002 ? [] : [`packet ${row.packet}: at another time`]),
    ];
  };
  return report.windows.flatMap((window) => window.evidence.flatMap(about));
}

/** A display filter of ours, read by its own short grammar, so that one reading of the capture answers for all of them. */
function selects(filter: string): (seen: Seen) => boolean {
  const tests = filter.split(' && ').map((clause): ((seen: Seen) => boolean) => {
    const [field, operator, ...rest] = clause.split(' ');
    const value = rest.join(' ');
    if (field === 'ip.addr' && operator === '==') return (seen) => [seen['ip.src'], seen['ip.dst']].includes(value);
    if (field === 'tcp.port' && operator === '==')
      return (seen) => [seen['tcp.srcport'], seen['tcp.dstport']].includes(value);
    if (field !== 'frame.number' || operator !== 'in') throw new Error(`a clause that nobody reads: ${clause}`);
    const runs = value
      .slice(1, -1)
      .split(', ')
      .map((run) => run.split('..').map(Number));
    return (seen) => {
      const number = Number(seen['frame.number']);
      return runs.some(([from = 0, to = from]) => from <= number && number <= to);
    };
  });
  return (seen) => tests.every((holds) => holds(seen));
}

describe.skipIf(!hasTshark)('opened in Wireshark (needs tshark)', () => {
  test.each(CASES)(
    '$name: each packet of the evidence is what is said, each filter selects its packets',
    async (recording) => {
      const report = await reportOf(recording);
      const seen = seenIn(recording.path);
      expect(complaints(report, seen)).toEqual([]);
      const selected = report.findings.map(({ filter }) =>
        [...seen.values()].filter(selects(filter)).map((row) => Number(row['frame.number'])),
      );
      expect(selected).toEqual(report.findings.map(({ packets }) => packets.toSorted((a, b) => a - b)));
    },
  );

  test('Wireshark reads the filters as this test does', async () => {
    const path = 'test/matrix/envoy-h2c-refuse.pcap.gz';
    const [recording] = CASES.filter((one) => one.path === path);
    if (recording === undefined) throw new Error('the recording is gone');
    const { findings } = await reportOf(recording);
    const seen = [...seenIn(path).values()];
    expect(findings.map(({ code }) => code)).toEqual(expect.arrayContaining(['upstream-refused', 'upstream-reset']));
    for (const { filter } of findings) {
      expect(tsharkFields(path, ['frame.number'], filter).flat(), filter).toEqual(
        seen.filter(selects(filter)).map((row) => row['frame.number']),
      );
    }
  });
});
