import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { buildPcap, LINKTYPE } from '../build/pcap.ts';
import { reportOn } from '../build/reports.ts';
import { Wire } from '../build/wire.ts';

/**
 * A client, its gateway and an apiserver, captured on all three hosts, with address translation between each two: a service address that
 * is translated to the gateway's and back to a node's (DNAT and MASQUERADE), and a node's address in front of the apiserver (MASQUERADE).
 */
const CLIENT = '10.9.1.2';
const GATEWAY = '10.9.0.2';
const SERVER = '10.9.2.1';
const WATCH = 'GET /api/v1/pods?watch=1 HTTP/1.1\r\nhost: k\r\nuser-agent: kubelet/v1.31\r\n\r\n';
const HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const EVENT = '5\r\nevent\r\n';
const TRIES = [20, 20.2, 20.6, 21.4, 23, 26.2, 32.6];

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-nat-hosts-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

type Host = 'client' | 'gateway' | 'server';

/** A watch whose upstream is cut off between the gateway and the apiserver, each of which goes on sending. */
function cutOff(): Readonly<Record<Host, Wire>> {
  const hosts = { client: new Wire(CLIENT), gateway: new Wire(GATEWAY), server: new Wire(SERVER) };
  const { client, gateway, server } = hosts;
  const asked = gateway.connectAcross(
    [
      { wire: client, from: `${CLIENT}:50001`, to: '192.0.2.10:443' },
      { wire: gateway, from: '10.9.5.1:61001', to: `${GATEWAY}:8443` },
    ],
    0,
  );
  const passed = gateway.connectAcross(
    [
      { wire: gateway, from: `${GATEWAY}:40001`, to: `${SERVER}:6443` },
      { wire: server, from: '10.9.6.1:33001', to: `${SERVER}:6443` },
    ],
    0.5,
  );
  asked.asks(1, WATCH);
  passed.asks(1.01, WATCH).answers(1.02, HEAD);
  asked.answers(1.03, HEAD);
  passed.answers(5, EVENT);
  asked.answers(5.01, EVENT);
  passed.only(1).inVain(1, EVENT, ...TRIES.map((second) => second - 3));
  passed.only(0).inVain(0, 'GET /healthz HTTP/1.1\r\nhost: k\r\n\r\n', ...TRIES);
  return hosts;
}

/** @param aheadSeconds how far the clocks of the others are ahead of the gateway's */
async function reportOf(seenAt: readonly Host[], aheadSeconds = 0): Promise<Report> {
  const hosts = cutOff();
  const paths = seenAt.map((host) => {
    const aheadNs = host === 'gateway' ? 0 : aheadSeconds * 1e9;
    const records = hosts[host].records(120).map(({ timeNs, bytes }) => ({ timeNs: timeNs + aheadNs, bytes }));
    const path = join(folder, `${host}.pcap`);
    writeFileSync(path, buildPcap(records, { linkType: LINKTYPE.LINUX_SLL }));
    return path;
  });
  return await reportOn(...paths);
}

/** What may not depend on how many hosts' files there are. */
function tellingOf({ verdict, gateways, windows, links, connections }: Report): unknown {
  return {
    verdict: verdict.state,
    gateways,
    links: links.map(({ client, upstream, streams }) => [client, upstream, streams]),
    windows: windows.map(({ client, upstream, cause, from, end }) => [client, upstream, cause, from, end.how]),
    connections: connections
      .filter(({ role }) => role !== 'other')
      .map(({ id, client, server, packets, retransmissions }) => [id, client, server, packets, retransmissions]),
  };
}

describe('captures of several hosts with address translation between them', () => {
  test('the gateway alone shows the half-dead window', async () => {
    const report = await reportOf(['gateway']);
    expect(report.windows).toMatchObject([
      { client: 'c1', upstream: 'u1', from: '2026-01-01T00:00:20.000000Z', streams: [{ kind: 'watch' }] },
    ]);
    expect(report.verdict.state).toBe('half-dead');
  });

  test.each([0, 0.05, -0.4, 3, -3, 3600])(
    'tell what it tells alone, at its own points; clocks %s s ahead',
    async (aheadSeconds) => {
      const alone = tellingOf(await reportOf(['gateway']));
      const orders: readonly (readonly Host[])[] = [
        ['client', 'gateway', 'server'],
        ['server', 'client', 'gateway'],
        ['gateway', 'client'],
        ['server', 'gateway'],
      ];
      for (const order of orders) expect(tellingOf(await reportOf(order, aheadSeconds))).toEqual(alone);
    },
  );

  test('each connection names the 4-tuples that it has elsewhere', async () => {
    const { connections } = await reportOf(['client', 'gateway', 'server']);
    const seenAs = connections.map((connection) => [connection.id, connection.seenAs]);
    expect(Object.fromEntries(seenAs)).toMatchObject({
      c1: [{ client: { ip: CLIENT, port: 50_001 }, server: { ip: '192.0.2.10', port: 443 }, packets: 9 }],
      u1: [{ client: { ip: '10.9.6.1', port: 33_001 }, server: { ip: SERVER, port: 6443 }, packets: 16 }],
    });
  });
});
