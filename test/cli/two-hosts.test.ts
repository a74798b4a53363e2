import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { Wire } from '../build/wire.ts';

/** A gateway on which nobody could run tcpdump: captures of the client's host and of the apiserver's are all there is. */
const GATEWAY = { in: '10.9.1.1', out: '10.9.2.1' };
const CLIENT = '10.9.1.2';
const SERVER = '10.9.2.2';
const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok';
const END_SECONDS = 60;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function get(path: string): string {
  return `GET ${path} HTTP/1.1\r\nhost: kubernetes\r\nuser-agent: kubelet/v1.31\r\n\r\n`;
}

/** Three requests through the gateway, and a fourth that the apiserver's host loses. */
function halves(
  seenBy: { readonly client: readonly string[]; readonly server: readonly string[] },
  inVain: readonly number[] = [10.002, 10.2, 10.6, 11.4, 13, 16.2, 22.6],
): [Wire, Wire] {
  const near = new Wire(...seenBy.client);
  const far = new Wire(...seenBy.server);
  const asked = near.connect(`${CLIENT}:50001`, `${GATEWAY.in}:80`, 0);
  const passed = far.connect(`${GATEWAY.out}:40001`, `${SERVER}:8080`, 0.1);
  for (const second of [1, 2, 3]) {
    asked.asks(second, get(`/api/v1/pods/${second}`));
    passed.asks(second + 0.002, get(`/api/v1/pods/${second}`)).answers(second + 0.004, ANSWER);
    asked.answers(second + 0.006, ANSWER);
  }
  asked.asks(10, get('/api/v1/pods/4'));
  passed.inVain(0, get('/api/v1/pods/4'), ...inVain);
  return [near, far];
}

async function reportOf(wires: readonly Wire[], ends: readonly number[] = []): Promise<Report> {
  const files = wires.map((wire, i) => {
    const path = join(folder, `host${i}.pcap`);
    writeFileSync(path, wire.pcap(ends[i] ?? END_SECONDS));
    return path;
  });
  return await reportOn(...files);
}

describe('captures of the hosts on both sides of a gateway, and none of itself', () => {
  test('show the half-dead window; the gateway is told by what it passed on, and the two hosts are none', async () => {
    const report = await reportOf(halves({ client: [CLIENT], server: [SERVER] }));
    expect(report.gateways).toEqual([{ addresses: [GATEWAY.in, GATEWAY.out], how: 'joins' }]);
    expect(report.windows).toMatchObject([
      { cause: 'peer-silent', from: '2026-01-01T00:00:10.002000Z', streams: [{ id: 4, upstreamStream: 4 }] },
    ]);
  });

  test('and where the one of the upstream ends before it is known to be dead, nothing is', async () => {
    const inVain = [10.002, 10.2, 10.6, 11.4];
    const both = await reportOf(halves({ client: [CLIENT], server: [SERVER] }, inVain), [60, 60]);
    expect(both.windows).toMatchObject([{ cause: 'peer-silent', open: true }]);
    const early = await reportOf(halves({ client: [CLIENT], server: [SERVER] }, inVain), [60, 12]);
    expect([early.windows, early.verdict.state]).toEqual([[], 'inconclusive']);
  });

  test('but in one capture nobody passes on what neither end of its own host got nor sent', async () => {
    const wire = new Wire(CLIENT, SERVER);
    const asked = wire.connect(`${CLIENT}:50001`, `${GATEWAY.in}:80`, 0);
    const heard = wire.connect(`${GATEWAY.out}:40001`, `${SERVER}:8080`, 0.1);
    for (const second of [1, 2, 3]) {
      asked.asks(second, get(`/api/v1/pods/${second}`)).answers(second + 0.006, ANSWER);
      heard.asks(second + 0.002, get(`/api/v1/pods/${second}`)).answers(second + 0.004, ANSWER);
    }
    expect((await reportOf([wire])).links).toEqual([]);
  });

  test('on a host that asked one of them what it was asked itself, nobody is found that passed it on', async () => {
    const report = await reportOf(halves({ client: [GATEWAY.in], server: [SERVER] }));
    expect(report.gateways).toEqual([]);
  });
});
