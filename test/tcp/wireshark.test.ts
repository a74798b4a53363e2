import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { CaptureError, Moment, openSource, readCapture } from '../../src/capture/index.ts';
import { Decoder, STOP } from '../../src/decode/index.ts';
import { LABEL, OPENING, TcpPass } from '../../src/tcp/index.ts';
import { CORPUS, CORPUS_ABSENT, corpusFiles } from '../build/corpus.ts';

/** Wireshark's answer for one capture: labels by packet number, and the stream of each packet. */
interface Oracle {
  readonly file: string;
  readonly flags: Readonly<Record<string, readonly string[]>>;
}

const WIRESHARK_NAMES: Readonly<Record<keyof typeof LABEL, string>> = {
  retransmission: 'retransmission',
  fastRetransmission: 'fast_retransmission',
  spuriousRetransmission: 'spurious_retransmission',
  outOfOrder: 'out_of_order',
  lostSegment: 'lost_segment',
  ackLostSegment: 'ack_lost_segment',
  duplicateAck: 'duplicate_ack',
  zeroWindow: 'zero_window',
  zeroWindowProbe: 'zero_window_probe',
  zeroWindowProbeAck: 'zero_window_probe_ack',
  windowFull: 'window_full',
  windowUpdate: 'window_update',
  keepAlive: 'keep_alive',
  keepAliveAck: 'keep_alive_ack',
  reusedPorts: 'reused_ports',
};

const KNOWN = new Set(Object.values(WIRESHARK_NAMES));

/** Wanted differences: file, then what explains them. Every other one fails. */
const SHORTENED = 'the record claims fewer bytes than the IP header, which the acknowledgements prove right';
const DAMAGED =
  'damaged on purpose: the IP header claims more bytes than the record, as it does where a tool wrote the cut length';
const DIFFERENCES: Readonly<Record<string, readonly [reason: string, packets: readonly number[]]>> = {
  'arkime-tcp-reassembly-synthetic.pcap': ['late in the file, but earlier in time: out of order', [41]],
  'ndpi-reasm_crash_anon.pcapng': [DAMAGED, [45, 68, 130, 190]],
  'zeek-modbus-fuzz-72.pcap': [SHORTENED, [3, 4, 22, 24, 25, 26, 28, 29, 31, 32, 33, 34, 36]],
  'zeek-reassembly.pcap': [SHORTENED, [8, 9, 10, 12, 86, 87, 88, 105]],
};

/** Packets that these captures hold more than once, by the look of their identifications and times: no labels, and not compared. */
const COPIES: Readonly<Record<string, number>> = {
  'arkime-wireshark-retrans.pcap': 80,
  'ndpi-kafka.pcapng': 2,
  'ndpi-reasm_crash_anon.pcapng': 26,
  'packets-nowebaccess3.pcapng': 1,
  'ppa-double-vision.pcap': 1,
  'ppa-hauntedbrowser.pcap': 25,
  'wswiki-telnet-raw.pcap': 25,
  'zeek-ctu-64702-888.pcap': 5,
  'zeek-m57-long-49583-80.pcap': 112,
  'zeek-ssh-dups.pcap': 187,
};
const copies: Record<string, number> = {};

/**
 * Rule "mid-idle" (RFC 1122 §4.2.3.6): keep-alive probes and their answers, of a connection that was open when the capture began.
 * Wireshark knows no next sequence number there, and says duplicate ACK, or that something was lost.
 */
const MID_IDLE_OURS = ['keep_alive', 'keep_alive_ack'];
const MID_IDLE_THEIRS = new Set(['duplicate_ack', 'lost_segment', 'ack_lost_segment']);

function isMidIdle(ours: readonly string[], theirs: readonly string[], isMidstream: boolean): boolean {
  if (!isMidstream || ours.length !== 1 || !MID_IDLE_OURS.includes(ours[0] ?? '')) return false;
  return theirs.every((name) => MID_IDLE_THEIRS.has(name));
}

/** Packets of connections that were open when their capture began, by file. */
const midstream = new Map<string, Set<number>>();

function labelsOf(name: string): Map<number, string[]> {
  const moment = new Moment();
  const labelled = new Map<number, string[]>();
  const packets = new Set<number>();
  midstream.set(name, packets);
  const pass = new TcpPass(moment, {
    opened: () => {},
    segment: (connection, _side, labels) => {
      labelled.set(moment.packet, wiresharkNames(labels));
      if (pass.connections.opening(connection) === OPENING.beforeCapture) packets.add(moment.packet);
    },
    bytes: () => {},
    gap: () => {},
  });
  const decoder = new Decoder(moment, (segment, view) => pass.segment(segment, view));
  readCapture(openSource(path.join(CORPUS ?? '', 'tcp', name)), (batch) => {
    for (let row = 0; row < batch.count; row++) {
      const at = batch.at[row] ?? 0;
      const end = at + (batch.capturedBytes[row] ?? 0);
      moment.packet = batch.firstPacket + row;
      moment.ns[0] = batch.timeNs[row] ?? 0;
      const stop = decoder.decode(batch.view, at, end, batch.originalBytes[row] ?? 0, batch.linkType[row] ?? 0);
      if (stop === STOP.none) pass.segment(decoder.segment, batch.view);
      else if (stop === STOP.reassembled) pass.segment(decoder.segment, decoder.reassembled);
    }
  });
  decoder.finish();
  pass.finish();
  if (pass.duplicates > 0) copies[name] = pass.duplicates;
  return labelled;
}

function wiresharkNames(labels: number): string[] {
  return Object.entries(LABEL)
    .filter(([, bit]) => (labels & bit) !== 0)
    .map(([name]) => WIRESHARK_NAMES[name as keyof typeof LABEL])
    .toSorted();
}

interface Tally {
  agree: number;
  missed: number;
  extra: number;
}

/** What Wireshark and we say of each label, over all packets of all captures: those included that are no TCP segment to us, or a copy. */
const tallies = new Map<string, Tally>([...KNOWN].map((name) => [name, { agree: 0, missed: 0, extra: 0 }]));

function tally(oracle: Oracle, labelled: ReadonlyMap<number, readonly string[]>): void {
  const packets = new Set([...labelled.keys(), ...Object.keys(oracle.flags).map(Number)]);
  for (const packet of packets) {
    const ours = labelled.get(packet) ?? [];
    const theirs = oracle.flags[String(packet)] ?? [];
    for (const [name, sums] of tallies) {
      if (theirs.includes(name)) sums[ours.includes(name) ? 'agree' : 'missed']++;
      else if (ours.includes(name)) sums.extra++;
    }
  }
}

/** The agreement, one line a label. */
function renderTallies(): string {
  const lines = [...tallies].map(
    ([name, { agree, missed, extra }]) =>
      name.padEnd(24) + [agree, missed, extra].map((count) => String(count).padStart(8)).join(''),
  );
  return ['label                      agree  missed   extra', ...lines].join('\n');
}

/** Packets whose labels differ from Wireshark's; undefined where the file is of a kind that cannot be read yet. */
function differences(oracle: Oracle): number[] | undefined {
  let labelled: Map<number, string[]>;
  try {
    labelled = labelsOf(oracle.file);
  } catch (error) {
    if (error instanceof CaptureError) return undefined;
    throw error;
  }
  tally(oracle, labelled);
  return [...labelled]
    .filter(([packet, ours]) => {
      const theirs = (oracle.flags[String(packet)] ?? []).filter((name) => KNOWN.has(name)).toSorted();
      if (ours.join(' ') === theirs.join(' ')) return false;
      return !isMidIdle(ours, theirs, midstream.get(oracle.file)?.has(packet) === true);
    })
    .map(([packet]) => packet);
}

describe.skipIf(CORPUS === null)(CORPUS === null ? CORPUS_ABSENT : 'labels against Wireshark 4.0.17', () => {
  const oracles = corpusFiles('tcp', '.tshark.json')
    .filter((file) => existsSync(file.replace(/\.tshark\.json$/u, '')))
    .map((file) => JSON.parse(readFileSync(file, 'utf8')) as Oracle);

  test('every capture of the corpus that can be read agrees, but for the listed packets', () => {
    const found: Record<string, number[]> = {};
    let read = 0;
    for (const oracle of oracles) {
      const packets = differences(oracle);
      if (packets === undefined) continue;
      read++;
      if (packets.length > 0) found[oracle.file] = packets;
    }
    console.log(renderTallies());
    expect(read).toBeGreaterThan(100);
    expect(copies).toEqual(COPIES);
    expect(found).toEqual(
      Object.fromEntries(Object.entries(DIFFERENCES).map(([file, [, packets]]) => [file, packets])),
    );
  });
});
