import { ipv4Text, ipv6Text, parseIpv4, parseIpv6 } from './address-text.ts';

/** The second net: what went through the first is looked for in the result. */

/** What may be an address in a text, IPv6 perhaps with an end of a sentence or a port behind. */
const CANDIDATES = /[0-9a-f]*:[0-9a-f:]*:[0-9a-f:.]*|\d{1,3}(?:\.\d{1,3}){3}/gi;

/** Most strings of a report are times, and none has an address. */
const TIME = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/;

/** Where, in a value of any shape, a string has one of these addresses: `windows.0.story`. */
export function addressesLeft(value: unknown, originals: ReadonlySet<string>): string[] {
  const left: string[] = [];
  collect(value, originals, '', left);
  return left;
}

function collect(value: unknown, originals: ReadonlySet<string>, at: string, left: string[]): void {
  if (typeof value === 'string') {
    if (!TIME.test(value) && hasAddress(value, originals)) left.push(at);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, held] of Object.entries(value)) {
      if (typeof held === 'string' || typeof held === 'object')
        collect(held, originals, at === '' ? key : `${at}.${key}`, left);
    }
  }
}

function hasAddress(text: string, originals: ReadonlySet<string>): boolean {
  if (!text.includes('.') && !text.includes(':')) return false;
  return (text.match(CANDIDATES) ?? []).some((candidate) => {
    const canonical = canonicalOf(candidate);
    return canonical !== null && originals.has(canonical) && !isEverybody(canonical);
  });
}

/** An address in the form that reports have; other text as it is. */
export function canonical(text: string): string {
  return canonicalOf(text) ?? text;
}

function canonicalOf(candidate: string): string | null {
  const ipv4 = parseIpv4(candidate);
  if (ipv4 !== null) return ipv4Text(ipv4);
  const ipv6 = parseIpv6(candidate.replace(/[.:]$/, '')) ?? parseIpv6(candidate);
  return ipv6 === null ? null : ipv6Text(ipv6);
}

/** Addresses that stand for themselves. */
function isEverybody(address: string): boolean {
  return address === '0.0.0.0' || address === '255.255.255.255' || address === '::';
}
