import type { Partner, TraceStream } from '../trace/index.ts';

/** Frames that two streams had in common by chance are few beside those of the streams that carried each other. */
const CHANCE_SHARE = 1 / 4;

/**
 * Whether two streams had only some payload in common, since watchers of one resource get the same events: one of the two agrees with another
 * stream far more often, and a stream is passed on to one at a time. A request that came out again is no chance.
 * @param partner of `near`: its match with `far`
 */
export function isByChance(near: TraceStream, partner: Partner, far: TraceStream): boolean {
  if (partner.method !== 'payload') return false;
  const most = Math.max(mostMatched(near, true), mostMatched(far, false));
  return partner.matched <= most * CHANCE_SHARE;
}

/** Frames in common with the likeliest of the partners on one side. */
function mostMatched({ partners }: TraceStream, nearerClient: boolean): number {
  const matched = partners.filter((partner) => partner.method === 'payload' && partner.nearerClient === nearerClient);
  return matched.reduce((most, partner) => Math.max(most, partner.matched), 0);
}
