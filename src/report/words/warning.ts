import type { BlockProblem, CaptureWarningArgs } from '../../capture/index.ts';
import type { CaptureWarning } from '../model.ts';
import { counted } from './phrase.ts';

const PROBLEMS: Readonly<Record<BlockProblem, string>> = {
  length: 'a block has a length that cannot be',
  'lengths-disagree': "a block's two lengths disagree",
  'byte-order': 'a section header has no byte order',
};

type Sentences = { readonly [C in keyof CaptureWarningArgs]: (args: CaptureWarningArgs[C]) => string };

const SENTENCES: Sentences = {
  'cut-last-record': ({ heldBytes }) =>
    `the file ends within its last record, of which ${counted(heldBytes, 'byte is', 'bytes are')} there; ` +
    'all before it was analysed',
  'corrupt-record-skipped': ({ claimedBytes, skippedBytes }) =>
    `a record claims ${counted(claimedBytes, 'byte')}, which no capture tool writes; ` +
    `${counted(skippedBytes, 'byte was', 'bytes were')} skipped to the next plausible record`,
  'corrupt-record-stopped': ({ claimedBytes, searchedBytes }) =>
    `a record claims ${counted(claimedBytes, 'byte')}, which no capture tool writes, and no plausible record follows ` +
    `within ${counted(searchedBytes, 'byte')}; the rest of the file was not read`,
  'corrupt-block-skipped': ({ problem, skippedBytes }) =>
    `${PROBLEMS[problem]}; ${counted(skippedBytes, 'byte was', 'bytes were')} skipped to the next plausible block`,
  'corrupt-block-stopped': ({ problem, searchedBytes }) =>
    `${PROBLEMS[problem]}, and no plausible block follows within ${counted(searchedBytes, 'byte')}; the rest of the file was not read`,
  'undeclared-interface': ({ interfaceId }) =>
    `a packet names interface ${interfaceId}, which the file never declares: such packets cannot be decoded`,
  'section-version': ({ major, minor }) =>
    `a section of pcapng version ${major}.${minor} begins here, which is not read; all before it was analysed`,
  'too-many-interfaces': ({ kept }) =>
    `more than ${counted(kept, 'interface')} in a section; packets of the others cannot be decoded`,
  'compressed-cut': ({ compression }) =>
    `the ${compression} stream ends early (a cut file, or one still being written); all that could be unpacked was analysed`,
  'compressed-damaged': ({ compression, kind }) =>
    kind === 'checksum'
      ? `the ${compression} stream does not have the checksum it says; what was unpacked was analysed, and may be wrong`
      : `the ${compression} stream is damaged about here; what could be unpacked was analysed`,
  interrupted: () => 'reading was interrupted here; all before it was analysed',
  'skipped-files': ({ directory, count, names }) =>
    `${counted(count, 'file')} of ${directory} skipped, being no capture: ${names.join(', ')}${count > names.length ? ', …' : ''}`,
  'empty-files': ({ count, names }) =>
    `${counted(count, 'file is', 'files are')} empty, and passed over: ${names.join(', ')}${count > names.length ? ', …' : ''}`,
  'too-many-at-once': ({ atOnce }) =>
    `more than ${atOnce} files overlap in time; packets of this one come late, and its connections may look torn`,
  'read-error': ({ errno }) => `reading stopped here (${errno}); what came before was analysed`,
};

type Code = keyof CaptureWarningArgs;

/** A warning of the reader, or what a report has of it. */
interface Told {
  readonly code: string;
  readonly args: CaptureWarning['args'] | CaptureWarningArgs[Code];
}

export function isWarningCode(code: string): code is Code {
  return Object.hasOwn(SENTENCES, code);
}

/** What went wrong in a file, in one sentence; where, stands beside it. Its code where it has none, or the report of an older version no arguments. */
export function warningText({ code, args }: Told): string {
  if (!isWarningCode(code)) return code;
  const isTold = Object.keys(args).length > 0 || SENTENCES[code].length === 0;
  return isTold ? textOf(code, args) : code;
}

/** A code's arguments are what its sentence takes, in a report too: TypeScript cannot see the two belong together. */
function textOf<C extends Code>(code: C, args: Told['args']): string {
  return SENTENCES[code](args as CaptureWarningArgs[C]);
}
