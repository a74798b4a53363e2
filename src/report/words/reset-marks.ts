import type { FindingArgs } from '../../incident/index.ts';
import { durationText } from '../duration.ts';

type Marks = Omit<FindingArgs['reset-not-from-peer'], 'spokeOnNs'> & { readonly spokeOnSeconds: number | null };

/** What else of a RST does not fit its peer's other packets, to be put behind a sentence; empty where nothing more is known. */
export function resetMarksText(args: Marks): string {
  const { ipId, lastIpId, timestamps, usualTimestamps, spokeOnSeconds } = args;
  const told = [
    // A report may come from a version that did not say.
    ...(typeof spokeOnSeconds === 'number' ? [`the peer sent on ${durationText(spokeOnSeconds)} after it`] : []),
    ...(typeof ipId !== 'number' || typeof lastIpId !== 'number'
      ? []
      : [`IP identification ${ipId} after ${lastIpId}`]),
    ...(timestamps === false && usualTimestamps === true ? ['no timestamps, as the others have'] : []),
    ...(timestamps === true && usualTimestamps === false ? ['timestamps, which the others have not'] : []),
  ];
  return told.length === 0 ? '' : ` (${told.join(', ')})`;
}
