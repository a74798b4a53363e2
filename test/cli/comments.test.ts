import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { tcpPacket } from '../build/packet.ts';
import { buildPcap } from '../build/pcap.ts';
import { comment, interfaceBlock, packetBlock, section, unitsAt } from '../build/pcapng.ts';
import { reportOn } from '../build/reports.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-comments-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const SYN = tcpPacket({ from: '10.9.1.2:49739', to: '10.9.0.2:80', flags: 'SYN', seq: 1 });

function written(name: string, bytes: Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test('what somebody wrote on a packet of a pcapng stands in the report, by the number that Wireshark shows', async () => {
  const packets = ['', 'the client gave up here', ''].map((text, at) =>
    packetBlock({
      units: unitsAt(at * 1e9, 1_000_000n),
      bytes: SYN,
      options: text === '' ? [] : [{ code: 2, value: new Uint8Array(4) }, comment(text)],
    }),
  );
  const noted = written('noted.pcapng', section([interfaceBlock(), ...packets], 'big'));
  expect((await reportOn(noted)).capture.comments).toEqual([{ packet: 2, text: 'the client gave up here' }]);
  const plain = written('plain.pcap', buildPcap([{ timeNs: 5e8, bytes: SYN }]));
  expect((await reportOn(plain, noted)).capture.comments).toEqual([
    { packet: 2, file: 1, text: 'the client gave up here' },
  ]);
});
