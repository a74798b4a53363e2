import { Moment, openSource, readCapture } from '../../src/capture/index.ts';
import { Decoder, type Segment, STOP } from '../../src/decode/index.ts';
import { LABEL, OPENING, TcpPass } from '../../src/tcp/index.ts';
import type { Labels } from './tshark.ts';

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

/** Wireshark's names of the labels that we have too. */
export const LABEL_NAMES: readonly string[] = Object.values(WIRESHARK_NAMES);

/** What a rule may look at, of one packet. */
interface Facts {
  readonly ours: readonly string[];
  readonly theirs: readonly string[];
  /** The capture has it a second time. */
  readonly isCopy: boolean;
  /** Its connection was open when the capture began. */
  readonly isMidstream: boolean;
  /** A record of its connection claims fewer bytes than the IP packet in it. */
  readonly isMisreported: boolean;
  /** It is earlier in time than one before it in the file. */
  readonly isBackward: boolean;
}

const PROBES = ['keep_alive', 'keep_alive_ack'];
const MID_IDLE_THEIRS = new Set(['duplicate_ack', 'lost_segment', 'ack_lost_segment']);

/** Where Wireshark is not followed, each with its reason: docs/differences-from-wireshark.md. Any other difference fails. */
const RULES: Readonly<Record<string, (facts: Facts) => boolean>> = {
  copy: ({ isCopy }) => isCopy,
  'mid-idle': ({ ours, theirs, isMidstream }) =>
    isMidstream &&
    ours.length === 1 &&
    PROBES.includes(ours[0] ?? '') &&
    theirs.every((name) => MID_IDLE_THEIRS.has(name)),
  'short-record': ({ isMisreported }) => isMisreported,
  'backward-time': ({ isBackward }) => isBackward,
};

/** The captures that show what a rule is about. Copies are as many as somebody captured, in any. */
const OWN_CAPTURES: Readonly<Record<string, readonly string[]>> = {
  'mid-idle': ['tcpflow-bug6.pcap', 'ndpi-nest_log_sink.pcap'],
  'short-record': ['zeek-modbus-fuzz-72.pcap', 'zeek-reassembly.pcap', 'ndpi-reasm_crash_anon.pcapng'],
  'backward-time': ['arkime-tcp-reassembly-synthetic.pcap'],
};
/** How much of a label's packets a rule may excuse outside its own captures. */
const EXCUSED_MAX_SHARE = 0.01;

interface Tally {
  agree: number;
  missed: number;
  extra: number;
  /** By rule, then by capture: differences that it excuses. */
  readonly excused: Map<string, Map<string, number>>;
}

/** Holds our labels against Wireshark's, capture by capture. */
export class Agreement {
  readonly #tallies = new Map<string, Tally>(
    LABEL_NAMES.map((name) => [name, { agree: 0, missed: 0, extra: 0, excused: new Map() }]),
  );
  /** Packets that are in a capture a second time, by capture. */
  readonly copies: Record<string, number> = {};

  /**
   * @param file   the name by which rules know their own captures
   * @param labels Wireshark's
   * @returns a line for each packet whose labels differ and that no rule explains. Throws CaptureError.
   */
  add(path: string, file: string, labels: Labels): string[] {
    const { packets, copies } = read(path);
    if (copies > 0) this.copies[file] = copies;
    return [...packets].flatMap(([packet, known]) => {
      const theirs = (labels[String(packet)] ?? []).filter((name) => LABEL_NAMES.includes(name)).toSorted();
      const all: Facts = { ...known, theirs };
      const rule = Object.entries(RULES).find(([, applies]) => applies(all))?.[0] ?? null;
      this.#tally(all, rule, file);
      if (rule !== null || known.ours.join(' ') === theirs.join(' ')) return [];
      return [`${file} ${packet}: ${known.ours.join(' ')} for ${theirs.join(' ')}`];
    });
  }

  #tally({ ours, theirs }: Facts, rule: string | null, file: string): void {
    for (const [name, sums] of this.#tallies) {
      const kind = theirs.includes(name)
        ? ours.includes(name)
          ? 'agree'
          : 'missed'
        : ours.includes(name)
          ? 'extra'
          : null;
      if (kind === null) continue;
      sums[kind]++;
      if (kind === 'agree' || rule === null) continue;
      const byFile = sums.excused.get(rule) ?? new Map<string, number>();
      sums.excused.set(rule, byFile.set(file, (byFile.get(file) ?? 0) + 1));
    }
  }

  /** The agreement, one line a label, with how many of its differences each rule excuses. */
  render(): string {
    const rules = Object.keys(RULES);
    const cells = (values: readonly (string | number)[]): string =>
      values.map((value) => String(value).padStart(14)).join('');
    const lines = [...this.#tallies].map(([name, { agree, missed, extra, excused }]) => {
      const byRule = rules.map((rule) => sum(excused.get(rule)?.values() ?? []));
      return name.padEnd(24) + cells([agree, missed, extra, ...byRule]);
    });
    return [`${'label'.padEnd(24)}${cells(['agree', 'missed', 'extra', ...rules])}`, ...lines].join('\n');
  }

  /** What a rule excuses of a label outside its own captures, where that is too much. */
  excusedElsewhere(): string[] {
    return [...this.#tallies].flatMap(([name, { agree, missed, excused }]) =>
      [...excused].flatMap(([rule, byFile]) => {
        const own = OWN_CAPTURES[rule];
        if (own === undefined) return [];
        const elsewhere = sum([...byFile].filter(([file]) => !own.includes(file)).map(([, count]) => count));
        const share = elsewhere / Math.max(1, agree + missed);
        return share <= EXCUSED_MAX_SHARE ? [] : [`${rule} excuses ${elsewhere} of ${name}`];
      }),
    );
  }
}

function sum(counts: Iterable<number>): number {
  return [...counts].reduce((total, count) => total + count, 0);
}

/** Each TCP packet's labels, and what the rules may look at. */
function read(path: string): { readonly packets: ReadonlyMap<number, Omit<Facts, 'theirs'>>; readonly copies: number } {
  const moment = new Moment();
  const labelled = new Map<
    number,
    { labels: string[]; connection: number; isMidstream: boolean; isBackward: boolean }
  >();
  const duplicates = new Map<number, boolean>();
  const misreported = new Set<number>();
  let recordEnd = 0;
  let latestNs = -Infinity;
  const pass = new TcpPass(moment, {
    opened: () => {},
    segment: (connection, _side, labels, _did, segment) => {
      if (segment.payloadAt + segment.payloadBytes > recordEnd) misreported.add(connection);
      const isMidstream = pass.connections.opening(connection) === OPENING.beforeCapture;
      const isBackward = (moment.ns[0] ?? 0) < latestNs;
      labelled.set(moment.packet, { labels: wiresharkNames(labels), connection, isMidstream, isBackward });
    },
    bytes: () => {},
    gap: () => {},
  });
  const take = (segment: Segment, view: DataView): void => {
    const before = pass.duplicates;
    pass.segment(segment, view);
    if (pass.duplicates > before) duplicates.set(moment.packet, true);
  };
  const decoder = new Decoder(moment, take);
  readCapture(openSource(path), (batch) => {
    for (let row = 0; row < batch.count; row++) {
      const at = batch.at[row] ?? 0;
      const end = at + (batch.capturedBytes[row] ?? 0);
      recordEnd = at + (batch.originalBytes[row] ?? 0);
      moment.packet = batch.firstPacket + row;
      moment.ns[0] = batch.timeNs[row] ?? 0;
      const stop = decoder.decode(batch.view, at, end, batch.originalBytes[row] ?? 0, batch.linkType[row] ?? 0);
      if (stop === STOP.none) take(decoder.segment, batch.view);
      else if (stop === STOP.reassembled) take(decoder.segment, decoder.reassembled);
      latestNs = Math.max(latestNs, moment.ns[0] ?? 0);
    }
  });
  decoder.finish();
  pass.finish();
  const facts = new Map<number, Omit<Facts, 'theirs'>>();
  for (const packet of duplicates.keys())
    facts.set(packet, { ours: [], isCopy: true, isMidstream: false, isMisreported: false, isBackward: false });
  for (const [packet, { labels, connection, isMidstream, isBackward }] of labelled)
    facts.set(packet, {
      ours: labels,
      isCopy: false,
      isMidstream,
      isBackward,
      isMisreported: misreported.has(connection),
    });
  return { packets: facts, copies: pass.duplicates };
}

function wiresharkNames(labels: number): string[] {
  return Object.entries(LABEL)
    .filter(([, bit]) => (labels & bit) !== 0)
    .map(([name]) => WIRESHARK_NAMES[name as keyof typeof LABEL])
    .toSorted();
}
