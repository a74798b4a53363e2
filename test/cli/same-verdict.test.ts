import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { later, onHost, renamed, type Taken, takenFrom } from '../build/retaken.ts';

/**
 * What changes nothing: verdict, windows with all their streams and alternatives, links and findings with all their arguments are compared,
 * under the names of the recording and in its time.
 */
const HOSTS = ['10.9.1.1', '10.9.1.2', '10.9.2.1', '10.9.2.2', '10.9.3.1', '10.9.3.2'];
const OTHER = Object.fromEntries(HOSTS.map((ip) => [ip, ip.replace('10.9.', '10.7.')]));
/** Order is kept, since lists are ordered by address where nothing else orders them. */
const STRANGE = Object.fromEntries(HOSTS.map((ip, i) => [ip, `172.16.${i * 20}.${7 + i}`]));
const FRACTION = 1_000_000;
/** Two gateways that are asked the same in the same microsecond would be hard to tell apart. */
const OFFSET_NS = 0.4e9;
/** Sentences, which other keys tell too, and packet numbers, which other packets shift. */
const TOLD_ELSEWHERE = new Set(['title', 'summary', 'story', 'text', 'reason', 'filter', 'capture', 'whatIf', 'trust']);
const NUMBERED = new Set([
  'packet',
  'packets',
  'firstPacket',
  'lastPacket',
  'id',
  'dumpId',
  'link',
  'marks',
  'evidence',
]);

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-same-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function reportOf(packets: readonly Taken[]): Promise<Report> {
  const path = join(folder, 'gateway.pcap');
  writeFileSync(path, onHost(packets));
  const report = await reportOn(path);
  return report;
}

/** Connections by their ends, moments in microseconds from the shift on, and what only numbers things left out. */
function shapeOf({ verdict, windows, findings, links, connections, gateways }: Report, shiftNs = 0): unknown {
  const ends = new Map(
    connections.map(({ id, client, server }) => [id, `${client.ip}:${client.port} ${server.ip}:${server.port}`]),
  );
  const ownWindows = windows.map((window) => ({
    ...window,
    streams: window.streams.map((stream) => ({ ...stream, stream: stream.id })),
  }));
  const text = JSON.stringify({ verdict, windows: ownWindows, findings, links, gateways }, (key, value: unknown) => {
    if (TOLD_ELSEWHERE.has(key) || NUMBERED.has(key)) return undefined;
    if (typeof value !== 'string') return value;
    if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return microseconds(value) - Math.round(shiftNs / 1000);
    return ends.get(value) ?? value;
  });
  return JSON.parse(text);
}

function microseconds(iso: string): number {
  const [whole, fraction = ''] = iso.slice(0, -1).split('.');
  return Date.parse(`${whole ?? ''}Z`) * 1000 + (Number(fraction.padEnd(6, '0').slice(0, 6)) % FRACTION);
}

function under(names: Readonly<Record<string, string>>, shape: unknown): unknown {
  let text = JSON.stringify(shape);
  for (const [own, strange] of Object.entries(names)) text = text.replaceAll(strange, own);
  return JSON.parse(text);
}

const LABELS = [
  'samples/gateway',
  'samples/gateway-keepalive',
  'samples/gateway-healthy',
  'test/captures/c2-envoy',
  'test/captures/e-nghttpx',
];

describe.each(LABELS)('%s', (label) => {
  const packets = takenFrom(`${label}.pcap`);
  let alone: Report;
  beforeAll(async () => {
    alone = await reportOf(packets);
  });

  test.each([-1e15, 3_600e9, 86_400e9 * 400])('at another time (%s ns later) is told alike', async (shiftNs) => {
    const there = await reportOf(packets.map((packet) => later(packet, shiftNs)));
    expect(shapeOf(there, shiftNs)).toEqual(shapeOf(alone));
  });

  test('between hosts of other names is told alike', async () => {
    const there = await reportOf(packets.map((packet) => renamed(packet, STRANGE)));
    expect(under(STRANGE, shapeOf(there))).toEqual(shapeOf(alone));
  });

  test('beside a gateway with healthy clients of its own is told alike', async () => {
    const healthy = takenFrom('samples/gateway-healthy.pcap');
    const shiftNs = (packets[0]?.timeNs ?? 0) - (healthy[0]?.timeNs ?? 0) + OFFSET_NS;
    const endNs = packets.at(-1)?.timeNs ?? 0;
    const beside = healthy
      .map((packet) => later(renamed(packet, OTHER), shiftNs))
      .filter(({ timeNs }) => timeNs <= endNs);
    const there = await reportOf([...packets, ...beside]);
    expect(there.verdict.state).toBe(alone.verdict.state);
    const isOwn = (id: string | null): boolean =>
      id === null ||
      !there.connections.some((connection) => connection.id === id && connection.client.ip.startsWith('10.7.'));
    const own: Report = {
      ...there,
      verdict: alone.verdict,
      gateways: alone.gateways,
      findings: there.findings.filter(({ connection }) => isOwn(connection)),
      links: there.links.filter(({ client }) => isOwn(client)),
      windows: there.windows.map((window) => ({
        ...window,
        alternatives: window.alternatives.filter(({ upstream }) => isOwn(upstream)),
      })),
    };
    expect(shapeOf(own)).toEqual(shapeOf(alone));
  });
});
