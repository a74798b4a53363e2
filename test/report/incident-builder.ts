import type { CaptureFacts, FileFacts } from '../../src/capture/index.ts';
import {
  type Checks,
  DEFAULT_THRESHOLDS,
  type Evidence,
  type EvidenceKind,
  type Finding,
  type FindingArgs,
  type FindingCode,
  type Incident,
  type Leg,
  type LivenessInterval,
  type LivenessState,
  type Meanwhile,
  type Party,
  type Window,
} from '../../src/incident/index.ts';
import { outagesOf } from '../../src/incident/outages.ts';
import type { Flow, Mark, MarkKind, Ref, TraceConnection, TraceStream } from '../../src/trace/index.ts';

/** Incidents written by hand, in seconds and packet numbers, so that a report can be tested without a packet. */

/** 2026-11-23T10:00:00Z */
const BASE_NS = 1_795_428_000_000_000_000n;

export function at(packet: number, seconds: number, file = 0): Ref {
  return { file, packet, timeNs: Math.round(seconds * 1e9) };
}

function flow(changes: Partial<Flow> = {}): Flow {
  return {
    packets: 10,
    bytes: 1000,
    retransmissions: 0,
    keepAliveProbes: 0,
    keepAliveAnswered: 0,
    keepAlive: null,
    roundTrips: null,
    pings: 0,
    pingsAnswered: 0,
    lostByCapture: 0,
    gapBytes: 0,
    differingOverlaps: 0,
    snaplenBytes: 0,
    unread: [],
    first: null,
    last: null,
    ttl: null,
    heardGaps: [],
    lastBurst: null,
    inFlightBytes: 0,
    windowProbes: 0,
    zeroWindowSince: null,
    windowSpent: null,
    ...changes,
  };
}

/** One mark a second listed. */
export function marks(
  kind: MarkKind,
  by: Party,
  ...moments: readonly (readonly [packet: number, seconds: number])[]
): Mark[] {
  return moments.map(([packet, seconds]) => {
    const ref = at(packet, seconds);
    return { kind, by: by === 'client' ? 0 : 1, from: ref, to: ref, count: 1 };
  });
}

/** `[0, 'alive'], [30, 'dead', 'server']` and an end: intervals without gaps. */
export function states(
  end: number,
  ...from: readonly (readonly [seconds: number, state: LivenessState, owedBy?: Party | 'both'])[]
): LivenessInterval[] {
  return from.map(([seconds, state, owedBy = null], i) => ({
    fromNs: seconds * 1e9,
    toNs: (from[i + 1]?.[0] ?? end) * 1e9,
    state,
    owedBy: owedBy ?? null,
  }));
}

interface LegSketch {
  readonly id: string;
  readonly client: string;
  readonly server: string;
  readonly first?: Ref;
  readonly last: Ref;
  readonly flows?: readonly [client: Partial<Flow>, server: Partial<Flow>];
  readonly marks?: readonly Mark[];
  readonly streams?: readonly TraceStream[];
  readonly liveness: readonly LivenessInterval[];
  readonly opened?: Leg['opened'];
  readonly closed?: Leg['closed'];
  readonly trace?: Partial<TraceConnection>;
}

const ROLES = { c: 'client', u: 'upstream', o: 'other' } as const;

/** The client is side 0. */
export function leg(sketch: LegSketch, number: number): Leg {
  const first = sketch.first ?? at(1, 0);
  const letter = sketch.id.startsWith('c') ? 'c' : sketch.id.startsWith('u') ? 'u' : 'o';
  const trace: TraceConnection = {
    id: number,
    nth: number,
    endpoints: [endpoint(sketch.client), endpoint(sketch.server)],
    first,
    last: sketch.last,
    initialSeqs: [null, null],
    tlsAlerts: [],
    initialStamps: [null, null],
    isDecrypted: false,
    isBlanked: false,
    proxiedFor: null,
    tunnels: [],
    tls: null,
    inferred: null,
    asks: [],
    handshake: { by: 0, syn: first, synAck: first },
    localSide: null,
    closes: [],
    protocol: 'h2',
    flows: [flow(sketch.flows?.[0]), flow(sketch.flows?.[1])],
    debts: [],
    silences: [],
    goaways: [],
    slowPings: [],
    icmpErrors: [],
    marks: sketch.marks ?? [],
    folded: { count: 0, byStatus: new Map() },
    initialRttNs: null,
    ...sketch.trace,
  };
  return {
    id: sketch.id,
    role: ROLES[letter],
    serverSide: 1,
    trace,
    watchedToNs: sketch.liveness.at(-1)?.toNs ?? trace.last.timeNs,
    streams: sketch.streams ?? [],
    carriers: [],
    seenAs: [],
    opened: sketch.opened ?? 'handshake',
    closed: sketch.closed ?? { how: 'open', by: null, at: null },
    resets: trace.closes.filter(({ kind }) => kind === 'rst'),
    liveness: sketch.liveness,
  };
}

/** `10.9.1.2:80` or `[2001:db8::1]:80`. */
function endpoint(text: string): { ip: string; port: number } {
  const colon = text.lastIndexOf(':');
  return { ip: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
}

export function stream(id: number, path: string, opened: Ref, changes: Partial<TraceStream> = {}): TraceStream {
  return {
    index: 0,
    connection: 0,
    tunnel: null,
    id,
    carries: false,
    askedBy: 0,
    request: {
      method: 'GET',
      path,
      authority: 'kube.example',
      userAgent: 'kubelet',
      requestId: undefined,
      traceparent: undefined,
    },
    opened,
    sawRequest: true,
    status: 200,
    statusAt: opened,
    reason: null,
    grpcStatus: undefined,
    dataBytes: [0, 100],
    lastData: [null, null],
    longestPause: [null, null],
    ended: [opened, null],
    reset: null,
    windowSpent: [null, null],
    partners: [],
    timed: [],
    ...changes,
  };
}

export function evidence(
  connection: string,
  kind: EvidenceKind,
  by: Party,
  ref: Ref,
  value: number | null = null,
): Evidence {
  return { at: ref, connection, kind, by, value, tunnel: null };
}

export function finding<C extends FindingCode>(
  code: C,
  severity: Finding['severity'],
  args: FindingArgs[C],
  connection: string | null,
  packets: readonly Ref[],
): Extract<Finding, { code: C }> {
  const made = { code, severity, args, connection, stream: null, at: packets[0] ?? null, packets };
  return made as unknown as Extract<Finding, { code: C }>;
}

export function incident(changes: Partial<Incident> & Pick<Incident, 'verdict'>): Incident {
  return {
    gateways: [],
    connections: [],
    links: [],
    windows: [],
    outages: outagesOf(changes.windows ?? [], new Map((changes.connections ?? []).map((leg) => [leg.id, leg]))),
    findings: [],
    trust: [],
    thresholds: DEFAULT_THRESHOLDS,
    undecoded: new Map(),
    unknownLinkTypes: new Map(),
    duplicates: 0,
    limits: [],
    floods: [],
    ...changes,
  };
}

export const NOTHING_MEANWHILE: Meanwhile = {
  pings: 0,
  pingsAnswered: 0,
  probes: 0,
  probesAnswered: 0,
  requests: 0,
  atLeast: [],
  intoDead: 0,
  elsewhere: [],
  unseen: 0,
  gatewayErrors: [],
};

export const NO_CHECKS: Checks = {
  probes: 0,
  probesAnswered: 0,
  pings: 0,
  pingsAnswered: 0,
  retransmissions: 0,
  atLeast: [],
};

export function window(changes: Partial<Window>): Window {
  return {
    id: 'w1',
    client: 'c1',
    upstream: 'u1',
    link: 0,
    confidence: 'confirmed',
    doubts: [],
    fromNs: 30e9,
    toNs: null,
    durationNs: 300e9,
    onset: { lastHeardNs: 20e9, firstUnansweredNs: 30e9 },
    cause: 'peer-silent',
    oneWay: null,
    isInferred: false,
    end: { how: 'capture-end', at: null },
    streams: [],
    alternatives: [],
    meanwhile: NOTHING_MEANWHILE,
    checks: NO_CHECKS,
    evidence: [],
    ...changes,
  };
}

export function file(path: string, changes: Partial<FileFacts> = {}): FileFacts {
  return {
    path,
    format: 'pcap',
    bytes: 48_707,
    packets: 135,
    linkTypes: [276],
    truncated: false,
    compression: null,
    resolutionDigits: 6,
    droppedPackets: null,
    isMerged: false,
    ...changes,
  };
}

export function capture(seconds: number, changes: Partial<CaptureFacts> = {}): CaptureFacts {
  return {
    files: [file('gateway.pcap')],
    packets: 135,
    baseNs: BASE_NS,
    firstNs: 0,
    lastNs: seconds * 1e9,
    warnings: [],
    warningsOmitted: 0,
    comments: [],
    commentsOmitted: 0,
    interrupted: false,
    ...changes,
  };
}
