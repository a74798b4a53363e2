import { otherSide } from '../tcp/index.ts';
import type { Mark, Ref, StreamName, TraceStream } from '../trace/index.ts';
import type { Case } from './cases.ts';
import type { Death } from './deaths.ts';
import type { Victim } from './hurt.ts';
import { clientSide, partyOf, streamOf } from './leg.ts';
import type { Evidence, EvidenceKind, HurtStream, Leg, Party } from './model.ts';
import { grpcErrorOf, isError, toldAt } from './stream-fate.ts';
import { isUnprobed } from './unprobed.ts';
import type { End } from './window-end.ts';

/** Rows of one kind in a window's evidence; the first ones are the ones to look at. */
const ROWS_OF_A_KIND_MAX = 12;

/** The packets that prove a window, in order of time. */
export function evidenceOf(
  { client, upstream, death, victims }: Case,
  hurt: readonly HurtStream[],
  end: End,
  toNs: number,
): readonly Evidence[] {
  const rows = [
    ...onset(upstream, death),
    ...tries(upstream, death),
    ...clientPings(client, death.fromNs, toNs),
    ...closing(upstream, death, end),
    ...whatTheClientGot(client, victims, death.fromNs),
    ...recoveries(client, hurt),
  ];
  return unique(rows).toSorted((a, b) => a.at.timeNs - b.at.timeNs || a.at.packet - b.at.packet);
}

function row(leg: Leg, at: Ref, kind: EvidenceKind, by: Party, value: number | null = null): Evidence {
  return { at, connection: leg.id, kind, by, value, tunnel: null };
}

function streamRow(leg: Leg, at: Ref, kind: EvidenceKind, by: Party, { tunnel, id }: StreamName): Evidence {
  return { at, connection: leg.id, kind, by, value: id, tunnel };
}

function onset(upstream: Leg, death: Death): Evidence[] {
  if (death.cause === 'refused') {
    const { syn } = upstream.trace.handshake;
    return [...(syn === null ? [] : [row(upstream, syn, 'syn', 'client')]), ...proofRow(upstream, death, 'refused')];
  }
  if (death.cause === 'reset') return proofRow(upstream, death, 'reset');
  if (death.cause === 'closed-not-propagated') return proofRow(upstream, death, 'close');
  if (death.cause === 'goaway-ignored') return proofRow(upstream, death, 'goaway');
  // Of what is not seen there is no packet; that the gateway gave it up stands among what the client got.
  if (isUnprobed(death) && death.lastHeard !== null) return [row(upstream, death.lastHeard, 'last-heard', 'client')];
  const debtor = death.debts[0]?.owedBy ?? upstream.serverSide;
  const mute = partyOf(upstream, debtor);
  const heard = death.lastHeard === null ? [] : [row(upstream, death.lastHeard, 'last-heard', mute)];
  return [...heard, row(upstream, death.firstUnanswered, 'first-unanswered', mute === 'server' ? 'client' : 'server')];
}

function proofRow(upstream: Leg, death: Death, kind: EvidenceKind): Evidence[] {
  return death.packet === null ? [] : [row(upstream, death.packet, kind, 'server')];
}

function tries(upstream: Leg, death: Death): Evidence[] {
  return death.debts.flatMap((debt) => {
    const by = partyOf(upstream, otherSide(debt.owedBy));
    const { probes, syns, retransmissions } = debt.elicits;
    const kind: EvidenceKind = syns > 0 ? 'syn' : retransmissions === 0 && probes > 0 ? 'probe' : 'retransmission';
    return debt.attempts.slice(0, ROWS_OF_A_KIND_MAX).map((attempt, i) => row(upstream, attempt, kind, by, i + 1));
  });
}

/** The client's own health check, which the gateway answered all the while. */
function clientPings(client: Leg, fromNs: number, toNs: number): Evidence[] {
  const within = (mark: Mark): boolean => mark.from.timeNs >= fromNs && mark.to.timeNs <= toNs;
  const runs = (kind: Mark['kind'], by: 0 | 1): Mark[] =>
    client.trace.marks.filter((mark) => mark.kind === kind && mark.by === by && within(mark));
  const sent = runs('ping', clientSide(client)).slice(0, ROWS_OF_A_KIND_MAX);
  const answered = runs('ping-ack', client.serverSide).slice(0, ROWS_OF_A_KIND_MAX);
  return [
    ...sent.map((mark) => row(client, mark.from, 'client-ping', 'client', mark.count)),
    ...answered.map((mark) => row(client, mark.from, 'client-ping-answered', 'server', mark.count)),
  ];
}

function closing(upstream: Leg, death: Death, end: End): Evidence[] {
  const closes = upstream.trace.closes
    .filter((close) => close.accepted && close.at.timeNs >= death.fromNs && close.at.packet !== death.packet?.packet)
    .map((close) => row(upstream, close.at, 'close', partyOf(upstream, close.by)));
  const healed = end.how === 'healed' && end.at !== null ? [row(upstream, end.at, 'answered', 'server')] : [];
  return [...closes, ...healed];
}

function whatTheClientGot(client: Leg, victims: readonly Victim[], fromNs: number): Evidence[] {
  return victims.slice(0, ROWS_OF_A_KIND_MAX).flatMap(({ near }) => {
    const requests =
      near.sawRequest && near.opened.timeNs >= fromNs
        ? [streamRow(client, near.opened, 'request', 'client', near)]
        : [];
    const told = toldAt(client, near, fromNs);
    if (told === null) return requests;
    if (isError(near)) return [...requests, errorResponse(client, near, told)];
    return near.reset === null ? requests : [...requests, streamRow(client, told, 'stream-reset', 'server', near)];
  });
}

function errorResponse(client: Leg, stream: TraceStream, at: Ref): Evidence {
  const grpcStatus = grpcErrorOf(stream);
  return grpcStatus === null
    ? row(client, at, 'gateway-response', 'server', stream.status ?? null)
    : row(client, at, 'gateway-grpc-response', 'server', grpcStatus);
}

function recoveries(client: Leg, hurt: readonly HurtStream[]): Evidence[] {
  return hurt.flatMap(({ recoveredBy }) => {
    const stream = recoveredBy === null ? undefined : streamOf(client, recoveredBy.stream);
    return stream === undefined ? [] : [streamRow(client, stream.opened, 'recovered', 'client', stream)];
  });
}

function unique(rows: readonly Evidence[]): Evidence[] {
  const seen = new Map<string, Evidence>();
  for (const evidence of rows) {
    const key = `${evidence.at.file} ${evidence.at.packet} ${evidence.connection}`;
    if (!seen.has(key)) seen.set(key, evidence);
  }
  return [...seen.values()];
}
