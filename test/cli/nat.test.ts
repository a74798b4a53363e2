import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { Wire } from '../build/wire.ts';

/** A gateway in a pod: clients come by a service address, and so it goes on to its upstream; the node translates both. */
const POD = '10.9.0.2';
const SERVICE = '10.96.0.1';
const REQUEST = 'GET /api/v1/pods?watch=1 HTTP/1.1\r\nhost: k\r\nuser-agent: kubelet/v1.31\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function reportOf(wire: Wire, until: number): Promise<Report> {
  const path = join(folder, 'gateway.pcap');
  writeFileSync(path, wire.pcap(until));
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
    .inVain(1, '5\r\nevent\r\n', 20, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
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
