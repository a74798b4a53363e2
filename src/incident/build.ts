import type { Trace } from '../trace/index.ts';
import { findingsOf } from './findings/catalogue.ts';
import type { Facts } from './findings/rule.ts';
import { legsOf } from './leg.ts';
import { linksOf } from './links.ts';
import type { Incident } from './model.ts';
import { outagesOf } from './outages.ts';
import { passingsOf } from './passings.ts';
import { NO_HINTS, type RoleHints } from './role-hints.ts';
import { castRoles, hintsHideLegs } from './roles.ts';
import { Scene } from './scene.ts';
import { DEFAULT_THRESHOLDS, type Thresholds } from './thresholds.ts';
import { trustNotes } from './trust.ts';
import { untwined } from './twins.ts';
import { withoutUnseenAcks } from './unseen-acks.ts';
import { verdictOf } from './verdict.ts';
import { windowsOf } from './windows.ts';

type LeftOut = Pick<Incident, 'undecoded' | 'unknownLinkTypes' | 'duplicates' | 'limits' | 'floods'>;

/** From what was recorded to what it means: roles, liveness, links, windows, findings, verdict. Pure, and the same for the same trace. */
export function buildIncident(
  recorded: Trace,
  thresholds: Thresholds = DEFAULT_THRESHOLDS,
  hints: RoleHints = NO_HINTS,
): Incident {
  const { trace: acknowledged, unseenAcks } = withoutUnseenAcks(recorded);
  const single = untwined(acknowledged);
  const { trace } = single;
  const captureEndNs = trace.last?.timeNs ?? 0;
  const casting = castRoles(trace, hints);
  const legs = legsOf(single, casting, thresholds);
  const spanNs = captureEndNs - (trace.first?.timeNs ?? captureEndNs);
  const passings = passingsOf(trace.askJoins, legs, casting);
  const scene = new Scene(legs, casting, linksOf(trace, legs, casting), passings, thresholds, captureEndNs);
  const { windows, links, deaths } = windowsOf(scene);
  const trust = trustNotes(legs, trace.clockSteps, unseenAcks);
  const legById = new Map(legs.map((leg) => [leg.id, leg]));
  const facts: Facts = {
    legs,
    legById,
    links,
    windows,
    deaths,
    thresholds,
    captureEndNs,
    spanNs,
    clockSteps: trace.clockSteps.count,
    unseenAcks,
    trust,
  };
  const findings = findingsOf(facts);
  return {
    verdict: verdictOf(scene, facts, findings, {
      gateways: casting.gateways.length,
      hidesLegs: () => hintsHideLegs(trace, hints),
    }),
    gateways: casting.gateways,
    connections: legs,
    links,
    windows,
    outages: outagesOf(windows, legById),
    findings,
    trust,
    thresholds,
    ...leftOutOf(trace),
  };
}

/** Of what nothing is told: the reader has to know that it was there. */
function leftOutOf({ undecoded, unknownLinkTypes, duplicates, limits, givenUp }: Trace): LeftOut {
  return { undecoded, unknownLinkTypes, duplicates, limits, floods: givenUp.floods };
}
