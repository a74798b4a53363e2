import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { buildPcap, LINKTYPE, type PcapRecord } from '../build/pcap.ts';
import { Wire } from '../build/wire.ts';

/** A gateway in a pod: clients come by a service address, and so it goes on to its upstream; the node translates both. */
const POD = '10.9.0.2';
const SERVICE = '10.96.0.1';
const REQUEST = 'GET /api/v1/pods?watch=1 HTTP/1.1\r\nhost: k\r\nuser-agent: kubelet/v1.31\r\n\r\n';
const EVENT = '5\r\nevent\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function reportOf(wire: Wire, until: number): Promise<Report> {
  return await reportOfRecords(wire.records(until));
}

async function reportOfRecords(records: readonly PcapRecord[]): Promise<Report> {
  const path = join(folder, 'gateway.pcap');
  writeFileSync(path, buildPcap(records, { linkType: LINKTYPE.LINUX_SLL }));
  return await reportOn(path);
}

function translated(): Wire {
  const wire = new Wire(POD, SERVICE);
  wire
    .connectTranslated(['10.9.1.2:50001', `${SERVICE}:443`], ['10.9.1.2:50001', `${POD}:8443`], 0)
    .asks(1, REQUEST)
    .answers(1.02, RESPONSE);
  wire
    .connectTranslated([`${POD}:40001`, '10.96.0.9:443'], [`${POD}:40001`, '10.9.2.1:6443'], 0.5)
    .asks(1.005, REQUEST)
    .answers(1.015, RESPONSE)
    .inVain(1, EVENT, 20, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
  return wire;
}

describe('a connection that is captured before and after its addresses were translated', () => {
  test('is one, at the point nearer the gateway, and its other 4-tuple is named', async () => {
    const { connections, gateways } = await reportOf(translated(), 120);
    const told = connections.filter(({ role }) => role !== 'other');
    expect(told.map(({ id, server, seenAs }) => [id, server.ip, seenAs.map((twin) => twin.server.ip)])).toEqual([
      ['c1', POD, [SERVICE]],
      ['u1', '10.96.0.9', ['10.9.2.1']],
    ]);
    expect(gateways).toMatchObject([{ addresses: [POD] }]);
  });

  test('counts each packet once', async () => {
    const { connections } = await reportOf(translated(), 120);
    const upstream = connections.find(({ id }) => id === 'u1');
    expect(upstream?.retransmissions).toEqual({ fromClient: 0, fromServer: 6 });
    expect(upstream?.seenAs[0]?.packets).toBe(14);
  });

  test('gives one window, not one per copy', async () => {
    const { windows, links } = await reportOf(translated(), 120);
    expect(windows.map(({ client, upstream, cause }) => [client, upstream, cause])).toEqual([
      ['c1', 'u1', 'path-one-way'],
    ]);
    expect(links).toMatchObject([{ client: 'c1', upstream: 'u1', streams: [[1, 1]] }]);
  });
});

describe('a node that forwards to the gateway in its container, captured on all its interfaces', () => {
  const CONTAINER = '172.19.0.2';

  /** What the node sends into the container bears the addresses of clients and upstreams, and goes out as the node's own does. */
  function forwarded(from = 0): readonly PcapRecord[] {
    const outside = new Wire('10.9.0.1', '10.9.5.1');
    const inside = new Wire('10.9.1.2', '10.9.2.1');
    const asked = outside.connectAcross(
      [
        { wire: outside, from: '10.9.1.2:50001', to: '10.9.0.1:80' },
        { wire: inside, from: '10.9.1.2:50001', to: `${CONTAINER}:8000` },
      ],
      0,
    );
    const passed = outside.connectAcross(
      [
        { wire: inside, from: `${CONTAINER}:40001`, to: '10.9.2.1:8080' },
        { wire: outside, from: '10.9.5.1:40001', to: '10.9.2.1:8080' },
      ],
      0.5,
    );
    asked.asks(1, REQUEST);
    passed.asks(1.005, REQUEST).answers(1.015, RESPONSE);
    asked.answers(1.02, RESPONSE);
    for (let second = 6; second < 60; second += 6) {
      passed.answers(second, EVENT);
      asked.answers(second + 0.005, EVENT);
    }
    return [...outside.records(60, from), ...inside.records(60, from)].toSorted(
      (a, b) => Number(a.timeNs) - Number(b.timeNs),
    );
  }

  test('is no gateway itself, nor are those whose packets it forwards', async () => {
    const { gateways, connections, verdict } = await reportOfRecords(forwarded());
    expect(gateways).toEqual([{ addresses: [CONTAINER], how: 'both-sides' }]);
    const told = connections.filter(({ role }) => role !== 'other');
    expect(told.map(({ id, client, server }) => [id, client.ip, server.ip])).toEqual([
      ['c1', '10.9.1.2', CONTAINER],
      ['u1', CONTAINER, '10.9.2.1'],
    ]);
    expect(verdict.state).toBe('healthy');
  });

  test.each([
    ['between two packets', 5],
    ['between the copies of a packet from an upstream', 6.000_01],
    ['between the copies of an acknowledgement to it', 6.000_11],
    ['between the copies of a packet to the client', 6.005_01],
  ])('is seen through as well where the capture begins %s', async (_, from) => {
    const { gateways, connections } = await reportOfRecords(forwarded(from));
    expect(gateways).toEqual([{ addresses: [CONTAINER], how: 'both-sides' }]);
    const told = connections.filter(({ role }) => role !== 'other').toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(told.map(({ id, client, server, seenAs }) => [id, client, server, seenAs])).toMatchObject([
      ['c1', { ip: '10.9.1.2' }, { ip: CONTAINER }, [{ client: { ip: '10.9.1.2' }, server: { ip: '10.9.0.1' } }]],
      ['u1', { ip: CONTAINER }, { ip: '10.9.2.1' }, [{ client: { ip: '10.9.5.1' }, server: { ip: '10.9.2.1' } }]],
    ]);
  });
});

test('two clients that say the same at the same time are two connections', async () => {
  const wire = new Wire(POD);
  for (const port of [50_001, 50_002]) {
    wire.connect(`10.9.1.2:${port}`, `${POD}:80`, 0).asks(1, REQUEST).answers(1.02, RESPONSE);
    wire.connect(`${POD}:${port}`, '10.9.2.1:8080', 0.5).asks(1.005, REQUEST).answers(1.015, RESPONSE);
  }
  const { connections } = await reportOf(wire, 30);
  expect(connections.filter(({ role }) => role !== 'other')).toHaveLength(4);
  expect(connections.every(({ seenAs }) => seenAs.length === 0)).toBe(true);
});
