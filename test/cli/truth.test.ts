import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { analyzeFiles } from '../../src/cli/analyze.ts';
import { type Report, type Window } from '../../src/report/index.ts';
import { KeyLog } from '../../src/tls/index.ts';
import { composeReport } from '../build/reports.ts';
import { withSecretsBlock } from '../matrix/recordings.ts';

/** What the lab wrote beside a recording, from its own actions and its peers' logs (lab/README.md). */
interface Truth {
  readonly scenario: string;
  readonly gateway: string;
  readonly expect: {
    readonly state: string;
    readonly exit: number;
    readonly windows: readonly TrueWindow[];
  };
  readonly requests: readonly {
    readonly at: string;
    readonly client: { readonly stream: number };
    readonly upstream: Upstream | null;
    readonly ended: { readonly at: string } | null;
  }[];
}

interface Upstream {
  readonly gatewayPort: number;
  readonly ip: string;
  readonly port: number;
}

interface TrueWindow {
  readonly clientPort: number;
  readonly upstream: Upstream;
  readonly streams: readonly TrueStream[];
  readonly cause: string;
  readonly onset: readonly [string, string];
  readonly end: { readonly how: string; readonly at: string | null };
  readonly open: boolean;
  readonly alternatives: readonly { readonly upstream: Upstream; readonly requestsDuring: number }[];
  /** Requests that waited for an attempt and were then served through another upstream. */
  readonly rerouted?: readonly { readonly client: number }[];
}

interface TrueStream {
  readonly client: number;
  readonly upstream: number | null;
  readonly path: string;
  readonly kind: string;
  /** A request that never left the gateway: the contract lets a report list it or not. */
  readonly optional: boolean;
  readonly outcome: string;
  readonly recoveredBy: { readonly stream: number; readonly upstream: Upstream | null } | null;
}

const FOLDERS = ['samples', 'test/captures'];
const SLACK_SECONDS = 1;

interface Recording {
  readonly path: string;
  readonly truth: Truth;
  /** Of both legs, in TLS; null in the clear. */
  readonly keys: string | null;
}

function recordingsIn(folder: string, ending: string): Recording[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.truth.json'))
    .map((name) => {
      const label = join(folder, name.replace('.truth.json', ''));
      const truth = JSON.parse(readFileSync(join(folder, name), 'utf8')) as Truth;
      const keys = existsSync(`${label}.keys`) ? readFileSync(`${label}.keys`, 'utf8') : null;
      return { path: `${label}${ending}`, truth, keys };
    });
}

/** Begun behind the TLS handshakes: no key opens it. */
const isClosed = ({ truth, keys }: Recording): boolean => keys !== null && truth.scenario.endsWith('-midstream');
const inClear = FOLDERS.flatMap((folder) => recordingsIn(folder, '.pcap'));
const inTls = recordingsIn('test/captures/tls', '.pcap.gz');

async function reportWith(path: string, keys: string | null): Promise<Report> {
  const keyLog = new KeyLog();
  if (keys !== null) keyLog.add(keys);
  const { capture, incident } = await analyzeFiles([path], undefined, { keyLog });
  const report = composeReport(incident, capture, '0');
  return report;
}

describe.each(
  [...inClear, ...inTls.filter((recording) => !isClosed(recording))].map(
    (recording) => [recording.path, recording] as const,
  ),
)('%s', async (path, { truth, keys }) => {
  const report = await reportWith(path, keys);

  it(`is ${truth.expect.state}: ${truth.scenario} through ${truth.gateway}`, () => {
    expect(report.verdict.state).toBe(truth.expect.state);
  });

  it('has the windows of the truth, and no other', () => {
    const found = report.windows.map((window) => `${window.cause} at ${upstreamKey(report, window.upstream)}`);
    const wanted = truth.expect.windows.map((window) => `${window.cause} at ${keyOf(window.upstream)}`);
    expect(found.toSorted()).toEqual(wanted.toSorted());
  });

  it('calls nothing critical where nobody was hurt', () => {
    if (truth.expect.state === 'half-dead') return;
    expect(report.findings.filter((finding) => finding.severity === 'critical')).toEqual([]);
  });

  it.each(truth.expect.windows)('window $cause at gateway port $upstream.gatewayPort', (wanted) => {
    const window = findWindow(report, wanted.upstream);
    expect(clientPort(report, window)).toBe(wanted.clientPort);
    expect(window.cause).toBe(wanted.cause);
    expect(window.open).toBe(wanted.open);
    expect(window.end.how).toBe(wanted.end.how);
    expectOnset(window, wanted);
    expectNear(window.end.at, wanted.end.at);
  });

  it.each(truth.expect.windows)('streams hurt by $cause at gateway port $upstream.gatewayPort', (wanted) => {
    const window = findWindow(report, wanted.upstream);
    const optional = new Set(wanted.streams.filter((stream) => stream.optional).map((stream) => stream.client));
    const found = window.streams.filter((stream) => !optional.has(stream.id));
    expect(found.map((stream) => told(report, stream))).toEqual(
      wanted.streams.filter((stream) => !stream.optional).map(expected),
    );
  });

  it.each(truth.expect.windows)('alternatives to $cause at gateway port $upstream.gatewayPort', (wanted) => {
    const window = findWindow(report, wanted.upstream);
    const found = window.alternatives.map(({ upstream, requestsDuring }) => ({
      upstream: upstreamKey(report, upstream),
      requestsDuring,
    }));
    const expectedAlternatives = wanted.alternatives.map(({ upstream, requestsDuring }) => ({
      upstream: keyOf(upstream),
      requestsDuring: requestsDuring - requestsBeforeItShowed(truth, wanted, window, upstream),
    }));
    expect(found).toEqual(expectedAlternatives);
  });
});

describe('in TLS', () => {
  const said: string[] = [];
  let folder = '';

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'watchpcap-truth-'));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
    console.log(['in TLS, without its secrets:', ...said.toSorted()].join('\n'));
  });

  it('there are all scenarios, of both gateways', () => {
    const scenarios = ['a', 'a-midstream', 'b1', 'b2', 'c', 'c2', 'd', 'e'];
    const wanted = scenarios.flatMap((scenario) => ['envoy', 'nghttpx'].map((gateway) => `${scenario} ${gateway}`));
    expect(inTls.map(({ truth }) => `${truth.scenario} ${truth.gateway}`).toSorted()).toEqual(wanted.toSorted());
  });

  it.each(inTls.filter((recording) => !isClosed(recording)).map((recording) => [recording.path, recording] as const))(
    '%s with the secrets in the file is told as with the key log',
    async (path, { keys }) => {
      const file = join(folder, `${basename(path)}.pcapng`);
      writeFileSync(file, withSecretsBlock({ path, keys }));
      const withoutPackets = ({ verdict, windows, connections }: Report): unknown => [
        verdict,
        windows.map((window) => ({ ...window, evidence: [] })),
        connections.map(({ id, tls }) => [id, tls]),
      ];
      expect(withoutPackets(await reportWith(file, null))).toEqual(withoutPackets(await reportWith(path, keys)));
    },
  );

  it.each(inTls.map((recording) => [recording.path, recording] as const))(
    '%s without its secrets is told as what it is, half-dead only as probable, and nobody else is blamed',
    async (path, { truth }) => {
      const report = await reportWith(path, null);
      const { state, confidence } = report.verdict;
      said.push(`${basename(path, '.pcap.gz').padEnd(20)} truly ${truth.expect.state.padEnd(10)} said ${state}`);
      expect(state).toBe(truth.expect.state);
      if (state === 'half-dead') expect(confidence).toBe('probable');
      const wanted = truth.expect.windows.map((window) => `${window.cause} at ${keyOf(window.upstream)}`);
      for (const { cause, upstream, client } of report.windows) {
        expect(wanted).toContain(`${cause} at ${upstreamKey(report, upstream)}`);
        expect(report.connections.find(({ id }) => id === client)?.client.port).toBe(
          truth.expect.windows[0]?.clientPort,
        );
      }
    },
  );
});

it('every committed capture has a truth beside it', () => {
  const captures = FOLDERS.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith('.pcap'))
      .map((name) => join(folder, name)),
  );
  expect(captures.length).toBeGreaterThanOrEqual(12);
  expect(
    captures.filter((path) => !existsSync(path.replace('.pcap', '.truth.json'))).map((path) => basename(path)),
  ).toEqual([]);
});

/**
 * The capture cannot show a drop before the first packet that goes unanswered: requests between the two count in the truth only. One that was
 * answered when the window was over had waited for the dead connection, and counts in neither.
 */
function requestsBeforeItShowed(truth: Truth, wanted: TrueWindow, window: Window, upstream: Upstream): number {
  const waited = new Set(wanted.rerouted?.map((request) => request.client));
  return truth.requests.filter(
    (request) =>
      !waited.has(request.client.stream) &&
      request.upstream !== null &&
      keyOf(request.upstream) === keyOf(upstream) &&
      Date.parse(request.at) >= Date.parse(wanted.onset[0]) &&
      Date.parse(request.at) < Date.parse(window.from) &&
      (request.ended === null || wanted.end.at === null || request.ended.at <= wanted.end.at),
  ).length;
}

function findWindow(report: Report, upstream: Upstream): Window {
  const window = report.windows.find((candidate) => upstreamKey(report, candidate.upstream) === keyOf(upstream));
  if (window === undefined) throw new Error(`no window at ${keyOf(upstream)}`);
  return window;
}

function expectOnset(window: Window, wanted: TrueWindow): void {
  const { lastHeard, firstUnanswered } = window.onset;
  const from = lastHeard === null ? -Infinity : Date.parse(lastHeard) - SLACK_SECONDS * 1000;
  const to = Date.parse(firstUnanswered) + SLACK_SECONDS * 1000;
  for (const at of wanted.onset) {
    expect(Date.parse(at)).toBeGreaterThanOrEqual(from);
    expect(Date.parse(at)).toBeLessThanOrEqual(to);
  }
}

function expectNear(found: string | null, wanted: string | null): void {
  if (found === null || wanted === null) {
    expect(found).toBe(wanted);
    return;
  }
  expect(Math.abs(Date.parse(found) - Date.parse(wanted)) / 1000).toBeLessThanOrEqual(SLACK_SECONDS);
}

function keyOf({ gatewayPort, ip, port }: Upstream): string {
  return `${gatewayPort} -> ${ip}:${port}`;
}

function upstreamKey(report: Report, id: string): string {
  const leg = report.connections.find((connection) => connection.id === id);
  if (leg === undefined) throw new Error(`no connection ${id}`);
  return keyOf({ gatewayPort: leg.client.port, ip: leg.server.ip, port: leg.server.port });
}

function clientPort(report: Report, window: Window): number | undefined {
  return report.connections.find((connection) => connection.id === window.client)?.client.port;
}

function told(
  report: Report,
  { id, upstreamStream, path, kind, outcome, recoveredBy }: Window['streams'][number],
): object {
  return {
    client: id,
    upstream: upstreamStream,
    path,
    kind,
    outcome,
    recoveredBy:
      recoveredBy === null
        ? null
        : {
            stream: recoveredBy.stream,
            upstream: recoveredBy.upstream === null ? null : upstreamKey(report, recoveredBy.upstream),
          },
  };
}

function expected({ client, upstream, path, kind, outcome, recoveredBy }: TrueStream): object {
  return {
    client,
    upstream,
    path,
    kind,
    outcome,
    recoveredBy:
      recoveredBy === null
        ? null
        : { stream: recoveredBy.stream, upstream: recoveredBy.upstream === null ? null : keyOf(recoveredBy.upstream) },
  };
}
