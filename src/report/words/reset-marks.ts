import type { FindingArgs } from '../../incident/index.ts';

/** What else of a RST does not fit its peer's other packets, to be put behind a sentence; empty where nothing more is known. */
export function resetMarksText(args: FindingArgs['reset-not-from-peer']): string {
  const { ipId, lastIpId, timestamps, usualTimestamps } = args;
  const told = [
    // A report may come from a version that did not say.
    ...(typeof ipId !== 'number' || typeof lastIpId !== 'number'
      ? []
      : [`IP identification ${ipId} after ${lastIpId}`]),
    ...(timestamps === false && usualTimestamps === true ? ['no timestamps, as the others have'] : []),
    ...(timestamps === true && usualTimestamps === false ? ['timestamps, which the others have not'] : []),
  ];
  return told.length === 0 ? '' : ` (${told.join(', ')})`;
}
