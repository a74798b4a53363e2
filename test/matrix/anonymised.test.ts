import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Report, tellsTheSame } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { hasTshark, tsharkFields } from '../build/tshark.ts';
import { watchpcap } from '../cli/command.ts';
import { recordings } from './recordings.ts';

/** Of each gateway and each pair of protocols one: all of them take minutes. */
const CHOSEN = recordings().filter(({ truth, keys }, nth, all) => {
  const kind = (at: number): string => {
    const { gateway, downstream, upstream } = all[at]?.truth.scenario ?? truth.scenario;
    return [gateway, downstream, upstream].join(' ');
  };
  const before = all.slice(0, nth).filter((other, at) => other.keys !== null && kind(at) === kind(nth));
  return keys !== null && before.length === 0;
});

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Every word of the recording's requests that is somebody's, addresses included, and all secrets. */
function originalsOf(report: Report, keys: string): string[] {
  const texts = report.connections.flatMap(({ client, server }) => [client.ip, server.ip]);
  for (const { streams } of report.windows) for (const { userAgent } of streams) texts.push(userAgent ?? '');
  const words = texts.flatMap((text) => text.split(/[^\w.-]+/)).filter((word) => word.length > 3);
  const secrets = keys.split(/\s+/).filter((word) => /^[0-9a-f]{64,}$/i.test(word));
  return [...words.filter((word) => !isCommon(word)), 'matrix', 'linux', 'amd64', 'kube-system', 'leader', ...secrets];
}

/** What stays of a user agent: programs that everybody has, and numbers of versions. */
function isCommon(word: string): boolean {
  return /^(?:kubelet|kube-proxy|kubernetes|Go-http-client|v?[\d.]+)$/.test(word) && !word.startsWith('10.');
}

/** What is said in a capture, opened with what it has itself: fields and bodies as text. */
async function saidIn(path: string): Promise<string> {
  const { stdout } = await watchpcap(['frames', path]);
  return stdout.replaceAll(path, '');
}

describe.each(CHOSEN.map((recording) => [recording.truth.name, recording] as const))(
  'the anonymised extract of %s',
  (name, { path, keys }) => {
    test('gives the same verdict and the same windows without a key log, and names nobody', async () => {
      const extract = join(folder, 'extract.pcapng');
      const keyLog = path.replace('.pcap.gz', '.keys');
      const args = ['analyze', path, '--keylog', keyLog, '--format', 'json'];
      const run = await watchpcap([...args, '--anonymize', '--extract', extract]);
      const again = await reportOn(extract);
      expect(tellsTheSame(JSON.parse(run.stdout) as Report, again)).toBe(true);
      expect(again.connections.some(({ protocol }) => protocol === 'h2-tls' || protocol.startsWith('http1'))).toBe(
        true,
      );
      const plain = JSON.parse((await watchpcap(args)).stdout) as Report;
      const all = readFileSync(extract).toString('latin1') + (await saidIn(extract));
      for (const original of originalsOf(plain, keys ?? ''))
        expect([name, all.includes(original)]).toEqual([name, false]);
      if (!hasTshark) return;
      expect(tsharkFields(extract, ['frame.number'], '_ws.malformed')).toEqual([]);
      expect(tsharkFields(extract, ['frame.number'], 'http2.type == 0 || http').length).toBeGreaterThan(10);
    });
  },
);
