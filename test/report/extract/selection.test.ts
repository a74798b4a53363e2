import { describe, expect, test } from 'vitest';
import { FLAG, Segment, STOP } from '../../../src/decode/index.ts';
import { Chooser, NO_RANK } from '../../../src/report/extract/chooser.ts';
import { RANK } from '../../../src/report/extract/rank.ts';
import { connectionKey, packetKey, portsKey, selectionOf } from '../../../src/report/extract/selection.ts';
import { parseTimestamp } from '../../../src/report/timestamp.ts';
import { composed, gatewayMute, healthy } from '../scenarios.ts';

const mute = gatewayMute();
const report = composed(mute);
const selection = selectionOf(report, mute.capture);

function ends(id: string): { client: { ip: string; port: number }; server: { ip: string; port: number } } {
  const connection = report.connections.find((each) => each.id === id);
  if (connection === undefined) throw new Error(`no connection ${id}`);
  return connection;
}

function key(id: string): string {
  return connectionKey(ends(id).client, ends(id).server);
}

/** A segment of a connection of the report, from its client. */
function segmentOf(id: string, changes: Partial<Segment> = {}): Segment {
  const { client, server } = ends(id);
  const word = (ip: string): number => ip.split('.').reduce((sum, part) => (sum << 8) | Number(part), 0);
  return Object.assign(new Segment(), {
    ipVersion: 4,
    src2: 0xffff,
    src3: word(client.ip),
    dst2: 0xffff,
    dst3: word(server.ip),
    srcPort: client.port,
    dstPort: server.port,
    flags: FLAG.ack,
    ...changes,
  });
}

const NOT_NAMED = 90_000;
const HEAD = 64 * 1024;

function rankOf(chooser: Chooser, segment: Segment, packet = NOT_NAMED, seconds = 1e6, bytes = 100): number {
  return chooser.rank(0, packet, seconds * 1e9, bytes, STOP.none, segment, segment);
}

describe('what a report selects', () => {
  test('the connections of its windows, their stand-bys among them, in either direction', () => {
    const { client, upstream, alternatives } = report.windows[0] ?? { client: '', upstream: '', alternatives: [] };
    for (const id of [client, upstream, ...alternatives.map((each) => each.upstream)])
      expect(selection.involved.get(key(id))).toBe(id === client || id === upstream ? 'window' : 'beside');
    expect(connectionKey(ends(client).server, ends(client).client)).toBe(key(client));
    expect(portsKey(80, 40_000)).toBe(portsKey(40_000, 80));
  });

  test('every packet of the evidence, and of the findings about the connections of windows', () => {
    const named = report.windows.flatMap(({ evidence }) => evidence.map(({ packet }) => packet));
    const legs = new Set(report.windows.flatMap(({ client, upstream }) => [client, upstream]));
    const found = report.findings.flatMap(({ packets, connection }) => (legs.has(connection ?? '') ? packets : []));
    expect([named.length > 5, found.length > 5]).toEqual([true, true]);
    expect([...named, ...found].filter((packet) => !selection.anchors.has(packetKey(0, packet)))).toEqual([]);
  });

  test('the time from the last that was heard of the upstream to the end of the window', () => {
    const [window] = report.windows;
    const since = (text: string | null | undefined): number =>
      Number((parseTimestamp(text ?? '') ?? 0n) - mute.capture.baseNs);
    expect([...selection.wrong]).toEqual([since(window?.onset.lastHeard), mute.capture.lastNs]);
  });

  test('where nothing is wrong, the surest links: they show that it is healthy', () => {
    const told = healthy();
    const well = composed(told);
    const [link] = well.links;
    const of = (id: string | undefined): string => {
      const connection = well.connections.find((each) => each.id === id);
      return connection === undefined ? 'none' : connectionKey(connection.client, connection.server);
    };
    const chosen = selectionOf(well, told.capture).involved;
    expect([chosen.get(of(link?.client)), chosen.get(of(link?.upstream))]).toEqual(['window', 'window']);
  });
});

describe('what a packet is worth', () => {
  const { upstream } = report.windows[0] ?? { upstream: '' };
  const [proof] = report.windows[0]?.evidence ?? [];

  test('what the report names, most; whatever it is', () => {
    const other = segmentOf(upstream, { srcPort: 1, dstPort: 2 });
    expect(rankOf(new Chooser(selection), other, proof?.packet)).toBe(RANK.anchor);
  });

  test('the first packets of an involved connection, and its SYN, FIN and RST, come next', () => {
    const chooser = new Chooser(selection);
    expect(rankOf(chooser, segmentOf(upstream), NOT_NAMED, 1e6, HEAD)).toBe(RANK.frame);
    expect(rankOf(chooser, segmentOf(upstream))).toBeGreaterThan(RANK.frame);
    for (const flag of [FLAG.syn, FLAG.fin, FLAG.rst])
      expect(rankOf(chooser, segmentOf(upstream, { flags: flag }))).toBe(RANK.frame);
  });

  test('a flood of RST is worth no more than other packets', () => {
    const chooser = new Chooser(selection);
    const rst = segmentOf(upstream, { flags: FLAG.rst });
    const ranks = Array.from({ length: 6000 }, () => rankOf(chooser, rst, NOT_NAMED, 1e6, HEAD));
    expect([ranks[0], ranks.at(-1)]).toEqual([RANK.frame, RANK.beside - 1]);
  });

  test('the others by how far in time they are from what proves something, and from the window', () => {
    const chooser = new Chooser(selection);
    rankOf(chooser, segmentOf(upstream), NOT_NAMED, 0, HEAD);
    const from = (selection.wrong[0] ?? 0) / 1e9;
    const at = (seconds: number): number => rankOf(chooser, segmentOf(upstream), NOT_NAMED, from + seconds);
    expect([at(0.001), at(0.5)]).toEqual([RANK.near, RANK.near]);
    expect([at(-1), at(-5), at(-50), at(-500), at(-5000)]).toEqual([4, 5, 6, 7, 8]);
    const gaps = [...selection.moments].map((ns, i) => ({ ns, gap: (selection.moments[i + 1] ?? ns) - ns }));
    const [widest] = gaps.toSorted((a, b) => b.gap - a.gap);
    expect(widest?.gap).toBeGreaterThan(3e9);
    const middle = ((widest?.ns ?? 0) + (widest?.gap ?? 0) / 2) / 1e9;
    expect(rankOf(chooser, segmentOf(upstream), NOT_NAMED, middle)).toBe(RANK.within);
  });

  test('those of a connection that stood by go before any of them', () => {
    const chooser = new Chooser(selection);
    const standBy = report.windows[0]?.alternatives[0]?.upstream ?? 'none';
    const from = (selection.wrong[0] ?? 0) / 1e9;
    const at = (seconds: number): number => rankOf(chooser, segmentOf(standBy), NOT_NAMED, from + seconds);
    expect([at(1), at(-5), at(-50)]).toEqual([RANK.beside, RANK.beside + 1, RANK.beside + 2]);
  });

  test('packets of nobody that the report knows come last, and what is not TCP is worth nothing', () => {
    const chooser = new Chooser(selection);
    const stranger = segmentOf(upstream, { srcPort: 1, dstPort: 2 });
    expect(rankOf(chooser, stranger)).toBe(RANK.other);
    expect(rankOf(chooser, segmentOf(upstream, { src3: 1 }))).toBe(RANK.other);
    expect(chooser.rank(0, NOT_NAMED, 1e15, 60, STOP.arp, stranger, stranger)).toBe(NO_RANK);
  });

  test('fragments between the hosts of an involved connection belong to it: they name no ports', () => {
    const fragment = segmentOf(upstream, { srcPort: -1, dstPort: -1 });
    const chooser = new Chooser(selection);
    expect(chooser.rank(0, NOT_NAMED, 1e15, 60, STOP.fragmentHeld, fragment, fragment)).toBe(RANK.frame);
    const foreign = segmentOf(upstream, { src3: 1 });
    expect(chooser.rank(0, NOT_NAMED, 1e15, 60, STOP.fragmentHeld, foreign, foreign)).toBe(RANK.other);
  });

  test('an ICMP error counts by the connection that it quotes', () => {
    const chooser = new Chooser(selection);
    const quoted = segmentOf(upstream);
    const router = segmentOf(upstream, { src3: 1 });
    expect(chooser.rank(0, NOT_NAMED, 1e15, 60, STOP.icmpQuote, router, quoted)).toBe(RANK.frame);
  });

  test("the capture's first and last packets are kept: they bound every silence", () => {
    const chooser = new Chooser(selection);
    const other = segmentOf(upstream, { srcPort: 1, dstPort: 2 });
    for (const ns of [selection.firstNs, selection.lastNs])
      expect(chooser.rank(0, NOT_NAMED, ns ?? 0, 60, STOP.arp, other, other)).toBe(RANK.anchor);
  });
});
