import { agentStandIn } from './anonymize/agent.ts';
import type { Digest } from './anonymize/digest.ts';
import { addressesLeft, canonical } from './anonymize/leftovers.ts';
import { pathStandIn, resourceStandIn } from './anonymize/path.ts';
import type { TextRule } from './anonymize/rule.ts';
import { REPORT_RULES } from './anonymize/rules.ts';
import { StandIns } from './anonymize/stand-ins.ts';
import { isKnownDebug, isKnownMethod } from './anonymize/vocabulary.ts';
import { addressTexts, walked } from './anonymize/walk.ts';
import { IS_KNOWN } from './anonymize/words.ts';
import type { CaptureFile, Report, TrustNote } from './model.ts';
import { retold } from './retell.ts';
import { trustText } from './words/trust.ts';

/**
 * The stand-ins for a report, and for packets of the same capture.
 * @param digest  null: counted in the order in which they are met; else the same in every run with the same key, but for IPv4 networks
 *                which the key puts in one place (`StandIns.ipv4.moved`)
 */
export function standInsFor(report: Report, digest: Digest | null): StandIns {
  const standIns = new StandIns(addressesOf(report), digest);
  for (const file of report.capture.files) standIns.addFile(file.path, endOf(file));
  return standIns;
}

/**
 * The report with stand-ins for addresses, names, paths and files. Times, sizes, ports and packet numbers stay. Only what has a rule is in
 * it, and every sentence is written anew from that. Anonymising it again changes nothing but the stand-ins.
 * Throws NoRoomError where a range has no room.
 */
export function anonymized(report: Report, standIns: StandIns): Report {
  const originals = new Set(addressesOf(report).map(canonical));
  const map = (rule: TextRule | 'word', text: string): string | null => MAPPERS[rule](text, standIns, rule);
  const told: unknown = walked(REPORT_RULES, report, map);
  const filled = retold(noted(asReport(told)));
  for (const left of addressesLeft(filled, originals)) throw new Error(`anonymising left an address in ${left}`);
  return filled;
}

type Mapper = (text: string, standIns: StandIns, rule: string) => string | null;

/** Which words, the schema says, by which a report is read; nothing else looks like one. */
const WORD = /^[a-zA-Z0-9][a-zA-Z0-9./-]{0,39}$/;

const none: Mapper = () => null;
const empty: Mapper = () => '';
const UNKNOWN = 'unknown';

/** Of a list of known words, the ones of another version are left out; where one has to stand, it is `unknown`. */
const known = (is: (word: string) => boolean, otherwise: string | null = UNKNOWN): Mapper => {
  return (text) => (is(text) ? text : otherwise);
};

const MAPPERS: Readonly<Record<TextRule | 'word', Mapper>> = {
  word: known((word) => WORD.test(word)),
  sentence: empty,
  dropped: none,
  address: (text, standIns) => standIns.address(text),
  agent: (text, { names }) => agentStandIn(text, names),
  host: (text, standIns) => hostStandIn(text, standIns),
  path: (text, { names }) => pathStandIn(text, names),
  resource: (text, { names }) => resourceStandIn(text, names),
  method: (text, { names }) => (isKnownMethod(text) ? text : names.standIn('method', text)),
  file: (text, standIns) => standIns.file(text),
  directory: (text, { names }) => names.standIn('directory', text),
  debug: (text, { names }) => (isKnownDebug(text) ? text : names.standIn('debug', text)),
  time: known(IS_KNOWN.time, '1970-01-01T00:00:00.000000Z'),
  'own-id': known(IS_KNOWN['own-id'], 'o0'),
  version: known(IS_KNOWN.version, '0.0.0'),
  cipher: known(IS_KNOWN.cipher, null),
  errno: known(IS_KNOWN.errno, 'EIO'),
  limit: known(IS_KNOWN.limit),
  'arg-word': known(IS_KNOWN['arg-word']),
  'request-kind': known(IS_KNOWN['request-kind']),
  'http2-error': known(IS_KNOWN['http2-error']),
  'tls-alert': known(IS_KNOWN['tls-alert']),
  'link-type': known(IS_KNOWN['link-type'], null),
  'packet-kind': known(IS_KNOWN['packet-kind']),
  'warning-code': known(IS_KNOWN['warning-code']),
  'evidence-kind': known(IS_KNOWN['evidence-kind']),
  'finding-code': known(IS_KNOWN['finding-code']),
  'trust-code': known(IS_KNOWN['trust-code']),
  conclusion: known(IS_KNOWN.conclusion, null),
  'remedy-place': known(IS_KNOWN['remedy-place']),
};

/** An authority or a name of a host; a port stays. */
function hostStandIn(text: string, standIns: StandIns): string {
  const [, host = text, port = ''] = /^(.*?)(:\d{1,5})?$/s.exec(text) ?? [];
  const bare = host.replace(/^\[(.*)\]$/, '$1');
  const told = standIns.address(bare);
  return `${bare === host ? told : `[${told}]`}${port}`;
}

/** The rules are of the report's type, field by field, and what was there stays there. */
function asReport(told: unknown): Report {
  return told as Report;
}

function addressesOf(report: Report): string[] {
  return [...addressTexts(REPORT_RULES, report)];
}

function endOf({ format, compression }: CaptureFile): string {
  return `.${format}${compression === null ? '' : compression === 'gzip' ? '.gz' : '.zst'}`;
}

/** Says so in the report itself, once; comments are notes that people wrote. */
function noted(report: Report): Report {
  const note: Omit<TrustNote, 'message'> = {
    code: 'anonymized',
    connection: null,
    weakens: ['filters'],
    packets: [],
    count: 1,
    args: {},
  };
  const others = report.trust.filter(({ code }) => code !== note.code);
  return {
    ...report,
    capture: { ...report.capture, comments: [] },
    trust: [...others, { ...note, message: trustText(note) }],
  };
}
