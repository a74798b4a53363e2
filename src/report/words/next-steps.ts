import { connectionFilter } from '../filter.ts';
import type { Args, Connection, Finding, NextStep, Report, Verdict, Window } from '../model.ts';
import { clientEnd, farEnd, listed, listedUpTo, NAMED_MAX } from './phrase.ts';
import { remedySteps, standBySteps } from './remedies.ts';
import { step } from './step.ts';
import { hasClosedClient, STALLS, worstFirst } from './verdict.ts';
import { timeoutSecondsOf } from './watch-timeout.ts';

/** Ports in one tcpdump command; a capture of more is better taken whole. */
const PORTS_MAX = 6;

const ONE_SIDE_STEP: NextStep = {
  text:
    'If one side of the gateway is all there is, say which: a dead upstream is told then, though not whom it hurt. ' +
    "With the upstream servers' port, or with the gateway's address:",
  command: 'watchpcap analyze FILE --upstream-port PORT',
};

const WITHOUT_HINTS_STEP: NextStep = {
  text: 'Let the gateway be found, without --gateway, --client-port and --upstream-port:',
  command: 'watchpcap analyze FILE',
};

/** What to do now, most useful first. */
export function nextStepsOf(
  { state, reason, args }: Pick<Verdict, 'state' | 'reason' | 'args'>,
  { windows, connections, findings }: Pick<Report, 'windows' | 'connections' | 'findings'>,
): NextStep[] {
  switch (state) {
    case 'half-dead':
      return windowSteps(windows, connections);
    case 'suspect':
      return suspectSteps(reason, args, connections, findings);
    case 'healthy':
      return [
        step(
          'If a client did hang at this time, it was for another reason, or on a connection that is not in this capture. ' +
            'To look again, on the gateway, while it hangs:',
          captureCommand(connections),
        ),
      ];
    case 'inconclusive':
      return [
        ...(reason === 'hints-unfit' ? [WITHOUT_HINTS_STEP] : []),
        step(inconclusiveText(reason), longCaptureCommand(connections, capturingFor(reason))),
        ...(reason === 'no-gateway' ? [ONE_SIDE_STEP] : []),
      ];
  }
}

function windowSteps(windows: readonly Window[], connections: readonly Connection[]): NextStep[] {
  const byId = new Map(connections.map((connection) => [connection.id, connection]));
  const [window] = worstFirst(windows);
  if (window === undefined) return [];
  const upstream = byId.get(window.upstream);
  return [
    ...unblockSteps(windows, byId),
    ...lookForDropSteps(window, upstream),
    ...remedySteps(window, upstream, connections),
    ...standBySteps(window, byId),
    ...(upstream === undefined ? [] : [step('Wireshark, the dead connection:', connectionFilter(upstream))]),
  ];
}

/** Only what still hangs when the capture ends can be unblocked. */
function unblockSteps(windows: readonly Window[], byId: ReadonlyMap<string, Connection>): NextStep[] {
  const stuck = [...new Set(windows.filter((window) => window.open).map((window) => window.client))];
  if (stuck.length === 0) return [];
  const clients = stuck.map((id) => {
    const client = byId.get(id);
    return client === undefined ? id : clientEnd(client);
  });
  return [
    step(
      stuck.length === 1
        ? `Now: if ${listed(clients)} still hangs, restart that component or close its connection to the gateway; ` +
            'nothing in the capture shows it recovering by itself.'
        : `Now: if ${listedUpTo(NAMED_MAX, clients)} still hang, restart those components or close their connections to the ` +
            'gateway; nothing in the capture shows them recovering by themselves.',
    ),
  ];
}

/** What the capture cannot show is still the first thing to look for. */
function lookForDropSteps({ oneWay, upstream: id }: Window, upstream: Connection | undefined): NextStep[] {
  if (oneWay !== 'gateway-mute' && oneWay !== 'gateway-unseen') return [];
  const peer = upstream === undefined ? id : farEnd(upstream);
  return [
    step(
      `Find what drops the gateway's packets to ${peer}: what its own OUTPUT rules or network policies drop never reaches a capture on it. ` +
        'On the gateway:',
      'iptables-save; nft list ruleset',
    ),
  ];
}

function suspectSteps(
  reason: Verdict['reason'],
  { connection: about }: Args,
  connections: readonly Connection[],
  findings: readonly Finding[],
): NextStep[] {
  const named = connections.filter(({ id }) => id === about);
  const [stalled] = reason === 'stalled-upstream' ? named : [];
  const text =
    stalled === undefined
      ? 'To tell, capture both sides of the gateway for longer, best from before the clients connect:'
      : 'To see whether it answers in the end, capture for longer:';
  return [
    ...(stalled === undefined ? [] : [step(stalledText(farEnd(stalled), isSilent(stalled, findings)))]),
    ...(reason === 'dead-upstream-unlinked' && hasClosedClient(connections) ? [KEYLOG_STEP] : []),
    ...(named.length === 0 ? [] : [step('Wireshark, the upstream in question:', named.map(connectionFilter).join(''))]),
    step(text, longCaptureCommand(connections)),
  ];
}

/** Nothing at all is heard of it, its kernel neither. */
function isSilent({ id }: Connection, findings: readonly Finding[]): boolean {
  return findings.find(({ code, connection }) => STALLS.has(code) && connection === id)?.code === 'upstream-silent';
}

/** A process that hangs keeps its kernel: what asks only that is told that all is well. Where nobody is heard, not even that is known. */
function stalledText(server: string, silent: boolean): string {
  if (silent)
    return (
      `See whether ${server} can still be reached from the gateway, and whether its process hangs: nothing in the capture tests this connection. TCP ` +
      'keep-alive or HTTP/2 PINGs from the gateway (Envoy: tcp_keepalive, connection_keepalive) make such a silence known, and end the waiting.'
    );
  return (
    `See whether the process behind ${server} hangs (stopped, overloaded, cut off from its store): its host still acknowledges, ` +
    'so TCP keep-alive finds nothing wrong. HTTP/2 PINGs from the gateway (Envoy: connection_keepalive), health checks that ask ' +
    'for an answer, or a route timeout end the waiting.'
  );
}

/** The capture has both sides; what is missing is the means to read one. */
const KEYLOG_STEP: NextStep = {
  text: "With the clients' TLS secrets (SSLKEYLOGFILE of the gateway or of a client) this same capture tells whose requests were on it:",
  command: 'watchpcap analyze FILE --keylog KEYS',
};

function inconclusiveText(reason: Verdict['reason']): string {
  switch (reason) {
    case 'one-sided':
      return 'Capture both directions: on the gateway itself, on all interfaces (a mirror port often brings one only):';
    case 'clock-step':
      return 'Capture again, with a clock that is not set meanwhile, and one capture a file:';
    case 'too-short':
    case 'too-early':
      return 'Capture for longer, a few minutes past the moment at which it hangs:';
    case 'filtered':
      return 'Analyse the whole file, not a selection of its packets; or capture again with nothing but ports in the filter:';
    case 'no-bare-acks':
      return 'Capture again with nothing but ports in the filter, so that acknowledgements and resets are in it:';
    case 'unread':
      return 'Capture again so that nothing is lost: with a larger buffer (-B), and without a snap length (-s):';
    case 'payload-blanked':
      return 'Ask for the report of the capture itself: this one was anonymised. Or capture again:';
    case 'no-client-leg':
      return "Capture on the gateway, the clients' port as well, which this capture does not show:";
    case 'no-upstream-leg':
      return "Capture on the gateway, the upstreams' port as well, which this capture does not show:";
    case 'requests-unseen':
      return 'Capture on the gateway, every port of its upstreams:';
    default:
      return 'Capture on the gateway, where clients come in and upstreams go out, while a client hangs:';
  }
}

/** What the next capture is to do otherwise. */
interface Capturing {
  /** More of tcpdump's options, each after a space. */
  readonly options?: string;
  /** Not only the ports that this one shows. */
  readonly isWhole?: boolean;
}

function capturingFor(reason: Verdict['reason']): Capturing {
  if (reason === 'unread') return { options: ' -B 65536' };
  return { isWhole: reason === 'requests-unseen' };
}

/** Whoever logged in to capture is not part of what is looked for. */
const ALL_BUT_SSH = 'tcp and not port 22';

/**
 * The tcpdump command that would answer, with the ports that this capture shows; where it does not show a side's, all of TCP.
 * `-s 0` is tcpdump's default since 4.9, and so left out.
 */
function captureCommand(connections: readonly Connection[], { options = '', isWhole = false }: Capturing = {}): string {
  const clients = serverPorts(connections, 'client');
  const upstreams = serverPorts(connections, 'upstream');
  const ports = [...new Set([...clients, ...upstreams])].map((port) => `tcp port ${port}`);
  const filter = isWhole || clients.length === 0 || upstreams.length === 0 ? ALL_BUT_SSH : ports.join(' or ');
  return `tcpdump -i any${options} -w gateway.pcap '${filter}'`;
}

/** What a capture waits for in vain may take so long to come: longer than the longest watch that client-go asks for (600 s), and three bookmarks. */
const LONG_SECONDS = 900;
/** Nobody waits for longer, whatever a request asks for. */
const LONGEST_SECONDS = 7200;
/** An apiserver ends a watch about when it is due. */
const WATCH_LATE_SECONDS = 60;

/** The same, for as long as what was missing may take: a watch of this capture has to be over. */
function longCaptureCommand(connections: readonly Connection[], capturing?: Capturing): string {
  const watches = connections.flatMap(({ streams }) => streams.map(({ path }) => timeoutSecondsOf(path) ?? 0));
  const longest = watches.reduce((most, seconds) => Math.max(most, seconds + WATCH_LATE_SECONDS), LONG_SECONDS);
  const minutes = Math.ceil(Math.min(longest, LONGEST_SECONDS) / 60);
  return `timeout ${60 * minutes} ${captureCommand(connections, capturing)}`;
}

/** The most used server ports of a role. */
function serverPorts(connections: readonly Connection[], role: Connection['role']): string[] {
  const uses = new Map<number, number>();
  for (const connection of connections) {
    if (connection.role === role) uses.set(connection.server.port, (uses.get(connection.server.port) ?? 0) + 1);
  }
  const byUse = [...uses].toSorted(([portA, a], [portB, b]) => b - a || portA - portB);
  return byUse.slice(0, PORTS_MAX / 2).map(([port]) => String(port));
}
