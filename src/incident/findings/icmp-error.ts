import type { IcmpError } from '../../trace/index.ts';
import type { Leg } from '../model.ts';
import { finding, type Rule, severityOf } from './rule.ts';

/** RFC 792, RFC 4443: a segment could not be delivered, or was too far on its way. Too large a packet is no trouble of the peer's. */
const UNREACHABLE = { 4: 3, 6: 1 } as const;
const TIME_EXCEEDED = { 4: 11, 6: 3 } as const;
/** RFC 1191: "fragmentation needed" is how a path tells its MTU. */
const FRAGMENTATION_NEEDED = 4;

/** A host or router on the way said that a segment was not delivered: it explains a silence, and RFC 5461 lets the sender try on. */
export const icmpError: Rule = (facts) =>
  facts.legs.flatMap((leg) => {
    const told = leg.role === 'other' ? [] : leg.trace.icmpErrors.filter(isTrouble);
    const [first] = told;
    if (first === undefined) return [];
    const inWindow = leg.role === 'upstream' && severityOf(facts, leg, first.at.timeNs) === 'critical';
    return [
      finding(
        'icmp-error',
        inWindow ? 'warning' : 'info',
        {
          count: told.length,
          ipVersion: first.ipVersion,
          type: first.type,
          icmpCode: first.code,
          about: aboutOf(leg, first),
        },
        { connection: leg.id, packets: told.map(({ at }) => at) },
      ),
    ];
  });

function isTrouble({ ipVersion, type, code }: IcmpError): boolean {
  if (type === UNREACHABLE[ipVersion]) return ipVersion === 6 || code !== FRAGMENTATION_NEEDED;
  return type === TIME_EXCEEDED[ipVersion];
}

function aboutOf(leg: Leg, { about }: IcmpError): 'client' | 'server' {
  return about === leg.serverSide ? 'server' : 'client';
}
