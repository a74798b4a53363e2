import type { CaptureWarning, CaptureWarningArgs } from '../../capture/index.ts';
import { counted } from './phrase.ts';

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
  'read-error': ({ errno }) => `reading stopped here (${errno}); what came before was analysed`,
};

/** What went wrong in a file, in one sentence; where, stands beside it. */
export function warningText(warning: CaptureWarning): string {
  return textOf(warning.code, warning.args);
}

function textOf<C extends keyof CaptureWarningArgs>(code: C, args: CaptureWarningArgs[C]): string {
  return SENTENCES[code](args);
}
