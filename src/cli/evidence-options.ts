import { type Command, InvalidArgumentError, Option } from 'commander';
import type { NamedFile } from './output-files.ts';

/** What is made of the packets that a report rests on. */
export interface EvidenceOptions {
  /** The capture that they go to. */
  readonly extract?: string;
  readonly keepSecrets: boolean;
}

/** Comments on packets, and an interface for each, are what only pcapng can hold. */
const EXTRACT_ENDS = ['.pcapng', '.pcapng.gz'] as const;

export function addEvidenceOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--extract <file>',
        `write the packets that the report rests on, with comments for Wireshark, to a ${EXTRACT_ENDS.join(' or ')}`,
      ).argParser(extractFile),
    )
    .option('--keep-secrets', 'leave the TLS secrets that the capture carries in the extract', false);
}

/** Whether the capture has to be read a second time. */
export function wantsEvidence({ extract }: EvidenceOptions): boolean {
  return extract !== undefined;
}

/** The files that are to be written. */
export function evidenceFiles({ extract }: EvidenceOptions): readonly NamedFile[] {
  return extract === undefined ? [] : [{ path: extract }];
}

function extractFile(path: string): string {
  const name = path.toLowerCase();
  if (!EXTRACT_ENDS.some((end) => name.endsWith(end)))
    throw new InvalidArgumentError(`Its name must end with ${EXTRACT_ENDS.join(' or ')}: comments need pcapng.`);
  return path;
}
