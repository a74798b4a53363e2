import type { Connection, NextStep, Window } from '../model.ts';
import { counted, farEnd, listed, listedUpTo, NAMED_MAX } from './phrase.ts';
import { step } from './step.ts';
import { couldBeNoticed } from './unnoticed.ts';

/** A keep-alive that is often advised; its bound is computed from it. */
const KEEPALIVE = { timeSeconds: 60, intervalSeconds: 10, probes: 3 } as const;
const KEEPALIVE_BOUND_SECONDS: number = KEEPALIVE.timeSeconds + KEEPALIVE.intervalSeconds * KEEPALIVE.probes;

/** What would have ended a window sooner. */
export function remedySteps(
  window: Window,
  connection: Connection | undefined,
  all: readonly Connection[],
): NextStep[] {
  const upstream = connection === undefined ? window.upstream : farEnd(connection);
  switch (window.cause) {
    case 'peer-silent':
    case 'path-one-way':
      return [tcpStep(window, upstream, connection, all), ...http2Steps(upstream, connection)];
    case 'connect-unanswered':
      return [
        step(
          `To end it sooner: a shorter connectTimeout, and health checks, for ${upstream}; keep-alive does not help here, ` +
            'since the connection never opened.',
        ),
      ];
    case 'refused':
      return [
        step(
          `See why ${upstream} refuses, and let health checks or outlier detection take it out: keep-alive does not help ` +
            'here, since the connection never opened.',
        ),
      ];
    case 'reset':
    case 'closed-not-propagated':
    case 'goaway-ignored':
      return [
        step(
          `The end of the upstream connection to ${upstream} is in the capture (see the evidence), so keep-alive would not ` +
            "have helped. Compare the gateway's log at that time: did it see it, and what did it do with the client's streams?",
        ),
      ];
  }
}

function tcpStep(
  window: Window,
  upstream: string,
  connection: Connection | undefined,
  all: readonly Connection[],
): NextStep {
  const probes = connection?.keepalive.fromClient.probes ?? 0;
  const beside = probedBeside(connection, all);
  const resent = connection?.retransmissions.fromClient ?? 0;
  const oneWay = window.cause === 'path-one-way' && resent === 0 ? ` ${ONE_WAY_CAVEAT}` : '';
  const inFlight = resent > 0 ? inFlightText(resent) : IN_FLIGHT_CAVEAT;
  if (probes > 0) return step(`${BY_TCP}${probingText(upstream, probes)}${oneWay} ${inFlight}`);
  if (beside.length > 0) return step(`${BY_TCP}${probedBesideText(upstream, beside)}${oneWay} ${inFlight}`);
  return step(`${BY_TCP}${keepaliveAdvice(upstream)}${oneWay} ${inFlight}`, KEEPALIVE_YAML);
}

const BY_TCP = 'To end it sooner by TCP: ';

/** HTTP/1.1 has no PING. Envoy puts its timeout off while frames come, and wants both numbers. */
function http2Steps(upstream: string, connection: Connection | undefined): NextStep[] {
  const protocol = connection?.protocol ?? 'tcp';
  if (protocol === 'http1' || protocol === 'http1-tls') return [];
  const sent = connection?.pings.fromClient.sent ?? 0;
  const isHttp2 = protocol === 'h2' || protocol === 'h2-tls';
  const what =
    sent > 0
      ? `the gateway does send PINGs to ${upstream} (${sent} in the capture): lower their interval and timeout (${HTTP2_SETTING})`
      : `${isHttp2 ? '' : `if ${upstream} speaks it, `}PINGs from the gateway (${HTTP2_SETTING})`;
  return [
    step(
      `To end it sooner by HTTP/2: ${what}. One without an answer in time ends the connection, whatever is in flight or sent again at ` +
        'TCP; only new frames of the upstream put that off. It finds a stopped process too. stream_idle_timeout would end the ' +
        'wait as well, and with it healthy streams that are quiet for as long (exec).',
      sent > 0 ? null : HTTP2_YAML,
    ),
  ];
}

const HTTP2_SETTING = 'Envoy: http2_protocol_options.connection_keepalive';
const HTTP2_YAML = 'connection_keepalive: {interval: 30s, timeout: 10s}';

/** Who could have served: what is between the requests that wait and it. */
export function standBySteps(window: Window, byId: ReadonlyMap<string, Connection>): NextStep[] {
  if (!couldBeNoticed(window)) return [];
  const { alternatives, upstream } = window;
  const unused = alternatives.filter((one) => one.unused).flatMap((one) => byId.get(one.upstream) ?? []);
  const dead = byId.get(upstream);
  const servers = [...new Set(unused.map(farEnd))];
  if (servers.length === 0 || dead === undefined) return [];
  return [
    step(
      `${listedUpTo(NAMED_MAX, servers)} could have served and got no request (alternative-unused): once the dead connection is closed, what is asked ` +
        `again can go there. Health checks and outlier detection keep new requests off ${farEnd(dead)}; in Envoy they do not end ` +
        'what already waits on it.',
    ),
  ];
}

/** The remedy is there already: what is left to choose is its numbers. */
function probingText(upstream: string, probes: number): string {
  return (
    `the gateway does probe ${upstream} (${counted(probes, 'keep-alive probe')} in the capture). A silent peer is given ` +
    'up after time + probes x interval: lower them where that is too long for your clients.'
  );
}

/** Other upstream connections to the same port that the gateway is seen to probe. */
function probedBeside(connection: Connection | undefined, all: readonly Connection[]): Connection[] {
  return all.filter(
    ({ role, server, keepalive }) =>
      role === 'upstream' && server.port === connection?.server.port && keepalive.fromClient.probes > 0,
  );
}

/** Where the gateway's packets are lost before the point of capture its probes are, too. */
function probedBesideText(upstream: string, probed: readonly Connection[]): string {
  const servers = [...new Set(probed.map(farEnd))].slice(0, 3);
  const probes = probed.reduce((sum, { keepalive }) => sum + keepalive.fromClient.probes, 0);
  return (
    `the gateway does probe its upstreams (${counted(probes, 'keep-alive probe')} to ${listed(servers)} in the capture), though on the ` +
    `dead connection to ${upstream} none is seen: see that keep-alive is on for that server too. A silent peer is given up after ` +
    'time + probes x interval: lower them where that is too long for your clients.'
  );
}

function keepaliveAdvice(upstream: string): string {
  const { timeSeconds, intervalSeconds, probes } = KEEPALIVE;
  return (
    `switch on keep-alive from the gateway to ${upstream} (Envoy: upstream_connection_options.tcp_keepalive; Istio: ` +
    'trafficPolicy.connectionPool.tcp of its DestinationRule). ' +
    `With ${timeSeconds} s, ${intervalSeconds} s and ${probes} probes its kernel gives a silent peer up ` +
    `${timeSeconds} + ${probes} x ${intervalSeconds} = ${KEEPALIVE_BOUND_SECONDS} s after its last packet.`
  );
}

const KEEPALIVE_YAML = `tcpKeepalive: {time: ${KEEPALIVE.timeSeconds}s, interval: ${KEEPALIVE.intervalSeconds}s, probes: ${KEEPALIVE.probes}}`;

const IN_FLIGHT_CAVEAT =
  'Linux sends no probe while anything is in flight: then the peer is given up by tcp_retries2 (about 15 min), or sooner ' +
  'by TCP_USER_TIMEOUT.';

/** The gateway's own data were unanswered: on this very connection keep-alive would have stayed quiet. */
function inFlightText(retransmissions: number): string {
  return (
    `Here it is not enough: the gateway's data were in flight (${counted(retransmissions, 'retransmission')}), and Linux ` +
    'sends no probe then; tcp_retries2 rules, about 15 min, which TCP_USER_TIMEOUT bounds.'
  );
}

const ONE_WAY_CAVEAT =
  "Here it would fire late: each packet that still arrives from the upstream, a retransmission too, restarts Linux's clock: count from the last one.";
