import { type Command, InvalidArgumentError, Option } from 'commander';
import { BUNDLE_NAMES } from '../report/index.ts';
import type { NamedFile } from './output-files.ts';

/** What is made of the packets that a report rests on. */
export interface EvidenceOptions {
  /** The capture that they go to. */
  readonly extract?: string;
  /** The directory or archive that they go to with all reports. */
  readonly bundle?: string;
  readonly keepSecrets: boolean;
}

/** Comments on packets, and an interface for each, are what only pcapng can hold. */
const EXTRACT_ENDS = ['.pcapng', '.pcapng.gz'] as const;
const ZIP_END = '.zip';
const OTHER_ARCHIVE = /\.(7z|bz2|gz|rar|tar|tgz|xz|zst)$/i;

export function addEvidenceOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--extract <file>',
        `write the packets that the report rests on, with comments for Wireshark, to a ${EXTRACT_ENDS.join(' or ')}`,
      ).argParser(extractFile),
    )
    .addOption(
      new Option(
        '--bundle <path>',
        `write all that a ticket takes to a directory, or to a ${ZIP_END}: reports, packets, filters, hashes`,
      ).argParser(bundlePath),
    )
    .option('--keep-secrets', 'leave the TLS secrets that the capture carries in the extract', false);
}

/** The option for which the capture has to be read a second time; undefined where there is none. */
export function evidenceOption({ extract, bundle }: EvidenceOptions): string | undefined {
  if (extract !== undefined) return '--extract';
  return bundle === undefined ? undefined : '--bundle';
}

/** The files that are to be written, but for those in a directory that may not be there yet. */
export function evidenceFiles({ extract, bundle }: EvidenceOptions): readonly NamedFile[] {
  const archive = bundle !== undefined && isArchive(bundle) ? [bundle] : [];
  return [...(extract === undefined ? [] : [extract]), ...archive].map((path) => ({ path }));
}

/** The directory that a bundle goes to; undefined where it goes to none. */
export function bundleFolder({ bundle }: EvidenceOptions): string | undefined {
  return bundle === undefined || isArchive(bundle) ? undefined : bundle;
}

export function isArchive(bundle: string): boolean {
  return bundle.toLowerCase().endsWith(ZIP_END);
}

function extractFile(path: string): string {
  const name = path.toLowerCase();
  if (!EXTRACT_ENDS.some((end) => name.endsWith(end)))
    throw new InvalidArgumentError(`Its name must end with ${EXTRACT_ENDS.join(' or ')}: comments need pcapng.`);
  return path;
}

function bundlePath(path: string): string {
  if (path === '' || path === '-' || OTHER_ARCHIVE.test(path))
    throw new InvalidArgumentError(`It is ${BUNDLE_NAMES.length} files: name a directory, or a ${ZIP_END}.`);
  return path;
}
