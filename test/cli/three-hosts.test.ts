import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { LINKTYPE } from '../build/pcap.ts';

/** Recorded at the same time on the client's host, the gateway and the first apiserver (lab/README.md, `--hosts`). */
const HOSTS = new URL('../captures/hosts/', import.meta.url);
const FILE_HEADER_BYTES = 24;
const RECORD_HEADER_BYTES = 16;
const LINK_AT = 20;
const COOKED_BYTES = 20;

let folder = '';
let written = 0;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

interface Change {
  /** How far the host's clock is ahead. */
  readonly aheadMs?: number;
  /** Of the recording's seconds, those that are left. */
  readonly seconds?: readonly [from: number, to: number];
  /** Without the cooked header, which tells the host's own side. */
  readonly isBare?: boolean;
}

/** A recording as another clock, a shorter capture, or a bare link would have it. */
function changed(host: string, { aheadMs = 0, seconds: [from, to] = [0, Infinity], isBare = false }: Change): string {
  const bytes = new Uint8Array(readFileSync(new URL(`${host}.pcap`, HOSTS)));
  const view = new DataView(bytes.buffer);
  const kept = [bytes.slice(0, FILE_HEADER_BYTES)];
  if (isBare) new DataView(kept[0]?.buffer ?? new ArrayBuffer(0)).setUint32(LINK_AT, LINKTYPE.RAW, true);
  let start: number | undefined;
  for (let at = FILE_HEADER_BYTES; at < bytes.length;) {
    const micros = view.getUint32(at, true) * 1e6 + view.getUint32(at + 4, true);
    const end = at + RECORD_HEADER_BYTES + view.getUint32(at + 8, true);
    start ??= micros;
    const second = (micros - start) / 1e6;
    if (second >= from && second <= to) kept.push(record(bytes.slice(at, end), micros + aheadMs * 1000, isBare));
    at = end;
  }
  const path = join(folder, `${written++}.pcap`);
  writeFileSync(path, new Uint8Array(Buffer.concat(kept)));
  return path;
}

function record(bytes: Uint8Array<ArrayBuffer>, micros: number, isBare: boolean): Uint8Array<ArrayBuffer> {
  const view = new DataView(bytes.buffer);
  view.setUint32(0, Math.floor(micros / 1e6), true);
  view.setUint32(4, micros % 1e6, true);
  if (!isBare) return bytes;
  for (const field of [8, 12]) view.setUint32(field, view.getUint32(field, true) - COOKED_BYTES, true);
  return new Uint8Array([...bytes.slice(0, RECORD_HEADER_BYTES), ...bytes.slice(RECORD_HEADER_BYTES + COOKED_BYTES)]);
}

/** What may not depend on how many hosts' files there are: all but the files themselves, and that there were copies. */
function tellingOf({ verdict, gateways, connections, links, windows, findings, whatIf }: Report): unknown {
  const telling = { verdict, gateways, connections, links, windows, findings, whatIf };
  const text = JSON.stringify(telling, (key, value: unknown) => (/files?$/i.test(key) ? undefined : value));
  return JSON.parse(text.replaceAll(/\d+\.pcap#/g, ''));
}

describe.each(['b1', 'b2'])('captures of the client, the gateway and an apiserver at once (%s)', (name) => {
  const [client, gateway, apiserver] = [`${name}.client`, `${name}.gateway`, `${name}.apiserver1`];
  const orders = {
    'client, gateway': [client, gateway],
    'gateway, apiserver': [gateway, apiserver],
    'apiserver, client, gateway': [apiserver, client, gateway],
  };

  test.each([0, 50, -400, 3000, -3000, 3_600_000])(
    "tell what the gateway's own tells, with clocks %d ms apart",
    async (aheadMs) => {
      for (const isBare of [false, true]) {
        const own = changed(gateway, { isBare });
        const expected = tellingOf(await reportOn(own));
        for (const hosts of Object.values(orders)) {
          const paths = hosts.map((host) => (host === gateway ? own : changed(host, { aheadMs, isBare })));
          const report = await reportOn(...paths);
          expect(tellingOf(report)).toEqual(expected);
          const gatewayFile = report.capture.files[paths.indexOf(own)];
          const others = report.capture.packets - (gatewayFile?.packets ?? 0);
          expect(report.capture.duplicates).toBeGreaterThan(0);
          expect(report.capture.duplicates).toBeLessThanOrEqual(others);
        }
      }
    },
  );

  test("and what the gateway's file is too short for, the client's tells", async () => {
    const late = changed(gateway, { seconds: [20, Infinity] });
    const early = changed(client, { aheadMs: 3000 });
    const alone = await reportOn(late);
    const both = await reportOn(late, early);
    const asked = (report: Report): unknown[] => report.connections.filter(({ role }) => role === 'client');
    expect(asked(alone)).toMatchObject([{ opened: 'before-capture' }]);
    expect(asked(both)).toMatchObject([{ opened: 'handshake', retransmissions: { fromClient: 0, fromServer: 0 } }]);
  });
});

describe('a rotated set of the gateway', () => {
  test('is one point, beside a rotated set of the client', async () => {
    const parts = (host: string, aheadMs: number): string[] =>
      [0, 10, 25].map((from, i) =>
        changed(host, { aheadMs, seconds: [from, [9.999_999, 24.999_999, Infinity][i] ?? Infinity] }),
      );
    const own = parts('b1.gateway', 0);
    const expected = (await reportOn(...own)).connections.map(({ packets, bytes, retransmissions }) => ({
      packets,
      bytes,
      retransmissions,
    }));
    const report = await reportOn(...parts('b1.client', -400), ...own);
    expect(report.connections).toMatchObject(expected);
    expect(report.windows).toHaveLength(2);
  });
});
