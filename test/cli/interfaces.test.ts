import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { BUILT_EPOCH_SECONDS } from '../build/pcap.ts';
import { interfaceBlock, packetBlock, section } from '../build/pcapng.ts';
import { reportOn } from '../build/reports.ts';
import { type Taken, takenFrom, touching } from '../build/retaken.ts';

/** What dumpcap writes of several interfaces: each one's packets come in blocks, up to a fifth of a second late. */

const CLIENT = '10.9.1.2';
const LATE_NS = 0.2e9;

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-interfaces-'));
afterAll(() => rmSync(folder, { recursive: true }));

function written(sample: string, lateNs: number): string {
  const isOfClient = touching(CLIENT);
  const writtenNs = (packet: Taken): number =>
    lateNs > 0 && isOfClient(packet) ? Math.ceil(packet.timeNs / lateNs) * lateNs : packet.timeNs;
  const packets = takenFrom(new URL(`../../samples/${sample}`, import.meta.url).pathname).toSorted(
    (a, b) => writtenNs(a) - writtenNs(b),
  );
  const toUnits = (ns: number): bigint => BUILT_EPOCH_SECONDS * 1_000_000n + BigInt(Math.floor(ns / 1000));
  const blocks = packets.map((packet) =>
    packetBlock({ interfaceId: isOfClient(packet) ? 0 : 1, units: toUnits(packet.timeNs), bytes: packet.ip }),
  );
  const file = path.join(folder, `${sample}-${lateNs}.pcapng`);
  const anInterface = interfaceBlock({ linkType: 'RAW' });
  writeFileSync(file, section([anInterface, anInterface, ...blocks]));
  return file;
}

/** What does not depend on how packets are numbered. */
function meaning({ verdict, gateways, links, windows }: Report): unknown {
  return {
    verdict: verdict.state,
    gateways,
    links: links.map(({ client, upstream, streams }) => [client, upstream, streams]),
    windows: windows.map(({ from, to, cause, end }) => [from, to, cause, end.how]),
  };
}

test.each(['gateway.pcap', 'gateway-healthy.pcap', 'gateway-keepalive.pcap'])(
  'interfaces of one file that were written out of turn tell what they tell in turn: %s',
  async (sample) => {
    const inTurn = await reportOn(written(sample, 0));
    const late = await reportOn(written(sample, LATE_NS));
    expect(meaning(late)).toEqual(meaning(inTurn));
    expect(inTurn.gateways).toHaveLength(1);
  },
);
