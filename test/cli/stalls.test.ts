import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding, Report } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';
import { data, headers, ping, PREFACE, settings, SETTING, settingsAck, windowUpdate } from '../build/h2.ts';
import { HpackEncoder } from '../build/hpack.ts';
import { type Tcp, Wire } from '../build/wire.ts';

/** Readers that stop reading, and silences after which a connection is forgotten: through the whole program. */
const GATEWAY = '10.9.0.2';
const SMALL_WINDOW = 1000;
const DEFAULT_WINDOW = 65_535;

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

async function reportOf(wire: Wire, until: number, from = 0): Promise<Report> {
  const path = join(folder, 'gateway.pcap');
  writeFileSync(path, wire.pcap(until, from));
  return await reportOn(path);
}

/** A watch asked through the gateway; the client's SETTINGS give each stream so much. */
function watched(wire: Wire, initialWindow = SMALL_WINDOW): { client: Tcp; upstream: Tcp } {
  const request = [
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', '/api/v1/pods?watch=1'],
    [':authority', 'kubernetes'],
    ['user-agent', 'kubelet/v1.31'],
  ] as const;
  const ask = (): Uint8Array => headers(1, new HpackEncoder().encode(request), { endStream: true });
  const answer = (): Uint8Array => headers(1, new HpackEncoder().encode([[':status', '200']]));
  const limited = settings([SETTING.INITIAL_WINDOW_SIZE, initialWindow]);
  const client = wire.connect('10.9.1.2:50001', `${GATEWAY}:80`, 0);
  client.asks(0.01, PREFACE, limited).answers(0.02, settings(), settingsAck()).asks(1, ask());
  const upstream = wire.connect(`${GATEWAY}:40001`, '10.9.2.1:8080', 0.5);
  upstream.asks(0.51, PREFACE, settings()).answers(0.52, settings(), settingsAck()).asks(1.001, ask());
  upstream.answers(1.01, answer());
  client.answers(1.011, answer());
  return { client, upstream };
}

/** DATA in frames that fit a segment each. */
function sends(tcp: Tcp, at: number, bytes: number): void {
  for (let left = bytes, nth = 0; left > 0; left -= 16_000, nth++)
    tcp.answers(at + nth / 1000, data(1, new Uint8Array(Math.min(left, 16_000)).fill(97)));
}

function found(report: Report, code: string): Finding[] {
  return report.findings.filter((finding) => finding.code === code);
}

describe('a reader that gives no WINDOW_UPDATE', () => {
  test('stops its stream at the byte at which the window of its SETTINGS is spent', async () => {
    const wire = new Wire(GATEWAY);
    const { client } = watched(wire);
    sends(client, 10, SMALL_WINDOW);
    client.asks(40, ping(1, 2)).answers(40.01, ping(1, 2, true));
    const report = await reportOf(wire, 120);
    expect(report.verdict.state).toBe('healthy');
    expect(found(report, 'flow-control-stall')).toMatchObject([
      { connection: 'c1', stream: 1, args: { reader: 'client', window: 'stream', spanSeconds: 110, stillOpen: true } },
    ]);
  });

  test('one byte less is no stall', async () => {
    const wire = new Wire(GATEWAY);
    sends(watched(wire).client, 10, SMALL_WINDOW - 1);
    expect(found(await reportOf(wire, 120), 'flow-control-stall')).toEqual([]);
  });

  test('a WINDOW_UPDATE for the stream ends the stall', async () => {
    const wire = new Wire(GATEWAY);
    const { client } = watched(wire);
    sends(client, 10, SMALL_WINDOW);
    client.asks(50, windowUpdate(1, 500)).answers(50.01, data(1, 'more'));
    expect(found(await reportOf(wire, 120), 'flow-control-stall')).toMatchObject([
      { severity: 'info', args: { spanSeconds: 40, stillOpen: false } },
    ]);
  });

  test("one for the stream does not open the connection's window (RFC 9113 §6.9)", async () => {
    const wire = new Wire(GATEWAY);
    const { client } = watched(wire, 1_000_000);
    sends(client, 10, DEFAULT_WINDOW);
    client.asks(20, windowUpdate(1, 50_000));
    expect(found(await reportOf(wire, 120), 'flow-control-stall')).toMatchObject([
      { stream: null, args: { window: 'connection', streams: 1, spanSeconds: expect.closeTo(110, 0) } },
    ]);
  });

  test('one for the connection does', async () => {
    const wire = new Wire(GATEWAY);
    const { client } = watched(wire, 1_000_000);
    sends(client, 10, DEFAULT_WINDOW);
    client.asks(20, windowUpdate(0, 50_000));
    expect(found(await reportOf(wire, 120), 'flow-control-stall')).toEqual([]);
  });

  test('SETTINGS that raise the window open streams that are stopped (RFC 9113 §6.9.2)', async () => {
    const wire = new Wire(GATEWAY);
    const { client } = watched(wire);
    sends(client, 10, SMALL_WINDOW);
    client.asks(20, settings([SETTING.INITIAL_WINDOW_SIZE, 2 * SMALL_WINDOW]));
    expect(found(await reportOf(wire, 120), 'flow-control-stall')).toEqual([]);
  });

  test('in a capture that began later the window is not known, and nothing is said', async () => {
    const wire = new Wire(GATEWAY);
    sends(watched(wire).client, 10, SMALL_WINDOW);
    expect(found(await reportOf(wire, 120, 0.9), 'flow-control-stall')).toEqual([]);
  });

  test('where bytes of the connection are missing, an update may be among them', async () => {
    const wire = new Wire(GATEWAY);
    const { client } = watched(wire);
    sends(client, 10, SMALL_WINDOW);
    client
      .skips(0, 13)
      .asks(30, ping(1, 2))
      .answers(30.01, ping(1, 2, true));
    expect(found(await reportOf(wire, 120), 'flow-control-stall')).toEqual([]);
  });
});

describe('a silence after which a connection is forgotten', () => {
  test('the first packet is never answered: consistent with the time-outs that fit', async () => {
    const wire = new Wire(GATEWAY);
    const { client, upstream } = watched(wire);
    for (let at = 60; at < 600; at += 60) client.asks(at, ping(at, 0)).answers(at + 0.01, ping(at, 0, true));
    upstream.inVain(0, ping(3, 4), 400, 400.2, 400.6, 401.4, 403, 406.2);
    const report = await reportOf(wire, 600);
    expect(report.verdict.state).toBe('half-dead');
    const [drop] = found(report, 'middlebox-idle-drop');
    expect(drop).toMatchObject({ connection: 'u1', severity: 'info', args: { met: 'unanswered' } });
    expect(drop?.title).toContain('Azure Load Balancer (240 s), F5 BIG-IP (300 s) and AWS NLB (350 s)');
  });

  test('or it is reset', async () => {
    const wire = new Wire(GATEWAY);
    const { client, upstream } = watched(wire);
    for (let at = 60; at < 400; at += 60) upstream.asks(at, ping(at, 0)).answers(at + 0.01, ping(at, 0, true));
    client.inVain(0, ping(3, 4), 1000).resets(1000.02, 1);
    const [drop] = found(await reportOf(wire, 1100), 'middlebox-idle-drop');
    expect(drop).toMatchObject({ connection: 'c1', args: { met: 'reset', gapSeconds: expect.closeTo(999, 0) } });
  });

  test('one that is answered was only quiet', async () => {
    const wire = new Wire(GATEWAY);
    const { upstream } = watched(wire);
    upstream.asks(1000, ping(3, 4)).answers(1000.01, ping(3, 4, true));
    expect(found(await reportOf(wire, 1100), 'middlebox-idle-drop')).toEqual([]);
  });
});
