// The truth of a run, from the script's actions, the peers' journals, the gateway's access log and its kernel's sockets:
// never from the capture, so that it can judge whoever reads the capture.
import { ADDRESSES, APISERVER_PORT, serverOfAddress } from './network.mjs';
import { secondsFromIso } from './journal.mjs';

const SLOW_SECONDS = 0.5; // a request that reaches an apiserver later than this waited for something
const POLL_SECONDS = 0.6; // how far apart the looks at the gateway's sockets may be
const RTO_SECONDS = 0.2; // Linux's least retransmission timeout: from then on the connection sends one segment only
const TELLING_SECONDS = 1; // the gateway tells its clients within that time of giving up an upstream connection

const resourceOf = (path) => path.split('?')[0];
const isOk = (status) => status !== null && status >= 200 && status < 300;

/** All requests of the client with what became of them on either side of the gateway. */
function requestsOf(facts) {
  const until = facts.capture.to;
  const client = facts.client.filter((entry) => entry.at <= until);
  const arrivals = ['apiserver1', 'apiserver2'].flatMap((server) =>
    facts[server]
      .filter((entry) => entry.event === 'request')
      .map((entry) => ({ ...entry, ip: ADDRESSES[server].host })),
  );
  return client
    .filter((entry) => entry.event === 'request')
    .map((sent) => {
      const own = (event) => client.find((entry) => entry.event === event && entry.lab === sent.lab);
      const ended = own('ended');
      return {
        sent,
        status: own('response')?.status ?? null,
        ended: ended === undefined ? null : { at: ended.at, how: ended.how, code: ended.code, body: ended.body },
        arrival: arrivals.find((entry) => entry.lab === sent.lab) ?? null,
        access: facts.access.find((entry) => entry.lab === sent.lab) ?? null,
      };
    });
}

const upstreamAt = (server, gatewayPort) => ({ gatewayPort, ip: ADDRESSES[server].host, port: APISERVER_PORT });

/** The upstream connection that carried the watch when the packets were first lost. */
function deadConnection(requests, drop) {
  const carried = requests.find(
    ({ sent, ended, arrival }) =>
      sent.kind === 'watch' &&
      sent.at < drop.from &&
      (ended === null || ended.at > drop.to) &&
      arrival?.server === 'apiserver1',
  );
  return { server: 'apiserver1', gatewayPort: carried.arrival.gatewayPort };
}

function socketOf(facts, gatewayPort) {
  return facts.sockets.find((socket) => socket.gatewayPort === gatewayPort);
}

/** Requests sent into the dead connection never arrived: the gateway's log says where it sent them. */
function wentInto(request, dead, drop, goneAt) {
  if (request.arrival !== null)
    return request.arrival.server === dead.server && request.arrival.gatewayPort === dead.gatewayPort;
  const { access, sent } = request;
  if (sent.at < drop.from || (goneAt !== null && sent.at > goneAt)) return false;
  // nghttpx logs no request that the client abandons. It hung, and while this connection was open there was no other where it could.
  if (access === null) return request.ended === null;
  if (access.upstreamIp === null) return false;
  const portFits = access.gatewayPort === null || access.gatewayPort === dead.gatewayPort;
  return serverOfAddress(access.upstreamIp) === dead.server && portFits;
}

/**
 * Upstream stream ids: told by the apiserver where it heard them. Else the first request gets the next odd number, and
 * those that follow before its retransmission; later ones wait in the kernel behind it and never leave the gateway.
 */
function withUpstreamStreams(carried) {
  let last = Math.max(...carried.map(({ arrival }) => arrival?.stream ?? 0));
  const unheard = carried.find(({ arrival }) => arrival === null);
  return carried.map((request) => {
    if (request.arrival !== null) return { ...request, upstreamStream: request.arrival.stream };
    const leaves = secondsApart(unheard.sent.at, request.sent.at) < RTO_SECONDS;
    return { ...request, upstreamStream: leaves ? (last += 2) : null };
  });
}

function outcomeOf({ ended, status }) {
  if (ended === null) return 'hung';
  if (status !== null && status >= 500) return 'gateway-error';
  return ended.how === 'end-stream' ? 'finished' : 'reset';
}

function servedBy({ arrival }) {
  return { stream: undefined, upstream: upstreamAt(arrival.server, arrival.gatewayPort) };
}

/** The first later request for the same resource, on the same client connection, that was answered well. */
function recoveryOf(request, requests, kind) {
  if (request.ended === null) return null;
  const found = requests.find(
    (other) =>
      other.sent.at >= request.ended.at &&
      other.sent.port === request.sent.port &&
      resourceOf(other.sent.path) === resourceOf(request.sent.path) &&
      (kind === undefined || other.sent.kind === kind) &&
      isOk(other.status) &&
      other.arrival !== null,
  );
  return found === undefined ? null : { ...servedBy(found), stream: found.sent.stream };
}

function streamTruth(request, upstreamStream, requests) {
  const { sent } = request;
  return {
    client: sent.stream,
    upstream: upstreamStream,
    path: sent.path,
    kind: sent.kind,
    optional: upstreamStream === null,
    outcome: outcomeOf(request),
    status: request.status,
    rstCode: request.ended?.how === 'rst-stream' ? request.ended.code : null,
    endedAt: request.ended?.at ?? null,
    recoveredBy: recoveryOf(request, requests),
    resumedBy: recoveryOf(request, requests, sent.kind),
  };
}

/** Connections to the other apiserver that were up at some time between `from` and `to`. */
function alternativesIn(facts, requests, from, to) {
  const journal = facts.apiserver2;
  return journal
    .filter((entry) => entry.event === 'connected' && entry.at < to)
    .filter(({ gatewayPort }) => {
      const gone = journal.find((entry) => entry.event === 'disconnected' && entry.gatewayPort === gatewayPort);
      return gone === undefined || gone.at > from;
    })
    .map(({ gatewayPort }) => {
      const during = ({ arrival }) =>
        arrival?.server === 'apiserver2' && arrival.gatewayPort === gatewayPort && arrival.at > from && arrival.at < to;
      return { upstream: upstreamAt('apiserver2', gatewayPort), requestsDuring: requests.filter(during).length };
    });
}

function earliest(times) {
  return times.filter((time) => time !== null).sort()[0] ?? null;
}

/** When the gateway gave the connection up: as its clients were told, or earlier, as its socket went. */
function givingUp(toldAt, goneAt) {
  if (toldAt === null || goneAt === null) return toldAt ?? goneAt;
  return secondsFromIso(toldAt) - secondsFromIso(goneAt) > TELLING_SECONDS ? goneAt : toldAt;
}

function mainWindow(facts, requests, cause) {
  const drop = facts.actions.find(({ what }) => what.startsWith('drop'));
  const onset = { from: drop.at, to: drop.done };
  const dead = deadConnection(requests, onset);
  const goneAt = socketOf(facts, dead.gatewayPort)?.goneAt ?? null;
  const isHurt = (request) => request.ended === null || request.ended.at > onset.from;
  const carried = withUpstreamStreams(requests.filter((request) => wentInto(request, dead, onset, goneAt)));
  const hurt = carried.filter(isHurt);
  const end = givingUp(earliest(hurt.map(({ ended }) => ended?.at ?? null)), goneAt);
  return {
    clientPort: hurt[0].sent.port,
    upstream: upstreamAt(dead.server, dead.gatewayPort),
    streams: hurt.map((request) => streamTruth(request, request.upstreamStream, requests)),
    cause,
    onset: [onset.from, onset.to],
    end: end === null ? { how: 'capture-end', at: null } : { how: 'gateway-closed', at: end },
    open: end === null,
    gatewaySocketGone: goneAt,
    alternatives: alternativesIn(facts, requests, onset.to, end ?? facts.capture.to),
  };
}

function secondsApart(from, to) {
  return secondsFromIso(to) - secondsFromIso(from);
}

/** Did the request wait while the attempt went unanswered? Arrived late or never, and at that time. */
function waitedFor(attempt, { sent, arrival, ended }, until) {
  const reachedAt = arrival?.at ?? ended?.at ?? until;
  if (secondsApart(sent.at, reachedAt) < SLOW_SECONDS) return false;
  return (
    secondsApart(sent.at, attempt.lastSeen) > -POLL_SECONDS &&
    secondsApart(attempt.firstSeen, reachedAt) > -POLL_SECONDS
  );
}

function reroutedTruth({ sent, arrival }) {
  const upstream = { ...upstreamAt(arrival.server, arrival.gatewayPort), stream: arrival.stream };
  return { client: sent.stream, kind: sent.kind, path: sent.path, at: sent.at, servedAt: arrival.at, upstream };
}

function attemptWindow(facts, requests, attempt, main) {
  const inMain = new Set(main.streams.map(({ client }) => client));
  const waiting = requests.filter(
    (request) =>
      !inMain.has(request.sent.stream) &&
      request.sent.at >= main.onset[0] &&
      waitedFor(attempt, request, facts.capture.to),
  );
  if (waiting.length === 0) return null;
  const failed = waiting.filter(({ arrival }) => arrival === null);
  const reroutedAt = earliest(waiting.map(({ arrival }) => arrival?.at ?? null));
  const failedAt = earliest(failed.map(({ ended }) => ended?.at ?? null));
  const end = failedAt ?? reroutedAt;
  const from = waiting[0].sent.at;
  return {
    clientPort: waiting[0].sent.port,
    upstream: upstreamAt(attempt.server, attempt.gatewayPort),
    streams: failed.map((request) => streamTruth(request, null, requests)),
    rerouted: waiting.filter(({ arrival }) => arrival !== null).map(reroutedTruth),
    cause: 'connect-unanswered',
    onset: [from, attempt.firstSeen],
    end:
      end === null
        ? { how: 'capture-end', at: null }
        : { how: failedAt === null ? 'rerouted' : 'gateway-closed', at: end },
    open: end === null,
    gatewaySocketGone: attempt.goneAt,
    alternatives: alternativesIn(facts, requests, from, end ?? facts.capture.to),
  };
}

function attemptWindows(facts, requests, main) {
  return facts.sockets
    .filter(
      (socket) =>
        socket.firstState === 'SYN-SENT' && socket.server === 'apiserver1' && socket.firstSeen > main.onset[0],
    )
    .map((attempt) => attemptWindow(facts, requests, attempt, main))
    .filter((window) => window !== null);
}

function requestTruth({ sent, status, ended, arrival, access }) {
  return {
    lab: sent.lab,
    kind: sent.kind,
    path: sent.path,
    at: sent.at,
    client: { port: sent.port, stream: sent.stream },
    upstream: arrival === null ? null : { ...upstreamAt(arrival.server, arrival.gatewayPort), stream: arrival.stream },
    status,
    ended: ended === null ? null : { at: ended.at, how: ended.how, code: ended.code },
    requestId: { client: sent.requestId, upstream: arrival?.requestId ?? null },
    gateway: access === null ? null : { status: access.status, flags: access.flags, details: access.details },
  };
}

/** @param scenario  its entry in scenarios.mjs; @returns what NAME.truth.json holds (lab/README.md tells each key) */
export function truthOf(name, scenario, facts) {
  const requests = requestsOf(facts);
  const windows = [];
  const unseen = [];
  if (scenario.drop !== null) {
    windows.push(mainWindow(facts, requests, scenario.expect.cause));
    // Behind the OUTPUT rule the gateway's SYNs are as invisible as the rest: no window that a capture can show.
    (scenario.drop === 'output' ? unseen : windows).push(...attemptWindows(facts, requests, windows[0]));
  }
  return {
    scenario: name,
    gateway: facts.gateway,
    description: scenario.description,
    recorded: facts.capture.from,
    capture: facts.capture,
    actions: facts.actions,
    expect: { ...pick(scenario.expect), windows, alternatives: windows[0]?.alternatives ?? [] },
    unseen,
    requests: requests.map(requestTruth),
    sockets: facts.sockets,
  };
}

function pick({ state, exit }) {
  return { state, exit };
}

/** A stream whose HEADERS came before the capture: open and hurt, but nobody can tell what was asked for. */
function hideRequest(stream, requests, begun) {
  const { at } = requests.find(({ client }) => client.stream === stream.client);
  if (at >= begun) return stream;
  const { path, kind, status } = stream;
  return { ...stream, path: null, kind: 'unknown', status: null, hidden: { path, kind, status } };
}

/** The same truth for a capture begun at `begun`, while the run was under way: minus what it cannot show. */
export function truthFromMidstream(truth, facts, begun) {
  const requests = truth.requests;
  // Without keep-alives an idle connection sends nothing: one without a request since then is not in the capture.
  const shows = ({ upstream }) =>
    facts.apiserver2.some(
      (entry) => entry.event === 'request' && entry.gatewayPort === upstream.gatewayPort && entry.at >= begun,
    );
  const windows = truth.expect.windows.map((window) => ({
    ...window,
    streams: window.streams.map((stream) => hideRequest(stream, requests, begun)),
    alternatives: window.alternatives.filter(shows),
  }));
  return {
    ...truth,
    scenario: `${truth.scenario}-midstream`,
    capture: { ...truth.capture, from: begun },
    expect: { ...truth.expect, windows, alternatives: windows[0].alternatives },
  };
}
