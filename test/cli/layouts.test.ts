import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import { DEFAULT_THRESHOLDS, NO_HINTS, type RoleHints } from '../../src/incident/index.ts';
import { type Report } from '../../src/report/index.ts';
import { composeReport } from '../build/reports.ts';
import {
  later,
  onEthernet,
  onHost,
  rebound,
  renamed,
  resequenced,
  seenBy,
  sourceOf,
  type Taken,
  takenFrom,
  touching,
} from '../build/retaken.ts';

/** Where a capture can be taken. Each is a lab recording, taken again at another place: its truth is that of the lab (lab/README.md). */
interface Truth {
  readonly expect: {
    readonly state: string;
    readonly windows: readonly {
      readonly clientPort: number;
      readonly upstream: { readonly gatewayPort: number; readonly ip: string };
      readonly streams: readonly {
        readonly client: number;
        readonly upstream: number | null;
        readonly outcome: string;
      }[];
      readonly cause: string;
      readonly onset: readonly [string, string];
      readonly end: { readonly how: string; readonly at: string | null };
    }[];
  };
}

const CLIENT = '10.9.1.2';
const SERVERS = ['10.9.2.2', '10.9.3.2'] as const;
const GATEWAY = ['10.9.1.1', '10.9.2.1', '10.9.3.1'] as const;
const SLACK_MS = 1000;

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-layouts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const recordings = ['samples/gateway', 'samples/gateway-keepalive', 'test/captures/c2-envoy'].map((label) => ({
  label,
  packets: takenFrom(`${label}.pcap`),
  truth: JSON.parse(readFileSync(`${label}.truth.json`, 'utf8')) as Truth,
}));
const named = recordings.map((recording) => [recording.label, recording] as const);

async function reportOf(files: readonly Uint8Array[], hints: Partial<RoleHints> = {}): Promise<Report> {
  const paths = files.map((bytes, i) => {
    const path = join(folder, `${i}.pcap`);
    writeFileSync(path, bytes);
    return path;
  });
  const { capture, incident } = await analyzeFiles(paths, {
    thresholds: DEFAULT_THRESHOLDS,
    hints: { ...NO_HINTS, ...hints },
  });
  const report = composeReport(incident, capture, '0');
  return report;
}

/** The window's facts, as truth and report both have them; a request that never left the gateway need not be listed. */
function toldIn({ windows, connections }: Report): object[] {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  return windows.map(({ client, upstream, cause, end, streams }) => ({
    clientPort: byId.get(client)?.client.port,
    gatewayPort: byId.get(upstream)?.client.port,
    server: byId.get(upstream)?.server.ip,
    cause,
    end: end.how,
    streams: streams.flatMap(({ id, upstreamStream, outcome }) =>
      upstreamStream === null ? [] : [[id, upstreamStream, outcome]],
    ),
  }));
}

function wantedIn({ expect: { windows } }: Truth): object[] {
  return windows.map(({ clientPort, upstream, cause, end, streams }) => ({
    clientPort,
    gatewayPort: upstream.gatewayPort,
    server: upstream.ip,
    cause,
    end: end.how,
    streams: streams.flatMap((stream) =>
      stream.upstream === null ? [] : [[stream.client, stream.upstream, stream.outcome]],
    ),
  }));
}

/** State, windows, their streams, and when each began and ended. */
function expectTruth(report: Report, truth: Truth): void {
  expect(report.verdict.state).toBe(truth.expect.state);
  expect(toldIn(report)).toEqual(wantedIn(truth));
  for (const [i, { onset, end }] of truth.expect.windows.entries()) {
    const window = report.windows[i];
    const { lastHeard } = window?.onset ?? { lastHeard: '' };
    // Of an attempt nothing was heard.
    if (lastHeard !== null) expect(Date.parse(lastHeard)).toBeLessThanOrEqual(Date.parse(onset[1]) + SLACK_MS);
    expect(Date.parse(window?.onset.firstUnanswered ?? '')).toBeGreaterThanOrEqual(Date.parse(onset[0]) - SLACK_MS);
    if (end.at === null) expect(window?.to).toBeNull();
    else expect(Math.abs(Date.parse(window?.to ?? '') - Date.parse(end.at))).toBeLessThanOrEqual(SLACK_MS);
  }
}

const addressesOf = ({ gateways }: Report): readonly (readonly string[])[] =>
  gateways.map(({ addresses }) => addresses);

describe.each(named)('%s', (_, { packets, truth }) => {
  test('on the gateway, on all its interfaces: its three addresses are one host', async () => {
    const report = await reportOf([onHost(packets)]);
    expectTruth(report, truth);
    expect(report.gateways).toEqual([{ addresses: GATEWAY, how: 'capturing-host' }]);
  });

  test.each([null, 42])(
    'on a mirror of its port, VLAN %s: its addresses are one by what it passed on',
    async (vlan) => {
      const report = await reportOf([onEthernet(packets, vlan)]);
      expectTruth(report, truth);
      expect(report.gateways).toEqual([{ addresses: GATEWAY, how: 'joins' }]);
    },
  );

  test('on a mirror, a gateway with one address', async () => {
    const one = packets.map((packet) => renamed(packet, { [GATEWAY[1]]: GATEWAY[0], [GATEWAY[2]]: GATEWAY[0] }));
    const report = await reportOf([onEthernet(one)]);
    expectTruth(report, truth);
    expect(report.gateways).toEqual([{ addresses: [GATEWAY[0]], how: 'both-sides' }]);
  });

  test('on client, gateway and apiservers at once: each connection once, in any order of the files', async () => {
    const [client, ...servers] = [CLIENT, ...SERVERS].map((host) =>
      onHost(packets.filter(touching(host)).map((packet) => seenBy(later(packet, 80_000), host))),
    );
    const files = [client ?? new Uint8Array(0), onHost(packets), ...servers];
    const alone = await reportOf([onHost(packets)]);
    for (const order of [files, files.toReversed()]) {
      const report = await reportOf(order);
      expectTruth(report, truth);
      expect(report.gateways).toEqual([{ addresses: GATEWAY, how: 'capturing-host' }]);
      const counted = ({ connections }: Report): unknown[] =>
        connections.map(({ role, client: { port }, packets: both, bytes }) => [role, port, both, bytes]);
      expect(counted(report)).toEqual(counted(alone));
    }
  });
});

describe('a row of gateways', () => {
  const BALANCER = '10.9.8.1';
  const NAMES = { [GATEWAY[1]]: GATEWAY[0], [GATEWAY[2]]: GATEWAY[0] };
  const HOP_NS = 1000;

  /** The client asks a balancer that passes all it says on, byte for byte, on a connection of its own, to a gateway of one address. */
  function behindBalancer(packets: readonly Taken[]): Taken[] {
    const near = packets
      .filter(touching(CLIENT))
      .map((packet) => resequenced(renamed(packet, { [GATEWAY[0]]: BALANCER }), 123_456_789))
      .map((packet) => later(packet, sourceOf(packet) === CLIENT ? -HOP_NS : HOP_NS));
    return [...near, ...packets.map((packet) => renamed(packet, { ...NAMES, [CLIENT]: BALANCER }))];
  }

  test.each(named)(
    '%s behind a balancer: whom the dead one hurts is the balancer, and whom that serves is known',
    async (_, { packets, truth }) => {
      const report = await reportOf([onEthernet(behindBalancer(packets))]);
      expectTruth(report, truth);
      expect(addressesOf(report)).toEqual([[GATEWAY[0]], [BALANCER]]);
      const ends = (id: string): unknown => {
        const leg = report.connections.find((connection) => connection.id === id);
        return [leg?.client.ip, leg?.server.ip];
      };
      // The balancer's upstream is the gateway, which answers: nobody blames it.
      for (const { client } of report.windows) expect(ends(client)).toEqual([BALANCER, GATEWAY[0]]);
      const links = report.links.filter(({ upstream }) => report.windows.some(({ client }) => client === upstream));
      expect(links.map(({ client }) => ends(client))).toEqual([[CLIENT, BALANCER]]);
    },
  );
});

describe('a sidecar in the pod of its client', () => {
  const POD = '10.9.0.5';
  const SERVICE = '10.96.0.1';
  const [LOOPBACK, OUTBOUND] = ['127.0.0.1', 15_001];
  const own = { [GATEWAY[0]]: POD, [GATEWAY[1]]: POD, [GATEWAY[2]]: POD };

  /**
   * iptables' REDIRECT in OUTPUT: the client's packets are seen on the loopback interface on their way to port 15001, the answers as they come
   * back, from the service's address that the client asked. Loopback shows a packet once, as one that comes in.
   */
  function redirected(packets: readonly Taken[]): Taken[] {
    return packets.map((packet) => {
      if (sourceOf(packet) === CLIENT)
        return {
          ...renamed(rebound(packet, { [GATEWAY[0]]: OUTBOUND }), { [CLIENT]: POD, [GATEWAY[0]]: LOOPBACK }),
          type: 0,
        };
      if (touching(CLIENT)(packet)) return { ...renamed(packet, { [CLIENT]: POD, [GATEWAY[0]]: SERVICE }), type: 0 };
      return renamed(packet, own);
    });
  }

  test.each(named)(
    '%s: requests and answers under two names are one connection, and the windows are those of the truth',
    async (_, { packets, truth }) => {
      const report = await reportOf([onHost(redirected(packets))]);
      expectTruth(report, truth);
      expect(report.connections.filter(({ role }) => role === 'client')).toHaveLength(1);
    },
  );
});

describe('a sidecar in the pod of the server', () => {
  const POD = '10.9.0.5';
  const PORT = 8080;

  /** Redirected to port 15006 after the tap: the client is seen to ask the very address and port that the sidecar asks from the loopback. */
  function inbound(packets: readonly Taken[]): Taken[] {
    return packets
      .filter((packet) => !touching(SERVERS[1])(packet))
      .map((packet) =>
        touching(CLIENT)(packet)
          ? renamed(rebound(packet, { [GATEWAY[0]]: PORT }), { [GATEWAY[0]]: POD })
          : { ...renamed(packet, { [GATEWAY[1]]: '127.0.0.6', [SERVERS[0]]: POD }), type: 0 },
      );
  }

  test('is a gateway, and what it asks is upstream', async () => {
    const [first] = recordings;
    const report = await reportOf([onHost(inbound(first?.packets ?? []))]);
    expect(report.connections.map(({ role, client }) => [role, client.ip])).toEqual([
      ['client', CLIENT],
      ['upstream', '127.0.0.6'],
    ]);
    expect(report.windows.map(({ cause }) => cause)).toEqual(['path-one-way']);
  });
});

describe('several gateways in one capture', () => {
  const [first, second] = recordings;
  const names = Object.fromEntries(
    [CLIENT, ...GATEWAY, ...SERVERS].map((ip) => [ip, ip.replace('10.9.', '10.7.')] as const),
  );

  test('each has its own window, and none of the other', async () => {
    const shift = (first?.packets[0]?.timeNs ?? 0) - (second?.packets[0]?.timeNs ?? 0);
    const other = (second?.packets ?? []).map((packet) => later(renamed(packet, names), shift));
    const report = await reportOf([onEthernet([...(first?.packets ?? []), ...other])]);
    expect(addressesOf(report)).toEqual([GATEWAY.map((ip) => ip.replace('10.9.', '10.7.')), GATEWAY]);
    const wanted = [first, second].flatMap((recording) => (recording === undefined ? [] : wantedIn(recording.truth)));
    const renamedServer = (window: object): string => JSON.stringify(window).replaceAll('10.7.', '10.9.');
    expect(toldIn(report).map(renamedServer).toSorted()).toEqual(
      wanted.map((window) => JSON.stringify(window)).toSorted(),
    );
  });
});

describe('one side is all there is', () => {
  const packets = recordings[0]?.packets ?? [];
  const nearOnly = onEthernet(packets.filter(touching(CLIENT)));
  const farOnly = onEthernet(packets.filter(touching(...SERVERS)));

  test.each([
    ['client', nearOnly],
    ['upstream', farOnly],
  ])('the %s side: nobody is the gateway, and that is said', async (_, file) => {
    const report = await reportOf([file]);
    expect([report.verdict.state, report.gateways, report.windows]).toEqual(['inconclusive', [], []]);
    expect(report.verdict.summary).toContain('gateway');
  });

  test.each([
    ['--gateway', { gateways: [GATEWAY[0]] }],
    ['--client-port', { clientPort: 80 }],
  ])("the client's side with %s: the leg is a client's, and the missing one is the reason", async (_, hints) => {
    const report = await reportOf([nearOnly], hints);
    expect(report.verdict.state).toBe('inconclusive');
    expect(report.gateways).toEqual([{ addresses: [GATEWAY[0]], how: 'told' }]);
    expect(report.connections.map(({ role, server }) => [role, server.ip])).toContainEqual(['client', GATEWAY[0]]);
  });

  test.each([
    ['--gateway', { gateways: GATEWAY.slice(1) }],
    ['--upstream-port', { upstreamPort: 8080 }],
  ])("the upstreams' side with %s: one of them is dead, and whom it hurt is not to be seen", async (_, hints) => {
    const report = await reportOf([farOnly], hints);
    expect([report.verdict.state, report.windows]).toEqual(['suspect', []]);
    expect(report.verdict.summary).toContain('10.9.2.2:8080');
    expect(report.connections.every(({ role }) => role === 'upstream')).toBe(true);
  });

  test('neither side: a client and a server that speak to each other are no gateway, and what was seen is said', async () => {
    const direct = packets.filter(touching(CLIENT));
    const report = await reportOf([onEthernet(direct)]);
    expect(report.connections.map(({ role }) => role)).toEqual(['other']);
    expect(report.verdict.summary).toContain('1 connection');
  });
});
