import {
  buildIncident,
  type FindingCode,
  type Finding,
  type Incident,
  type Leg,
  type Window,
} from '../../src/incident/index.ts';
import { type TraceBuilder, trace } from '../build/trace.ts';

/** The ticket's start: c1 has a watch, stream 7, which u1 carries as stream 3 to the first apiserver. The next verb speaks of u1. */
export function watching(): TraceBuilder {
  return trace().client('c1').watch(7, { at: 1 }).upstream('u1').carries(7, 3).answers(3, 200, 1.1).events(3, 5);
}

/** The same, with an idle connection to the second apiserver. */
export function watchingWithSpare(): TraceBuilder {
  return watching().upstream('u2').on('u1');
}

type FindingWith<C extends FindingCode> = Extract<Finding, { code: C }>;

function found<C extends FindingCode>(incident: Incident, code: C): FindingWith<C>[] {
  return incident.findings.filter((finding): finding is FindingWith<C> => finding.code === code);
}

/** What the model finds of one code in a trace. */
export function findingsIn<C extends FindingCode>(built: ReturnType<TraceBuilder['end']>, code: C): FindingWith<C>[] {
  return found(buildIncident(built), code);
}

export function legNamed(incident: Incident, id: string): Leg {
  const leg = incident.connections.find((candidate) => candidate.id === id);
  if (leg === undefined) throw new Error(`no connection ${id}`);
  return leg;
}

/** The only window; throws where there is none or more than one. */
export function onlyWindow(incident: Incident): Window {
  const [window, ...others] = incident.windows;
  if (window === undefined || others.length > 0) throw new Error(`${incident.windows.length} windows, not one`);
  return window;
}

/** `peer-silent 9.8-92 gateway-closed`: one line a window, to compare at a glance. */
export function told(incident: Incident): string[] {
  return incident.windows.map(
    ({ client, upstream, cause, fromNs, toNs, end }) =>
      `${client}/${upstream} ${cause} ${fromNs / 1e9}-${toNs === null ? '' : toNs / 1e9} ${end.how}`,
  );
}
