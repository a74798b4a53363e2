import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSource, readCapture } from '../../src/capture/index.ts';
import { watchpcap } from './command.ts';

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Each packet in a line: its number, its length, and what Wireshark shows beside it. */
function packetList(path: string): string {
  const lines: string[] = [];
  readCapture(openSource(path), ({ firstPacket, firstRow, count, originalBytes, comments }) => {
    for (let row = firstRow; row < count; row++) {
      const told = comments.filter((comment) => comment.row === row).map(({ text }) => text.replaceAll('\n', ' | '));
      lines.push([firstPacket + row, originalBytes[row], ...told].join(' '));
    }
  });
  return `${lines.join('\n')}\n`;
}

interface Frame {
  readonly packet: number;
  readonly connection: string;
  readonly stream: number;
  readonly headers: unknown;
}

/** The heads of all messages, one in a line. */
async function headList(path: string): Promise<string> {
  const { stdout } = await watchpcap(['frames', path]);
  const frames = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Frame);
  const lines = frames
    .filter(({ headers }) => headers !== null)
    .map(({ packet, connection, stream, headers }) => [packet, connection, stream, JSON.stringify(headers)].join(' '));
  return `${lines.join('\n')}\n`;
}

describe.each(['gateway', 'gateway-healthy', 'gateway-keepalive'])('the extract of samples/%s.pcap', (sample) => {
  test('has these packets, and says this of them', async () => {
    const extract = join(folder, `${sample}.pcapng`);
    await watchpcap(['analyze', `samples/${sample}.pcap`, '--extract', extract]);
    await expect(packetList(extract)).toMatchFileSnapshot(`../golden/sample-${sample}-extract.txt`);
  });

  test('anonymised says these heads', async () => {
    const extract = join(folder, `${sample}-anonymous.pcapng`);
    await watchpcap(['analyze', `samples/${sample}.pcap`, '--anonymize', '--extract', extract]);
    await expect(await headList(extract)).toMatchFileSnapshot(`../golden/sample-${sample}-anonymous-heads.txt`);
  });
});
