import { communityId } from '../community-id.ts';
import { allStreams, type Leg } from '../../incident/index.ts';
import { otherSide, type Side } from '../../tcp/index.ts';
import type { Endpoint as TraceEndpoint, Flow, TraceConnection } from '../../trace/index.ts';
import { alertName, suiteName, type TlsFacts } from '../../tls/index.ts';
import type {
  Closed,
  Connection,
  Endpoint,
  Goaway,
  Inferred,
  Liveness,
  PerParty,
  Probes,
  Protocol,
  Reset,
  RoundTrips,
  Tls,
  TlsAlert,
} from '../model.ts';
import { errorName } from './error-name.ts';
import { type Frame, partyOf, placeOf, secondsOf, timeAt } from './frame.ts';
import { laddersOf } from './ladder.ts';
import { marksOf } from './marks.ts';
import { foldedOf, streamOf } from './stream.ts';

/** By what the bytes told, never by port. */
const PROTOCOLS = {
  unknown: 'tcp',
  h2: 'h2',
  http1: 'http1',
  tls: 'tls',
} as const satisfies Record<TraceConnection['protocol'], Protocol>;

/** The same, where it stood in TLS and was decrypted. */
const PROTOCOLS_IN_TLS = {
  unknown: 'tls',
  h2: 'h2-tls',
  http1: 'http1-tls',
  tls: 'tls',
} as const satisfies Record<TraceConnection['protocol'], Protocol>;

export function connectionOf(frame: Frame, leg: Leg, marksLimit: number): Connection {
  const { trace } = leg;
  const count = (field: (flow: Flow) => number): PerParty<number> => perParty(leg, field);
  const client = endpointOf(trace.endpoints[otherSide(leg.serverSide)]);
  const server = endpointOf(trace.endpoints[leg.serverSide]);
  // Without spreading, as a mark is made.
  const connection: Connection = {
    id: leg.id,
    role: leg.role,
    client,
    server,
    proxiedFor: trace.proxiedFor === null ? null : endpointOf(trace.proxiedFor),
    communityId: communityId(client, server),
    dumpId: `t${trace.nth + 1}`,
    marks: marksOf(frame, leg, marksLimit),
    seenAs: seenAsOf(leg),
    tunnels: trace.tunnels.map((path) => ({ ...path })),
    firstPacket: trace.first.packet,
    lastPacket: trace.last.packet,
    start: timeAt(frame, trace.first.timeNs),
    end: timeAt(frame, trace.last.timeNs),
    opened: leg.opened,
    closed: closedOf(frame, leg),
    protocol: (trace.isDecrypted ? PROTOCOLS_IN_TLS : PROTOCOLS)[trace.protocol],
    tls: trace.tls === null ? null : tlsOf(trace.tls),
    tlsAlerts: trace.tlsAlerts.map((alert) => alertOf(frame, leg, alert)),
    inferred: trace.inferred === null ? null : inferredOf(leg, trace.inferred),
    packets: count((flow) => flow.packets),
    bytes: count((flow) => flow.bytes),
    keepalive: perParty(leg, (flow) => probesOf(frame, flow)),
    retransmissions: count((flow) => flow.retransmissions),
    ladders: laddersOf(frame, leg),
    roundTrips: perParty(leg, ({ roundTrips }) => (roundTrips === null ? null : roundTripsOf(roundTrips))),
    resets: leg.resets.map((reset): Reset => happened(frame, leg, reset)),
    goaways: trace.goaways.map((goaway) => goawayOf(frame, leg, goaway)),
    pings: perParty(leg, (flow) => ({ sent: flow.pings, answered: flow.pingsAnswered })),
    streams: allStreams(leg).map((stream) => streamOf(frame, leg, stream)),
    foldedStreams: foldedOf(trace.folded),
    liveness: livenessOf(frame, leg),
  };
  if (!frame.manyFiles) return connection;
  connection.firstFile = trace.first.file;
  connection.lastFile = trace.last.file;
  return connection;
}

function seenAsOf({ seenAs, serverSide }: Leg): Connection['seenAs'] {
  return seenAs.map(({ endpoints, packets }) => ({
    client: endpointOf(endpoints[otherSide(serverSide)]),
    server: endpointOf(endpoints[serverSide]),
    packets,
  }));
}

function livenessOf(frame: Frame, { liveness }: Leg): Liveness[] {
  return liveness.map(({ fromNs, toNs, state, owedBy }) => ({
    from: timeAt(frame, fromNs),
    to: timeAt(frame, toNs),
    state,
    owedBy,
  }));
}

function inferredOf(
  { serverSide }: Leg,
  { pings, controls, requests }: NonNullable<TraceConnection['inferred']>,
): Inferred {
  const client = otherSide(serverSide);
  return {
    pings: { fromClient: { ...pings[client] }, fromServer: { ...pings[serverSide] } },
    resetsOrWindowUpdates: { fromClient: controls[client], fromServer: controls[serverSide] },
    requests,
  };
}

/** RFC 8446 §4.2.1, RFC 6101. */
const VERSIONS: ReadonlyMap<number, Tls['version']> = new Map([
  [0x0304, '1.3'],
  [0x0303, '1.2'],
  [0x0302, '1.1'],
  [0x0301, '1.0'],
  [0x0300, 'ssl3'],
]);

function tlsOf({ version, cipherSuite, serverName, chosen, isResumed, keys }: TlsFacts): Tls {
  return {
    version: version === null ? null : (VERSIONS.get(version) ?? 'other'),
    cipher: cipherSuite === null ? null : suiteName(cipherSuite),
    sni: serverName,
    alpn: chosen === null || chosen === 'h2' || chosen === 'http/1.1' ? chosen : 'other',
    resumed: isResumed,
    keys,
  };
}

/** RFC 8446 §6. */
const ALERT_LEVELS: ReadonlyMap<number, TlsAlert['level']> = new Map([
  [1, 'warning'],
  [2, 'fatal'],
]);

function alertOf(frame: Frame, leg: Leg, alert: TraceConnection['tlsAlerts'][number]): TlsAlert {
  const { said } = alert;
  return {
    ...happened(frame, leg, alert),
    level: said === null ? null : (ALERT_LEVELS.get(said.level) ?? 'other'),
    description: said === null ? null : alertName(said.description),
  };
}

function perParty<T>(leg: Leg, field: (flow: Flow) => T): PerParty<T> {
  const { flows } = leg.trace;
  return { fromClient: field(flows[otherSide(leg.serverSide)]), fromServer: field(flows[leg.serverSide]) };
}

function endpointOf({ ip, port }: TraceEndpoint): Endpoint {
  return { ip, port };
}

function closedOf(frame: Frame, { closed }: Leg): Closed {
  if (closed.at === null) return { how: closed.how, by: closed.by, at: null, packet: null };
  return { how: closed.how, by: closed.by, at: timeAt(frame, closed.at.timeNs), ...placeOf(frame, closed.at) };
}

function probesOf(frame: Frame, { keepAliveProbes, keepAliveAnswered, keepAlive }: Flow): Probes {
  const { timeNs = null, intervalNs = null, unanswered = 0, gaveUp = null } = keepAlive ?? {};
  return {
    probes: keepAliveProbes,
    answered: keepAliveAnswered,
    time: timeNs === null ? null : secondsOf(timeNs),
    interval: intervalNs === null ? null : secondsOf(intervalNs),
    unanswered,
    gaveUp: gaveUp === null ? null : { at: timeAt(frame, gaveUp.timeNs), ...placeOf(frame, gaveUp) },
  };
}

function roundTripsOf({ leastNs, mostNs, samples }: NonNullable<Flow['roundTrips']>): RoundTrips {
  return { least: secondsOf(leastNs), most: secondsOf(mostNs), samples };
}

function happened(frame: Frame, leg: Leg, event: { readonly by: Side; readonly at: TraceConnection['first'] }): Reset {
  return { by: partyOf(leg.serverSide, event.by), at: timeAt(frame, event.at.timeNs), ...placeOf(frame, event.at) };
}

function goawayOf(frame: Frame, leg: Leg, goaway: TraceConnection['goaways'][number]): Goaway {
  const { lastStreamId, errorCode, debug } = goaway;
  return { ...happened(frame, leg, goaway), lastStreamId, error: errorName(errorCode), debug };
}
