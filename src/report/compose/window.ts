import type { Evidence as IncidentEvidence, Window as IncidentWindow } from '../../incident/index.ts';
import type { Connection, Evidence, HurtStream, Recovery, Window } from '../model.ts';
import { evidenceText } from '../words/evidence.ts';
import { storyOf } from '../words/story.ts';
import { type Frame, placeOf, secondsOf, timeAt } from './frame.ts';
import { tunnelOf } from './tunnel.ts';

/** @param connections  of the report, by id: the story names their endpoints */
export function windowOf(frame: Frame, window: IncidentWindow, connections: ReadonlyMap<string, Connection>): Window {
  const { end, onset } = window;
  const told: Omit<Window, 'story'> = {
    id: window.id,
    client: window.client,
    upstream: window.upstream,
    link: window.link,
    confidence: window.confidence,
    doubts: [...window.doubts],
    from: timeAt(frame, window.fromNs),
    to: window.toNs === null ? null : timeAt(frame, window.toNs),
    duration: secondsOf(window.durationNs),
    open: window.toNs === null,
    onset: {
      lastHeard: onset.lastHeardNs === null ? null : timeAt(frame, onset.lastHeardNs),
      firstUnanswered: timeAt(frame, onset.firstUnansweredNs),
    },
    cause: window.cause,
    oneWay: window.oneWay,
    isInferred: window.isInferred,
    end: {
      how: end.how,
      at: end.at === null ? null : timeAt(frame, end.at.timeNs),
      ...(end.at === null ? { packet: null } : placeOf(frame, end.at)),
    },
    streams: window.streams.map((stream) => hurtStreamOf(frame, stream)),
    alternatives: window.alternatives.map((alternative) => ({ ...alternative })),
    meanwhile: meanwhileOf(window.meanwhile),
    checks: { ...window.checks, atLeast: [...window.checks.atLeast] },
    evidence: window.evidence.map((evidence) => evidenceOf(frame, evidence, connections, window.client)),
  };
  return { ...told, story: storyOf(told, connections, frame.paths) };
}

function meanwhileOf({
  atLeast,
  elsewhere,
  gatewayErrors,
  ...counts
}: IncidentWindow['meanwhile']): Window['meanwhile'] {
  return {
    ...counts,
    atLeast: [...atLeast],
    elsewhere: elsewhere.map((place) => ({ ...place })),
    gatewayErrors: gatewayErrors.map((error) => ({ ...error })),
  };
}

function hurtStreamOf(frame: Frame, stream: IncidentWindow['streams'][number]): HurtStream {
  const { upstreamStream, recoveredBy } = stream;
  const { tunnel: upstreamTunnel } = tunnelOf(upstreamStream);
  return {
    id: stream.id,
    ...tunnelOf(stream),
    kind: stream.kind,
    path: stream.path,
    resource: stream.resource,
    userAgent: stream.userAgent,
    upstreamStream: upstreamStream?.id ?? null,
    ...(upstreamTunnel === undefined ? {} : { upstreamTunnel }),
    silentSince: timeAt(frame, stream.silentSinceNs),
    outcome: stream.outcome,
    status: stream.status,
    grpcStatus: stream.grpcStatus,
    recoveredBy: recoveredBy === null ? null : recoveryOf(recoveredBy),
  };
}

function recoveryOf({ stream, upstream }: NonNullable<IncidentWindow['streams'][number]['recoveredBy']>): Recovery {
  return { stream: stream.id, ...tunnelOf(stream), upstream };
}

function evidenceOf(
  frame: Frame,
  evidence: IncidentEvidence,
  connections: ReadonlyMap<string, Connection>,
  client: string,
): Evidence {
  const told: Omit<Evidence, 'text'> = {
    ...placeOf(frame, evidence.at),
    at: timeAt(frame, evidence.at.timeNs),
    connection: evidence.connection,
    kind: evidence.kind,
    by: evidence.by,
    value: evidence.value,
    ...tunnelOf(evidence),
  };
  return { ...told, text: evidenceText(told, connections, client) };
}
