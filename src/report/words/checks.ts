import { durationText } from '../duration.ts';
import type { Checks, Connection, Probes, Window } from '../model.ts';
import { parseTimestamp } from '../timestamp.ts';
import { clockText, counted, listed } from './phrase.ts';

/** Packets of one kind in a window, and the answers to them. */
interface Tries {
  readonly noun: string;
  readonly sent: number;
  readonly answered: number;
  /** More of them may have been in the window. */
  readonly isSentOpen: boolean;
  readonly isAnsweredOpen: boolean;
}

type TriesName = 'probes' | 'pings';
type Counts = Pick<Checks, TriesName | 'probesAnswered' | 'pingsAnswered'> & { readonly atLeast: readonly string[] };

const NOUNS: Readonly<Record<TriesName, string>> = { probes: 'keep-alive probe', pings: 'PING' };

/** @returns null where there was none */
export function triesOf(counts: Counts, name: TriesName): Tries | null {
  const isSentOpen = counts.atLeast.includes(name);
  if (counts[name] === 0 && !isSentOpen) return null;
  return {
    noun: NOUNS[name],
    sent: counts[name],
    answered: counts[`${name}Answered`],
    isSentOpen,
    isAnsweredOpen: counts.atLeast.includes(`${name}Answered`),
  };
}

/** `3 PINGs of the client`, `at least 3 …`; where none is sure to have been in the window, that. */
export function sentText({ noun, sent, isSentOpen }: Tries, whose: string): string {
  if (sent === 0) return `${noun}s of ${whose}, how many of them meanwhile cannot be told`;
  return `${isSentOpen ? 'at least ' : ''}${counted(sent, noun)} of ${whose}`;
}

/** `all answered`, `2 without an answer`; empty where it is not known of any. */
export function answeredText({ sent, answered, isSentOpen, isAnsweredOpen }: Tries): string {
  if (isSentOpen || isAnsweredOpen) {
    if (sent === 0) return '';
    if (answered > 0) return `at least ${answered} answered`;
    return isAnsweredOpen ? '' : 'none answered';
  }
  if (answered === sent) return sent === 1 ? 'answered' : 'all answered';
  if (answered === 0) return sent === 1 ? 'not answered' : 'none answered';
  return `${sent - answered} without an answer`;
}

/** What the gateway did in the window to find a dead upstream, on this connection. */
export function checksText(window: Window, upstream: Connection): string[] {
  if (window.checks === null) return [];
  const probes = triesOf(window.checks, 'probes');
  const pings = triesOf(window.checks, 'pings');
  const unread = upstream.protocol === 'tls' ? ['its PINGs cannot be read'] : [];
  if (probes === null && pings === null) return [noneText(upstream), ...unread];
  return [
    ...(probes === null ? [] : [probesText(probes, upstream.keepalive.fromClient, window)]),
    ...(pings === null ? unread : [joined(sentText(pings, 'it'), answeredText(pings))]),
  ];
}

function noneText(upstream: Connection): string {
  const { id, keepalive, pings } = upstream;
  const others = [
    ...(keepalive.fromClient.probes > 0 ? [counted(keepalive.fromClient.probes, 'probe')] : []),
    ...(pings.fromClient.sent > 0 ? [counted(pings.fromClient.sent, 'PING')] : []),
  ];
  const elsewhen = others.length === 0 ? '' : ` (${listed(others)} at other times)`;
  return `no keep-alive probe ${speaksHttp2(upstream) ? 'and no PING ' : ''}of it is seen on ${id} meanwhile${elsewhen}`;
}

/** RFC 9113 §6.7: PINGs are of HTTP/2 only. */
export function speaksHttp2({ protocol }: Connection): boolean {
  return protocol === 'h2' || protocol === 'h2-tls';
}

/** Its keep-alive gave the upstream up in the window. */
export function isNoticed({ from, to }: Window, { gaveUp }: Probes): boolean {
  if (gaveUp === null) return false;
  const [atNs, fromNs, toNs] = [gaveUp.at, from, to ?? gaveUp.at].map(parseTimestamp);
  return atNs != null && fromNs != null && toNs != null && fromNs <= atNs && atNs <= toNs;
}

function probesText(tries: Tries, probes: Probes, window: Window): string {
  const { time, interval, gaveUp } = probes;
  const beats = [
    ...(time === null ? [] : [`the first after ${durationText(time)}`]),
    ...(interval === null ? [] : [`one each ${durationText(interval)}`]),
  ];
  const timers = beats.length === 0 ? '' : ` (${beats.join(', ')})`;
  const told = joined(`${sentText(tries, 'it')}${timers}`, answeredText(tries));
  return gaveUp !== null && isNoticed(window, probes) ? `${told}: so it did notice, at ${clockText(gaveUp.at)}` : told;
}

/** RFC 9293 §3.8.3: the application is told only when retransmission is given up. */
export function inFlightText({ checks }: Window): string[] {
  if (checks === null) return [];
  const { retransmissions, atLeast } = checks;
  if (retransmissions === 0) return [];
  const least = atLeast.includes('retransmissions') ? 'at least ' : '';
  return [
    `TCP resends what is in flight (${least}${counted(retransmissions, 'retransmission')} meanwhile) for about 15 min by default (tcp_retries2) before it tells`,
  ];
}

function joined(...parts: readonly string[]): string {
  return parts.filter((part) => part !== '').join(', ');
}
