import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';

/**
 * A node's `-i any`: every packet of the sample seen on a veth, on a bridge and, one hop further, on the NIC. What the report says of
 * connections must be what it says of the sample.
 */

const SAMPLE = new URL('../../samples/gateway.pcap', import.meta.url);
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const SLL2_INTERFACE = 4;
const SLL2_BYTES = 20;
const IDENTIFICATION = 4;
const TTL = 8;

const folder = mkdtempSync(path.join(tmpdir(), 'watchpcap-duplicates-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Each record three times: as it is, then 3 and 9 microseconds later on other interfaces, the last with a lower TTL. */
function threefold(bytes: Uint8Array, hasIds: boolean): Uint8Array {
  const out: number[] = Array.from(bytes.subarray(0, FILE_HEADER_BYTES));
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  for (let at = FILE_HEADER_BYTES; at < bytes.length;) {
    const end = at + RECORD_HEADER_BYTES + view.getUint32(at + 8, true);
    for (const [interfaceIndex, laterUs, hops] of [
      [2, 0, 0],
      [7, 3, 0],
      [9, 9, 1],
    ] as const) {
      const record = Uint8Array.from(bytes.subarray(at, end));
      const copy = new DataView(record.buffer);
      copy.setUint32(4, Math.min(999_999, copy.getUint32(4, true) + laterUs), true);
      copy.setUint32(RECORD_HEADER_BYTES + SLL2_INTERFACE, interfaceIndex);
      const ttl = RECORD_HEADER_BYTES + SLL2_BYTES + TTL;
      copy.setUint8(ttl, copy.getUint8(ttl) - hops);
      if (!hasIds) copy.setUint16(RECORD_HEADER_BYTES + SLL2_BYTES + IDENTIFICATION, 0);
      out.push(...record);
    }
    at = end;
  }
  return Uint8Array.from(out);
}

/** What does not depend on how packets are numbered. */
function meaning({ verdict, windows, connections }: Report): unknown {
  return {
    verdict: verdict.state,
    windows: windows.map(({ from, cause, end, confidence }) => [from, cause, end.how, confidence]),
    connections: connections.map((each) => [
      each.id,
      each.opened,
      each.closed.how,
      each.packets,
      each.bytes,
      each.retransmissions,
      each.keepalive,
      each.pings,
      each.streams.length,
    ]),
  };
}

test.each([
  ['with identifications', true],
  ['without identifications', false],
])('a capture that has each packet three times says what it says with each once (%s)', async (_name, hasIds) => {
  const file = path.join(folder, 'threefold.pcap');
  writeFileSync(file, threefold(Uint8Array.from(readFileSync(SAMPLE)), hasIds));
  const once = await reportOn(SAMPLE.pathname);
  const thrice = await reportOn(file);
  expect(once.capture).toMatchObject({ packets: 135, duplicates: 0 });
  expect(thrice.capture).toMatchObject({ packets: 3 * 135, duplicates: 2 * 135 });
  expect(meaning(thrice)).toEqual(meaning(once));
  expect(thrice.trust.find(({ code }) => code === 'duplicates')?.count).toBe(2 * 135);
});
