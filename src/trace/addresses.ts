import type { ConnectionFacts, Side } from '../tcp/index.ts';
import type { Endpoint } from './model.ts';

const WORDS = [3, 2, 1, 0] as const;
const GROUPS = 8;

/** The endpoint of one side, as text. */
export function endpointText(tcp: ConnectionFacts, connection: number, side: Side): Endpoint {
  const words = WORDS.toReversed().map((word) => tcp.addressWord(connection, side, word));
  return { ip: addressText(tcp.ipVersion(connection), words), port: tcp.port(connection, side) };
}

/** RFC 5952 text of an address. @param words  its four words in network order, as `Segment` has them */
export function addressText(ipVersion: number, words: readonly number[]): string {
  return ipVersion === 4 ? ipv4Text((words[3] ?? 0) >>> 0) : ipv6Text(words);
}

function ipv4Text(word: number): string {
  return `${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
}

/** RFC 5952 §4: no leading zeros, the longest run of two or more zero groups (the first of equals) as `::`, lower case. */
function ipv6Text(words: readonly number[]): string {
  const groups = Array.from({ length: GROUPS }, (_, i) => ((words[i >> 1] ?? 0) >>> (i % 2 === 0 ? 16 : 0)) & 0xffff);
  const { at, length } = longestZeroRun(groups);
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, at))}::${text(groups.slice(at + length))}`;
}

function longestZeroRun(groups: readonly number[]): { at: number; length: number } {
  let best = { at: 0, length: 0 };
  let from = 0;
  for (let i = 0; i <= groups.length; i++) {
    if (groups[i] === 0) continue;
    if (i - from > best.length) best = { at: from, length: i - from };
    from = i + 1;
  }
  return best;
}
