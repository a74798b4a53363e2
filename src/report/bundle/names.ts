/** The files of a bundle, in the order in which they are written: all that a ticket takes. The last names the others. */
export const BUNDLE_NAMES = [
  'summary.md',
  'report.html',
  'report.json',
  'evidence.pcapng.gz',
  'filters.txt',
  'MANIFEST',
] as const;
export type BundleName = (typeof BUNDLE_NAMES)[number];

export const MANIFEST_NAME: BundleName = 'MANIFEST';
export const EVIDENCE_NAME: BundleName = 'evidence.pcapng.gz';
