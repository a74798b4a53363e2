import {
  copyFileSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
  mkdtempSync,
  mkdirSync,
  statSync,
} from 'node:fs';
import { spawnSync } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openSource, readCapture } from '../../src/capture/index.ts';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import { EXIT, exitStatusOf } from '../../src/cli/exit-status.ts';
import { type Analysed, type Extract, type ExtractSettings, makeExtract } from '../../src/cli/extract.ts';
import { InputGuard } from '../../src/cli/input-guard.ts';
import { DEFAULT_THRESHOLDS, NO_HINTS } from '../../src/incident/index.ts';
import type { HeldPacket } from '../../src/report/extract/room.ts';
import type { Report } from '../../src/report/index.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { composeReport } from '../build/reports.ts';
import { concat, data, headers, PREFACE, settings } from '../build/h2.ts';
import { HpackEncoder, latin1 } from '../build/hpack.ts';
import { buildPcap, LINKTYPE, type PcapRecord } from '../build/pcap.ts';
import {
  block,
  comment,
  interfaceBlock,
  joined,
  packetBlock,
  secretsBlock,
  section,
  simplePacketBlock,
  unitsAt,
} from '../build/pcapng.ts';
import { type Flight, type TlsConversation, tlsConversation } from '../build/tls.ts';
import { hasTshark, tsharkFields } from '../build/tshark.ts';
import { type Tcp, Wire } from '../build/wire.ts';
import { watchpcap } from './command.ts';

const SAMPLE = 'samples/gateway.pcap';
const RECORDINGS = ['samples', 'test/captures'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => join(folder, name)),
);

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function at(name: string): string {
  return join(folder, name);
}

function bytesOf(path: string): Uint8Array {
  return new Uint8Array(readFileSync(path));
}

async function analysed(...paths: readonly string[]): Promise<Analysed> {
  const settings = { thresholds: DEFAULT_THRESHOLDS, hints: NO_HINTS };
  const keyLog = new KeyLog();
  const { capture, incident, plan } = await analyzeFiles(paths, settings, { keyLog });
  return { paths, capture, settings, keyLog, plan, report: composeReport(incident, capture, 'test') };
}

let extracts = 0;

async function extractOf(
  paths: readonly string[],
  settings: Partial<ExtractSettings> = {},
): Promise<Extract & { path: string; before: Report; after: Report }> {
  const whole = await analysed(...paths);
  const extract = await makeExtract(whole, { keepSecrets: false, ...settings }, {});
  const path = at(`extract-${extracts++}.pcapng`);
  writeFileSync(path, extract.bytes);
  return { ...extract, path, before: whole.report, after: (await analysed(path)).report };
}

/** With room for seven tenths of it. */
async function thinned(recording: string): ReturnType<typeof extractOf> {
  const { packets } = (await analysed(recording)).capture;
  return extractOf([recording], { maxBytes: 0.7 * (statSync(recording).size + 48 * packets) });
}

/** What has to be the same: the verdict, and of each window who, since when, why, until when, how it ended. */
function story({ verdict, windows, connections }: Report): object {
  const ends = (id: string): object | undefined => {
    const connection = connections.find((each) => each.id === id);
    return connection && { client: connection.client, server: connection.server };
  };
  return {
    state: verdict.state,
    exit: exitStatusOf(verdict.state, 'half-dead'),
    windows: windows.map(({ client, upstream, from, to, cause, end, streams }) => {
      return { client: ends(client), upstream: ends(upstream), from, to, cause, end: [end.how, end.at], streams };
    }),
  };
}

/** The same without the streams: what is said of them may be less where payloads are missing. */
function core(report: Report): object {
  const { verdict, windows } = report;
  const told = story({ ...report, windows: windows.map((window) => ({ ...window, streams: [] })) });
  return { told, reason: verdict.reason, confidence: verdict.confidence };
}

interface Row {
  readonly bytes: number;
  readonly original: number;
  readonly epochNs: bigint | null;
  readonly linkType: number | undefined;
  readonly vantage: number | undefined;
  readonly comment: string | undefined;
}

function rowsOf(path: string): Row[] {
  const rows: Row[] = [];
  readCapture(openSource(path), (batch) => {
    for (let row = batch.firstRow; row < batch.count; row++) {
      rows.push({
        bytes: batch.capturedBytes[row] ?? 0,
        original: batch.originalBytes[row] ?? 0,
        epochNs: batch.epochNs(row),
        linkType: batch.linkType[row],
        vantage: batch.vantage[row],
        comment: batch.comments.find((each) => each.row === row)?.text,
      });
    }
  });
  return rows;
}

const REQUEST = 'GET /api/v1/pods?watch=1 HTTP/1.1\r\nhost: k\r\nuser-agent: kubelet/v1.31\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const CHUNK_BYTES = 1000;
const CHUNK = `3e8\r\n${'x'.repeat(CHUNK_BYTES)}\r\n`;

/** An incident, a stream that is long before it, and many connections that have nothing to do with it. */
function busyGateway({ chunks = 0, others = 0 }): Wire {
  const wire = new Wire('10.9.0.2');
  const client = wire.connect('10.9.1.2:50001', '10.9.0.2:80', 0).asks(1, REQUEST);
  const upstream = wire.connect('10.9.0.2:40001', '10.9.2.1:8080', 0.5).asks(1.005, REQUEST);
  upstream.answers(1.015, RESPONSE);
  client.answers(1.02, RESPONSE);
  for (let i = 0; i < chunks; i++) {
    upstream.answers(2 + 0.01 * i, CHUNK);
    client.answers(2.001 + 0.01 * i, CHUNK);
  }
  for (let i = 0; i < others; i++) {
    const near = wire.connect(`10.9.1.3:${20_000 + i}`, '10.9.0.2:80', 2 + 0.1 * i);
    near.asks(2.01 + 0.1 * i, 'GET / HTTP/1.1\r\nhost: k\r\n\r\n').answers(2.02 + 0.1 * i, 'HTTP/1.1 204 x\r\n\r\n');
  }
  upstream.inVain(1, '5\r\nevent\r\n', 100, 100.2, 100.6, 101.4, 103, 106.2, 112.6);
  return wire;
}

describe('analysing the extract tells the same as the whole capture', () => {
  test.each(RECORDINGS)('%s', async (recording) => {
    const { before, after, tellsTheSame, shortened, leftOut } = await extractOf([recording]);
    expect(story(after)).toEqual(story(before));
    expect([tellsTheSame, shortened, leftOut]).toEqual([true, 0, 0]);
  });

  test.each([
    [SAMPLE, EXIT.halfDead],
    ['samples/gateway-healthy.pcap', EXIT.healthy],
  ])('by the command, with the exit status: %s', async (recording, status) => {
    const path = at('by-command.pcapng.gz');
    const first = await watchpcap(['analyze', recording, '--extract', path]);
    expect([first.status, first.stderr]).toEqual([status, '']);
    const again = await watchpcap(['analyze', path]);
    expect([again.status, again.stderr, again.stdout.split('\n', 1)]).toEqual([
      status,
      '',
      first.stdout.split('\n', 1),
    ]);
  });

  test('in a packed copy of a capture, and in a directory', async () => {
    mkdirSync(at('captures'), { recursive: true });
    copyFileSync(SAMPLE, at('captures/gateway.pcap'));
    writeFileSync(at('captures/README'), 'no capture');
    const { before, after } = await extractOf([at('captures')]);
    expect(story(after)).toEqual(story(before));
    expect(before.verdict.state).toBe('half-dead');
  });

  test('with only the packets of the incident, among many others', async () => {
    const path = at('busy.pcap');
    writeFileSync(path, busyGateway({ others: 300 }).pcap(240));
    const { before, after, packets } = await extractOf([path]);
    expect(story(after)).toEqual(story(before));
    expect([before.windows.length, before.connections.length, after.connections.length]).toEqual([1, 303, 3]);
    expect(packets).toBeLessThan(40);
  });

  test('thinned out to a half: payloads far from the incident go, both lengths of each packet stay', async () => {
    const path = at('long.pcap');
    writeFileSync(path, busyGateway({ chunks: 400 }).pcap(240));
    const maxBytes = 450_000;
    const {
      before,
      after,
      tellsTheSame,
      shortened,
      leftOut,
      bytes,
      path: written,
    } = await extractOf([path], { maxBytes });
    expect(tellsTheSame).toBe(true);
    expect(story(after)).toEqual(story(before));
    expect([shortened > 500, leftOut]).toEqual([true, 0]);
    expect(bytes.length).toBeLessThan(2 * maxBytes);
    const [whole, thin] = [rowsOf(path), rowsOf(written)];
    expect(thin.map(({ original, epochNs }) => [original, epochNs])).toEqual(
      whole.map(({ original, epochNs }) => [original, epochNs]),
    );
    expect(thin.filter(({ bytes: captured, original }) => captured < original).length).toBe(shortened);
  });

  test('thinned out to a tenth: packets far from the incident go, too', async () => {
    const path = at('long.pcap');
    writeFileSync(path, busyGateway({ chunks: 400 }).pcap(240));
    const { before, after, tellsTheSame, leftOut, packets } = await extractOf([path], { maxBytes: 100_000 });
    expect([tellsTheSame, leftOut > 1000, packets + leftOut]).toEqual([true, true, before.capture.packets]);
    expect(core(after)).toEqual(core(before));
  });

  // Two of them have nothing to spare: eight events, by which alone their legs are known to belong together.
  test.each(RECORDINGS.filter((path) => !path.includes('midstream')))('thinned out: %s', async (recording) => {
    const { before, after, shortened, tellsTheSame } = await thinned(recording);
    expect(core(after)).toEqual(core(before));
    expect([shortened > 0, tellsTheSame]).toEqual([true, true]);
  });

  test('where there is no room for the proof, it says that the extract does not tell the same', async () => {
    const { tellsTheSame, leftOut } = await extractOf([SAMPLE], { maxBytes: 2000 });
    expect([tellsTheSame, leftOut > 0]).toEqual([false, true]);
  });
});

describe('what an extract says of its packets', () => {
  test('where each was captured, and of evidence what it proves, in which window', async () => {
    const { before, path } = await extractOf([SAMPLE]);
    const rows = rowsOf(path);
    expect(rows.every(({ comment: told }) => /(^|\n)gateway\.pcap#\d+$/.test(told ?? ''))).toBe(true);
    for (const { packet, text } of before.windows[0]?.evidence ?? []) {
      const row = rows.find(({ comment: told }) => told?.endsWith(`\ngateway.pcap#${packet}`));
      expect(row?.comment).toContain(`w1: ${text}`);
    }
  });

  test('which file, where there are several, and from which interface of which', async () => {
    const records = recordsOf(bytesOf(SAMPLE));
    const cooked = { linkType: LINKTYPE.LINUX_SLL2 };
    const [micro, nano] = [at('gateway.pcap0'), at('gateway.pcap1')];
    const inNano = records.map((record) => ({ ...record, claimedFraction: (record.claimedFraction ?? 0) * 1000 + 7 }));
    const isOdd = (_: PcapRecord, i: number): boolean => i % 2 === 1;
    writeFileSync(
      micro,
      buildPcap(
        records.filter((record, i) => !isOdd(record, i)),
        cooked,
      ),
    );
    writeFileSync(nano, buildPcap(inNano.filter(isOdd), { ...cooked, resolution: 'ns' }));
    const { before, after, path } = await extractOf([micro, nano]);
    expect([before.verdict.state, story(after)]).toEqual(['half-dead', story(before)]);
    const rows = rowsOf(path);
    const origins = records.map((_, i) => `gateway.pcap${i % 2}#${Math.floor(i / 2) + 1}`);
    const kept = rows.map(({ comment: told }) => told?.split('\n').at(-1));
    expect(kept.toSorted()).toEqual(origins.toSorted());
    expect(rows.map(({ vantage }) => `gateway.pcap${vantage}`)).toEqual(kept.map((origin) => origin?.split('#', 1)[0]));
    const times = rows.map(({ epochNs }) => epochNs ?? 0n);
    expect(times.every((ns, i) => i === 0 || ns >= (times[i - 1] ?? 0n))).toBe(true);
    expect(rows.every(({ epochNs, vantage }) => (epochNs ?? 0n) % 1000n === (vantage === 1 ? 7n : 0n))).toBe(true);
  });

  test.skipIf(!hasTshark)(
    'Wireshark finds nothing malformed in a thinned one, and its lengths (needs tshark)',
    async () => {
      const { path, shortened } = await extractOf([SAMPLE], { maxBytes: 40_000 });
      expect(shortened).toBeGreaterThan(10);
      expect(tsharkFields(path, ['frame.number'], '_ws.malformed')).toEqual([]);
      expect(tsharkFields(path, ['frame.number'], 'frame.cap_len < frame.len')).toHaveLength(shortened);
    },
  );

  test.skipIf(!hasTshark)('Wireshark shows the comments, and finds nothing malformed (needs tshark)', async () => {
    const { path, packets, before } = await extractOf([SAMPLE]);
    const rows = tsharkFields(path, ['frame.number', 'frame.comment', 'frame.encap_type']);
    expect(rows).toHaveLength(packets);
    const whole = tsharkFields(SAMPLE, ['frame.encap_type']);
    expect(new Set(rows.map(([, , encapsulation]) => encapsulation))).toEqual(new Set(whole.flat()));
    expect(tsharkFields(path, ['frame.number'], '_ws.malformed')).toEqual([]);
    const shown = tsharkFields(path, ['frame.comment'], 'frame.comment contains "w1: "');
    expect(shown).toHaveLength(new Set(before.windows[0]?.evidence.map(({ packet }) => packet)).size);
  });
});

/** The records of a classic capture in microseconds, little-endian. */
function recordsOf(bytes: Uint8Array): PcapRecord[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const records: PcapRecord[] = [];
  for (let record = 24; record < bytes.length;) {
    const captured = view.getUint32(record + 8, true);
    records.push({
      timeNs: 0,
      claimedSeconds: view.getUint32(record, true),
      claimedFraction: view.getUint32(record + 4, true),
      bytes: bytes.subarray(record + 16, record + 16 + captured),
      originalBytes: view.getUint32(record + 12, true),
    });
    record += 16 + captured;
  }
  return records;
}

const SECRET = 'CLIENT_RANDOM 5ec2e7 0ff1ce';
const NAME = 'bastion.internal.example';

/** The packets of the busy gateway, as a pcapng of two interfaces with everything that may be beside packets. */
function rich(order: 'little' | 'big'): Uint8Array {
  const nano = 1_000_000_000n;
  const packets = recordsOf(busyGateway({}).pcap(240)).map(({ bytes, claimedSeconds = 0, claimedFraction = 0 }, i) => {
    const units = BigInt(claimedSeconds) * nano + BigInt(claimedFraction) * 1000n + 7n;
    const options = i === 3 ? [comment('seen by Kim')] : [];
    return packetBlock({ interfaceId: 1, units, bytes: bytes.subarray(0, 300), originalBytes: bytes.length, options });
  });
  const name = { code: 2, value: latin1('any') };
  return section(
    [
      interfaceBlock({ linkType: 'ETHERNET', snapLength: 262_144 }),
      interfaceBlock({ linkType: 'LINUX_SLL', snapLength: 300, resolution: 9, options: [name] }),
      secretsBlock(latin1(`${SECRET}\n`)),
      block(4, (little) => namesBody(little)),
      ...packets,
    ],
    order,
  );
}

function namesBody(little: boolean): Uint8Array {
  const value = joined([Uint8Array.of(10, 9, 1, 2), latin1(`${NAME}\0`)]);
  const head = new Uint8Array(4);
  const view = new DataView(head.buffer);
  view.setUint16(0, 1, little);
  view.setUint16(2, value.length, little);
  return joined([head, value]);
}

describe('what is beside packets', () => {
  test.each(['little', 'big'] as const)(
    '%s-endian: interface, resolution, names and comments stay; secrets go',
    async (order) => {
      const path = at(`rich-${order}.pcapng`);
      writeFileSync(path, rich(order));
      const extract = await extractOf([path]);
      expect(story(extract.after)).toEqual(story(extract.before));
      expect(extract.before.verdict.state).toBe('half-dead');
      const text = Buffer.from(extract.bytes).toString('latin1');
      expect([text.includes('5ec2e7'), text.includes('0ff1ce'), extract.lacksSecrets]).toEqual([false, false, true]);
      expect([text.includes(NAME), text.includes('any'), text.includes('seen by Kim')]).toEqual([true, true, true]);
      const [whole, kept] = [rowsOf(path), rowsOf(extract.path)];
      expect(kept.map(({ epochNs, original, bytes, linkType }) => [epochNs, original, bytes, linkType])).toEqual(
        whole.map(({ epochNs, original, bytes, linkType }) => [epochNs, original, bytes, linkType]),
      );
      expect(kept.every(({ epochNs }) => (epochNs ?? 0n) % 1000n === 7n)).toBe(true);
    },
  );

  test.skipIf(!hasTshark)('Wireshark shows the interface by its name (needs tshark)', async () => {
    const path = at('named.pcapng');
    writeFileSync(path, rich('big'));
    const extract = await extractOf([path]);
    const names = tsharkFields(extract.path, ['frame.interface_name']).flat();
    expect(new Set(names)).toEqual(new Set(['any']));
  });

  test('secrets stay where that is asked for', async () => {
    const path = at('secret.pcapng');
    writeFileSync(path, rich('little'));
    const extract = await extractOf([path], { keepSecrets: true });
    expect(Buffer.from(extract.bytes).toString('latin1')).toContain(SECRET);
    expect(extract.lacksSecrets).toBe(false);
  });

  test('the command says that secrets are missing, and how to keep them', async () => {
    const path = at('secret.pcapng');
    writeFileSync(path, rich('little'));
    const run = await watchpcap(['analyze', path, '--extract', at('without.pcapng')]);
    expect(run.stderr).toMatch(/^watchpcap: .*without\.pcapng: the TLS secrets .*--keep-secrets.*\n$/);
    expect((await watchpcap(['analyze', path, '--extract', at('with.pcapng'), '--keep-secrets'])).stderr).toBe('');
    expect(readFileSync(at('with.pcapng'), 'latin1')).toContain(SECRET);
  });

  test('a packet that has no time has that of the one before it', async () => {
    const records = recordsOf(busyGateway({}).pcap(240));
    const blocks = records.map(({ bytes, claimedSeconds = 0, claimedFraction = 0 }, i) => {
      const units = BigInt(claimedSeconds) * 1_000_000n + BigInt(claimedFraction);
      return i === 5 ? simplePacketBlock(bytes) : packetBlock({ units, bytes });
    });
    const path = at('simple.pcapng');
    writeFileSync(path, section([interfaceBlock({ linkType: 'LINUX_SLL' }), ...blocks]));
    const { path: written, before, after } = await extractOf([path]);
    const rows = rowsOf(written);
    expect(rows[5]?.epochNs).toBe(rows[4]?.epochNs);
    expect(story(after)).toEqual(story(before));
  });
});

/** An incident over HTTP/2 in TLS, its secrets in the capture. */
async function incidentInTls(): Promise<Uint8Array> {
  const asks = new HpackEncoder().encode([
    [':method', 'GET'],
    [':scheme', 'https'],
    [':path', '/api/v1/pods?watch=1'],
    [':authority', 'kubernetes'],
    ['user-agent', 'kubelet/v1.31'],
  ]);
  const status = new HpackEncoder().encode([[':status', '200']]);
  const watch = (): Promise<TlsConversation> =>
    tlsConversation('TLSv1.3', undefined, [
      [0, concat(PREFACE, settings(), headers(1, asks, { endStream: true }))],
      [1, concat(settings(), headers(1, status), data(1, 'an event'))],
      [1, data(1, 'another event')],
    ]);
  const [near, far] = [await watch(), await watch()];
  const wire = new Wire('10.9.0.2');
  const client = wire.connect('10.9.1.2:50001', '10.9.0.2:443', 0);
  const upstream = wire.connect('10.9.0.2:40001', '10.9.2.1:6443', 0.1);
  const send = (tcp: Tcp, seconds: number, flights: readonly Flight[] = []): void => {
    for (const [i, { side, bytes }] of flights.entries()) {
      if (side === 0) tcp.asks(seconds + i * 0.0005, bytes);
      else tcp.answers(seconds + i * 0.0005, bytes);
    }
  };
  send(client, 0.2, near.handshake);
  send(upstream, 0.3, far.handshake);
  send(client, 1, near.said[0]);
  send(upstream, 1.01, far.said[0]);
  send(upstream, 1.02, far.said[1]);
  send(client, 1.03, near.said[1]);
  const event = concat(...(far.said[2] ?? []).map(({ bytes }) => bytes));
  upstream.inVain(1, event, 20, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
  return wire.pcapng(120, near.keyLog + far.keyLog);
}

describe('an incident in TLS', () => {
  test('is told by its extract where the secrets are kept, and only hinted at where they are not', async () => {
    const path = at('tls.pcapng');
    writeFileSync(path, await incidentInTls());
    const withSecrets = await extractOf([path], { keepSecrets: true });
    expect(withSecrets.before.verdict.state).toBe('half-dead');
    expect(story(withSecrets.after)).toEqual(story(withSecrets.before));
    const without = await extractOf([path]);
    expect([without.after.verdict.state, without.lacksSecrets, without.tellsTheSame]).toEqual(['suspect', true, true]);
    expect(Buffer.from(without.bytes).toString('latin1')).not.toContain('CLIENT_HANDSHAKE_TRAFFIC_SECRET');
  });
});

describe('a rewriting of packets', () => {
  test('gets every packet with its link type, may shorten or refuse it, and takes names and comments with it', async () => {
    const path = at('rewritten.pcapng');
    writeFileSync(path, rich('little'));
    const linkTypes = new Set<number>();
    const rewrite = ({ bytes, linkType }: HeldPacket): Uint8Array | null => {
      linkTypes.add(linkType);
      return bytes.length > 200 ? null : bytes.slice(0, 20).fill(0);
    };
    const extract = await extractOf([path], {
      rewrite: () => ({ rewrite, keyLog: '', addressOf: (address) => address }),
    });
    expect([...linkTypes]).toEqual([LINKTYPE.LINUX_SLL]);
    const rows = rowsOf(extract.path);
    expect(rows.length).toBeGreaterThan(10);
    expect(rows.every(({ bytes, original }) => bytes === 20 && original > 20)).toBe(true);
    const text = Buffer.from(extract.bytes).toString('latin1');
    expect([text.includes(NAME), text.includes('Kim'), text.includes('kubelet')]).toEqual([false, false, false]);
  });
});

describe('damaged and hostile captures', () => {
  test('a capture cut in its last record: what is there is extracted', async () => {
    const path = at('cut.pcap');
    writeFileSync(path, bytesOf(SAMPLE).subarray(0, -7));
    const { before, after, packets } = await extractOf([path]);
    expect([before.capture.files[0]?.truncated, packets]).toEqual([true, 134]);
    expect(story(after)).toEqual(story(before));
  });

  test('bytes turned over anywhere: an extract, and one that can be read', async () => {
    const whole = bytesOf(SAMPLE);
    for (let turn = 1; turn < 12; turn++) {
      const bytes = Uint8Array.from(whole);
      for (let byte = 24 + turn * 7; byte < bytes.length; byte += 577 * turn) bytes[byte] = (bytes[byte] ?? 0) ^ 0xff;
      const path = at(`turned-${turn}.pcap`);
      writeFileSync(path, bytes);
      const { after, before, tellsTheSame } = await extractOf([path]);
      expect(after.capture.warnings).toEqual([]);
      expect(tellsTheSame).toBe(story(after).constructor === Object && after.verdict.state === before.verdict.state);
    }
  });

  test('a packet of an interface that was never declared cannot be kept, the others are', async () => {
    const path = at('undeclared.pcapng');
    const bytes = recordsOf(bytesOf(SAMPLE))[0]?.bytes ?? new Uint8Array();
    const packets = [0, 9, 0].map((interfaceId, i) =>
      packetBlock({ interfaceId, units: unitsAt(i, 1_000_000n), bytes }),
    );
    writeFileSync(path, section([interfaceBlock({ linkType: 'LINUX_SLL2' }), ...packets]));
    const { path: written } = await extractOf([path]);
    expect(rowsOf(written).map(({ comment: told }) => told?.split('\n').at(-1))).toEqual([
      'undeclared.pcapng#1',
      'undeclared.pcapng#3',
    ]);
  });

  test('terminal controls in file names and GOAWAY debug data are written out in comments', async () => {
    const path = at('a\u001b[2J\u202eb.pcap');
    copyFileSync(SAMPLE, path);
    const { path: written } = await extractOf([path]);
    for (const { comment: told = '' } of rowsOf(written))
      expect([told.includes('\u001b'), told.includes('\u202e')]).toEqual([false, false]);
  });
});

describe('the file', () => {
  test('is the same, byte for byte, when it is made again', async () => {
    const [a, b] = [at('a.pcapng.gz'), at('b.pcapng.gz')];
    for (const path of [a, b]) await watchpcap(['analyze', SAMPLE, '--extract', path]);
    expect(bytesOf(a)).toEqual(bytesOf(b));
    expect([...gunzipSync(bytesOf(a)).subarray(0, 4)]).toEqual([0x0a, 0x0d, 0x0d, 0x0a]);
  });

  test('leaves nothing beside it, and comes beside other outputs', async () => {
    mkdirSync(at('clean'));
    const run = await watchpcap(['analyze', SAMPLE, '--extract', at('clean/e.pcapng'), '-o', at('clean/r.json')]);
    expect([run.status, run.stderr]).toEqual([EXIT.halfDead, '']);
    expect(readdirSync(at('clean')).toSorted()).toEqual(['e.pcapng', 'r.json']);
  });

  test.each(['evidence.pcap', 'evidence.zip', '-'])('is refused by a name that is no pcapng: %s', async (name) => {
    const run = await watchpcap(['analyze', SAMPLE, '--extract', name]);
    expect([run.status, run.stdout]).toEqual([EXIT.usage, '']);
    expect(run.stderr).toContain('.pcapng');
  });

  test('never takes the place of an input, under whatever name', async () => {
    const path = at('input.pcapng');
    writeFileSync(path, rich('little'));
    const before = bytesOf(path);
    for (const given of [path, at('captures/../input.pcapng')]) {
      const run = await watchpcap(['analyze', path, '--extract', given]);
      expect([run.status, run.stdout]).toEqual([EXIT.usage, '']);
    }
    expect(bytesOf(path)).toEqual(before);
  });

  test('that cannot be written: 73, before any work', async () => {
    const run = await watchpcap(['analyze', SAMPLE, '--extract', at('no/such/folder/e.pcapng')]);
    expect([run.status, run.stdout]).toEqual([EXIT.cannotCreate, '']);
  });
});

describe('a capture that cannot be read twice', () => {
  test('standard input: a usage error that says what to do instead, before it is read', async () => {
    const run = await watchpcap(['analyze', '-', '--extract', at('e.pcapng')], '');
    expect([run.status, run.stdout]).toEqual([EXIT.usage, '']);
    expect(run.stderr).toMatch(/--extract .*second time.*standard input.*save it to a file.*\n$/);
  });

  test('a pipe by name, too', async () => {
    const pipe = at('pipe.pcap');
    expect(spawnSync('mkfifo', [pipe]).status).toBe(0);
    const run = await watchpcap(['analyze', pipe, '--extract', at('e.pcapng')]);
    expect([run.status, run.stdout]).toEqual([EXIT.usage, '']);
    expect(run.stderr).toContain('pipe.pcap does not give');
  });

  test('a file that has changed since, in length or time: nothing is picked from it', () => {
    const path = at('changing.pcap');
    writeFileSync(path, 'one');
    const guard = new InputGuard();
    const told: string[] = [];
    guard.noting((paths) => told.push(...paths))([path]);
    expect(told).toEqual([path]);
    guard.check();
    const { atime, mtime } = statSync(path);
    writeFileSync(path, 'longer');
    utimesSync(path, atime, mtime);
    expect(() => guard.check()).toThrow(/changing\.pcap: changed since/);
    writeFileSync(path, 'one');
    utimesSync(path, atime, new Date(mtime.getTime() + 1000));
    expect(() => guard.check()).toThrow(/changed since/);
    rmSync(path);
    expect(() => guard.check()).toThrow(/changed since/);
  });
});
