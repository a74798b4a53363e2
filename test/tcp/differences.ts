import type { Labelled } from './labelled.ts';

/** What a rule may look at, of one packet. */
export interface Compared extends Labelled {
  /** Wireshark's labels, sorted. */
  readonly theirs: readonly string[];
  /** An earlier packet of its connection fell under the rule `mid-idle`. */
  readonly isAfterMidIdle: boolean;
}

const PROBES = ['keep_alive', 'keep_alive_ack'];
const WINDOW_PROBES = ['zero_window_probe', 'zero_window_probe_ack'];
const RESENT = ['retransmission', 'fast_retransmission', 'spurious_retransmission'];
/** What Wireshark makes of a probe, of its answer and of what follows them, where it does not know the next sequence number. */
const UNPLACED = ['duplicate_ack', 'lost_segment', 'ack_lost_segment'];
/** What is judged by where segments before ended. */
const LENGTH_JUDGED = [...UNPLACED, ...RESENT, 'out_of_order'];

/** Whether our labels differ from Wireshark's by these alone: `more` of ours, `fewer` of theirs. */
function differsBy({ ours, theirs }: Compared, more: readonly string[], fewer: readonly string[]): boolean {
  return (
    ours.every((name) => theirs.includes(name) || more.includes(name)) &&
    theirs.every((name) => ours.includes(name) || fewer.includes(name))
  );
}

/** Where Wireshark is not followed, each with its reason: docs/differences-from-wireshark.md. Any other difference fails. */
export const RULES: Readonly<Record<string, (packet: Compared) => boolean>> = {
  copy: ({ isCopy }) => isCopy,
  'mid-idle': (packet) => {
    const [label = ''] = packet.ours;
    if (!packet.isMidstream || packet.ours.length !== 1) return false;
    // Linux asks for a window in the form of a keep-alive; its answer is then no keep-alive ACK.
    if (label === 'zero_window') return differsBy(packet, [], ['ack_lost_segment']);
    if (!PROBES.includes(label)) return false;
    // The garbage byte of a probe lies below what is acknowledged, as a spurious retransmission's does.
    return differsBy(packet, PROBES, label === 'keep_alive' ? [...UNPLACED, ...RESENT, 'window_update'] : UNPLACED);
  },
  'after-mid-idle': (packet) =>
    packet.isAfterMidIdle &&
    differsBy(
      packet,
      [...UNPLACED, ...PROBES, ...WINDOW_PROBES],
      // Its count of duplicate ACKs is another, too.
      [...UNPLACED, ...PROBES, 'fast_retransmission'],
    ),
  'unasked-reuse': (packet) =>
    packet.isReusedUnasked && differsBy(packet, [], ['lost_segment', 'out_of_order', ...RESENT]),
  'cut-header': ({ isHeaderCut, theirs }) => isHeaderCut && theirs.length === 0,
  'short-record': (packet) => packet.isMisreported && differsBy(packet, LENGTH_JUDGED, LENGTH_JUDGED),
  'backward-time': (packet) => packet.isBackward && differsBy(packet, ['out_of_order'], ['retransmission']),
};

/** The captures that show what a rule is about. */
export const OWN_CAPTURES: Readonly<Record<string, readonly string[]>> = {
  copy: [
    'arkime-wireshark-retrans.pcap',
    'ndpi-reasm_crash_anon.pcapng',
    'ppa-hauntedbrowser.pcap',
    'wswiki-telnet-raw.pcap',
    'zeek-ctu-64702-888.pcap',
    'zeek-m57-long-49583-80.pcap',
    'zeek-ssh-dups.pcap',
  ],
  'mid-idle': ['tcpflow-bug6.pcap', 'ndpi-nest_log_sink.pcap', 'wswiki-lustre-lnet_sample.cap.gz'],
  'after-mid-idle': ['wswiki-lustre-lnet_sample.cap.gz'],
  'cut-header': ['lossy.pcap'],
  'short-record': ['zeek-modbus-fuzz-72.pcap', 'zeek-reassembly.pcap', 'ndpi-reasm_crash_anon.pcapng'],
  'backward-time': ['arkime-tcp-reassembly-synthetic.pcap'],
};

/** How much of a label's packets a rule may excuse outside its own captures. */
export const EXCUSED_MAX_SHARE = 0.01;
