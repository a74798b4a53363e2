import { isOtherTraffic, linkTypeName, STOP, type StopCode } from '../../decode/index.ts';
import type { Incident } from '../../incident/index.ts';
import type { NotAnalyzed } from '../model.ts';
import { packetKind } from '../packet-kind.ts';

type Uncounted = Pick<Incident, 'undecoded' | 'unknownLinkTypes'>;

/** What analysis makes use of all the same: fragments of a packet that became whole, and errors about a connection. */
const USED: ReadonlySet<StopCode> = new Set([STOP.fragmentHeld, STOP.icmpQuote]);

/** What is not analysed, most packets first; of equal numbers in the order of kinds. */
export function notAnalyzedOf(incident: Uncounted): NotAnalyzed[] {
  return codesOf(incident)
    .filter(([stop]) => !USED.has(stop))
    .flatMap(([stop, packets]) =>
      stop === STOP.linkTypeUnknown ? linkTypesOf(incident, packets) : [rowOf(stop, packets, null)],
    )
    .toSorted((a, b) => b.packets - a.packets);
}

/** Packets that could not be decoded; those of other protocols are not among them. */
export function undecodedCount(incident: Uncounted): number {
  return codesOf(incident).reduce((sum, [stop, packets]) => (isOtherTraffic(stop) ? sum : sum + packets), 0);
}

function codesOf({ undecoded }: Uncounted): [stop: StopCode, packets: number][] {
  return Object.entries(STOP).flatMap(([name, stop]): [StopCode, number][] => {
    const packets = undecoded.get(name) ?? 0;
    return packets === 0 ? [] : [[stop, packets]];
  });
}

function linkTypesOf({ unknownLinkTypes }: Uncounted, packets: number): NotAnalyzed[] {
  const named = [...unknownLinkTypes].filter(([linkType]) => linkType >= 0);
  const rest = named.reduce((left, [, count]) => left - count, packets);
  const rows = named.map(([linkType, count]) => rowOf(STOP.linkTypeUnknown, count, linkTypeName(linkType)));
  return rest > 0 ? [...rows, rowOf(STOP.linkTypeUnknown, rest, null)] : rows;
}

function rowOf(stop: StopCode, packets: number, linkType: string | null): NotAnalyzed {
  return { kind: packetKind(stop), linkType, packets, undecoded: !isOtherTraffic(stop) };
}
