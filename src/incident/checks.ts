import { clientSide } from './leg.ts';
import type { Checks, Leg } from './model.ts';
import { type Bounds, countDuring, isOpenEnded } from './runs.ts';

const TRIES = ['probes', 'probesAnswered', 'pings', 'pingsAnswered'] as const;
type Tries = Pick<Checks, (typeof TRIES)[number]> & { readonly atLeast: readonly (typeof TRIES)[number][] };

/** What the gateway tried on `upstream` from `fromNs` until before `toNs`, and what its TCP sent again. */
export function checksOf(upstream: Leg, fromNs: number, toNs: number): Checks {
  const { atLeast, ...tries } = triesOf(upstream, fromNs, toNs);
  const resent = countDuring(upstream, 'retransmission', clientSide(upstream), fromNs, toNs);
  return {
    ...tries,
    retransmissions: resent.least,
    atLeast: [...atLeast, ...(isOpenEnded(resent) ? ['retransmissions' as const] : [])],
  };
}

/** How often the client's side asked by TCP and by HTTP/2 whether the server is there, and was answered, within the interval. */
export function triesOf(leg: Leg, fromNs: number, toNs: number): Tries {
  const asked = (kind: 'keep-alive' | 'ping'): Bounds => countDuring(leg, kind, clientSide(leg), fromNs, toNs);
  const answered = (kind: 'keep-alive-ack' | 'ping-ack'): Bounds =>
    countDuring(leg, kind, leg.serverSide, fromNs, toNs);
  const [probes, pings] = [asked('keep-alive'), asked('ping')];
  const bounds = {
    probes,
    probesAnswered: atMost(answered('keep-alive-ack'), probes),
    pings,
    pingsAnswered: atMost(answered('ping-ack'), pings),
  };
  return {
    probes: bounds.probes.least,
    probesAnswered: bounds.probesAnswered.least,
    pings: bounds.pings.least,
    pingsAnswered: bounds.pingsAnswered.least,
    atLeast: TRIES.filter((name) => isOpenEnded(bounds[name])),
  };
}

/** What was asked before the interval may be answered in it. */
function atMost(answers: Bounds, asked: Bounds): Bounds {
  return { least: Math.min(answers.least, asked.least), most: Math.min(answers.most, asked.most) };
}
