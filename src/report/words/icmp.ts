/** Codes of "destination unreachable" (RFC 792, RFC 1812 §5.2.7.1). */
const UNREACHABLE_4: readonly string[] = [
  'network unreachable',
  'host unreachable',
  'protocol unreachable',
  'port unreachable',
  'packet too large and not to be fragmented',
  'source route failed',
  'network unknown',
  'host unknown',
  'source host isolated',
  'network administratively prohibited',
  'host administratively prohibited',
  'network unreachable for this type of service',
  'host unreachable for this type of service',
  'communication administratively prohibited',
];

/** Codes of "destination unreachable" (RFC 4443 §3.1). */
const UNREACHABLE_6: readonly string[] = [
  'no route to the destination',
  'communication administratively prohibited',
  'beyond the scope of the source address',
  'address unreachable',
  'port unreachable',
  'source address failed the policy',
  'route to the destination rejected',
];

const UNREACHABLE_TYPE = { 4: 3, 6: 1 } as const;
const TIME_EXCEEDED_TYPE = { 4: 11, 6: 3 } as const;

/** What an ICMP error says, in words; its numbers where it has none. */
export function icmpText(ipVersion: 4 | 6, type: number, code: number): string {
  if (type === UNREACHABLE_TYPE[ipVersion]) {
    const words = (ipVersion === 4 ? UNREACHABLE_4 : UNREACHABLE_6)[code];
    return words ?? `destination unreachable, code ${code}`;
  }
  if (type === TIME_EXCEEDED_TYPE[ipVersion])
    return code === 0 ? 'time to live exceeded on the way' : 'fragment reassembly time exceeded';
  return `type ${type}, code ${code}`;
}
