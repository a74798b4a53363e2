import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { type Digest, loadAnonymizer, type Report } from '../report/index.ts';
import type { Disguise } from './disguise.ts';
import { EXIT } from './exit-status.ts';
import { Failure, reasonOf } from './failure.ts';
import { complain } from './output.ts';

/** What commander makes of the options below. */
export interface AnonymizeOptions {
  readonly anonymize: boolean;
  /** A file whose bytes are the key; anonymising is meant then. */
  readonly anonymizeKey?: string;
}

/** Guessing a shorter key would undo what it hides: addresses are few, and each can be tried. */
const KEY_MIN_BYTES = 16;

export function addAnonymizeOptions(command: Command): Command {
  return command
    .addOption(
      new Option('--anonymize', 'put stand-ins for addresses, names, paths and files into every report').default(false),
    )
    .addOption(
      new Option(
        '--anonymize-key <file>',
        `the same stand-ins in every run with the same file (${KEY_MIN_BYTES} bytes or more, kept secret)`,
      ),
    );
}

/** How stand-ins are made; null where nothing is to be anonymised. */
export type Anonymizing = { readonly digest: Digest | null } | null;

/** Reads the key, before any work is done. Throws Failure. */
export function anonymizingOf({ anonymize, anonymizeKey }: AnonymizeOptions): Anonymizing {
  if (anonymizeKey === undefined) return anonymize ? { digest: null } : null;
  const key = keyIn(anonymizeKey);
  return { digest: (text) => Uint8Array.from(createHmac('sha256', key).update(text).digest()) };
}

function keyIn(path: string): Uint8Array {
  const key = bytesIn(path);
  if (key.length < KEY_MIN_BYTES) {
    throw new Failure(`${path}: is shorter than ${KEY_MIN_BYTES} bytes, too short for a key`, EXIT.usage);
  }
  return key;
}

function bytesIn(path: string): Uint8Array {
  try {
    return Uint8Array.from(readFileSync(path));
  } catch (error) {
    throw new Failure(`${path}: cannot be read (${reasonOf(error)})`, EXIT.noInput);
  }
}

/** A report as it is to be told, and how packets of its capture are to be told. */
export interface Told {
  readonly report: Report;
  /** Undefined where nothing is anonymised. */
  readonly disguise: Disguise | undefined;
}

/** Puts stand-ins into a report where that was asked for. Throws NoRoomError. */
export async function toldOf(report: Report, anonymizing: Anonymizing): Promise<Told> {
  if (anonymizing === null) return { report, disguise: undefined };
  const { anonymized, extractRewriter, standInsFor } = await loadAnonymizer();
  const standIns = standInsFor(report, anonymizing.digest);
  const shown = anonymized(report, standIns);
  warnOfMoved(standIns.ipv4.moved);
  return { report: shown, disguise: { shown, rewrite: extractRewriter(standIns, shown.connections) } };
}

function warnOfMoved(networks: number): void {
  if (networks === 0) return;
  complain(
    `stand-ins of ${networks} of the /24 networks may differ from those of other files with this key: it puts them where another network is`,
  );
}
