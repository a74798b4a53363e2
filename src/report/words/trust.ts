import type { TrustNote as IncidentTrust } from '../../incident/index.ts';
import { endpointText } from '../address.ts';
import type { TrustNote } from '../model.ts';
import { counted } from './phrase.ts';

/** The model's codes, and what reading itself has to say. */
type Code =
  | IncidentTrust['code']
  | 'undecoded'
  | 'duplicates'
  | 'dropped-by-interface'
  | 'merged-file'
  | 'warnings-omitted'
  | 'anonymized';

const WEAKNESSES: Readonly<Record<Code, (count: number) => string>> = {
  'one-sided': () => 'only one direction is in the capture: what the other side answered cannot be told',
  'lost-by-capture': (count) =>
    `the capture itself lost packets: ${counted(count, 'acknowledgement')} of bytes that it does not show`,
  'missing-bytes': (count) =>
    `${counted(count, 'byte')} of the stream ${count === 1 ? 'is' : 'are'} not in the capture: frames there are unknown`,
  'differing-overlap': (count) =>
    `${counted(count, 'stretch', 'stretches')} of the stream came twice with different bytes: the first ones were taken, the receiver may have taken the others`,
  'snaplen-cut': (count) =>
    `the snap length cut ${counted(count, 'byte')} off captured packets: frames in them are unknown; capture with -s 0`,
  'clock-step': (count) =>
    `times go backward ${counted(count, 'time')}: spans of silence across these places mean nothing`,
  'no-bare-acks': () =>
    'no acknowledgement without payload is in the capture, as behind a filter that lets only packets with payload through: whether data that were sent arrived ' +
    'is told only where they are sent again, and keep-alive probes, resets and closes may be missing too',
  'begun-mid-stream': (count) =>
    count === 1
      ? '1 stream was open before the capture began: what it asked for may not be known'
      : `${count} streams were open before the capture began: what they asked for may not be known`,
  'keys-unfit': () => 'TLS secrets were given, but they do not open this connection, or only a part of it',
  'payload-blanked': () =>
    'its payload was replaced by zeros before the capture was handed on: what was asked and answered on it cannot be told',
  undecoded: (count) => `${counted(count, 'packet')} could not be decoded`,
  duplicates: (count) =>
    count === 1
      ? '1 packet is in the capture twice and was taken once: it may have been sent again at the same moment'
      : `${count} packets are in the capture more than once and were taken once: what was sent again at the same moment may be among them`,
  'dropped-by-interface': (count) =>
    `the capturing system dropped ${counted(count, 'packet')} by its own count: what is missing may have been there`,
  'merged-file': (count) =>
    `${counted(count, 'file')} ${count === 1 ? 'was' : 'were'} put together by mergecap: if of captures of several hosts, what one host sent and another got may ` +
    'count as sent again, since the packets do not say where they were captured; give the files themselves',
  'warnings-omitted': (count) => `the files hold ${counted(count, 'more fault')} than are listed`,
  anonymized: () =>
    'addresses (in 198.18.0.0/15 and 2001:db8::/32), names, paths and files are stand-ins: filters find nothing in the capture ' +
    'itself. Packets extracted with this report have the same stand-ins, in HTTP too, each name as long as the original: lengths ' +
    'of names and bodies stay. Early data of TLS 1.3, HTTP/2 upgraded from HTTP/1.1 and TLS inside CONNECT are zeros there',
};

type Told = Pick<TrustNote, 'code' | 'count' | 'args'>;

/** A bound of the analysis that was reached. */
function limitText({ count, args: { limit = '', bound = 0 } }: Told): string {
  if (limit === 'connections') {
    return `${counted(count, 'connection')} that had closed, was never answered or was long silent is not in this report: at most ${bound} are followed at one time`;
  }
  if (limit === 'packets-of-open-connections') {
    return `${counted(count, 'packet')} of connections beyond ${bound} that were open at one time are not analysed`;
  }
  return `the analysis keeps at most ${bound} of ${limit}: ${counted(count, 'time')} something beyond it was counted and not kept`;
}

/** SYNs of connections that were given up. */
function floodText({ count, args: { connections, ip, port } }: Told): string {
  const where =
    typeof ip === 'string' && typeof port === 'number' ? endpointText({ ip, port }) : 'further destinations';
  return `${counted(count, 'SYN')} of ${counted(Number(connections), 'connection')} to ${where} that nobody answered were counted and not kept`;
}

/** A trust note in one phrase. */
export function trustText(note: Told): string {
  if (note.code === 'limit') return limitText(note);
  return note.code === 'unanswered-syns' ? floodText(note) : weaknessText(note.code, note.count);
}

/** Whether a note of this code has words: a report may come from another version. */
export function isTrustCode(code: string): boolean {
  return code === 'limit' || code === 'unanswered-syns' || isCode(code);
}

/** A weakness of the capture in one phrase, by its code; one that has no words is named as it is. */
export function weaknessText(weakness: string, count: number): string {
  return isCode(weakness) ? WEAKNESSES[weakness](count) : `weakness of the capture: ${weakness} (${count})`;
}

function isCode(weakness: string): weakness is Code {
  return Object.hasOwn(WEAKNESSES, weakness);
}
