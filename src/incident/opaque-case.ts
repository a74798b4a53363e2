import type { Case } from './cases.ts';
import { type Death, isSentInVain, isSilent } from './deaths.ts';
import type { Victim } from './hurt.ts';
import { clientSide } from './leg.ts';
import type { Leg, Link } from './model.ts';
import { overAt } from './stream-fate.ts';
import { otherSide } from '../tcp/index.ts';

/** Of what is known of a pair so much has to speak for it alone: else what waited may have been another's. */
const ALONE_SHARE = 0.9;
/** Bursts that nobody asked for, from which a watch is taken to be open. */
const EVENTS_MIN = 3;

/** Whether somebody waited on a dead upstream connection cannot be read there: what the sizes and times of its records tell. Never more than probable. */
export function opaqueCase(client: Leg, upstream: Leg, death: Death, link: Link): Case[] {
  const { bursts } = link;
  if (bursts === undefined || death.cause === 'goaway-ignored') return [];
  if (client.trace.protocol !== 'tls') {
    const victims = (bursts.shareOfClient ?? 0) >= ALONE_SHARE ? openStreams(client, death) : [];
    return victims.length > 0 ? [{ client, upstream, death, victims, link }] : [];
  }
  const waited = isSilent(death) && death.healedAt === null && (bursts.shareOfUpstream ?? 0) >= ALONE_SHARE;
  return waited && wasWaitedFor(client, upstream, death) ? [{ client, upstream, death, victims: [], link }] : [];
}

/** All that was open on a client connection whose streams went nowhere else. */
function openStreams(client: Leg, death: Death): Victim[] {
  return client.streams
    .filter((stream) => {
      if (stream.partners.length > 0 || stream.opened.timeNs > death.fromNs) return false;
      const over = overAt(stream, client.serverSide);
      return over === null || over.timeNs >= death.fromNs;
    })
    .map((near) => ({ near, far: null, rerouted: null }));
}

function wasWaitedFor(client: Leg, upstream: Leg, death: Death): boolean {
  return sentInVain(upstream, death) || hadOpenStream(client, upstream, death) || hadOpenWatch(upstream);
}

/** More than a PING was sent, and is not answered: a request, or an event of a watch. */
function sentInVain({ trace, serverSide }: Leg, { debts }: Death): boolean {
  return debts.some((debt) => {
    const request = debt.owedBy === serverSide ? (trace.inferred?.lastRequest ?? null) : null;
    if (request !== null && isSentInVain(debt, request)) return true;
    const last = trace.flows[otherSide(debt.owedBy)].lastBurst;
    return last !== null && isSentInVain(debt, last.at);
  });
}

/** The upstream's own connection can be read, and nothing tells that another client had asked. */
function hadOpenStream(client: Leg, upstream: Leg, { fromNs }: Death): boolean {
  return upstream.streams.some((stream) => {
    const over = overAt(stream, upstream.serverSide);
    if (stream.timed.some(({ connection }) => connection !== client.trace.id)) return false;
    return stream.opened.timeNs <= fromNs && (over === null || over.timeNs >= fromNs);
  });
}

/** Its last word was not asked for, as others before: whoever gets events has a watch open. */
function hadOpenWatch(upstream: Leg): boolean {
  const event = upstream.trace.flows[upstream.serverSide].lastBurst;
  const asked = upstream.trace.flows[clientSide(upstream)].lastBurst;
  if (event === null || event.wasPrompted || event.unprompted < EVENTS_MIN) return false;
  return asked === null || asked.at.timeNs < event.at.timeNs;
}
