import { linkTypeName } from '../../decode/index.ts';
import { ERROR_REASONS, type RequestKind } from '../../http/index.ts';
import { isAlertName } from '../../tls/index.ts';
import { errorName } from '../compose/error-name.ts';
import { isFindingCode } from '../words.ts';
import { isEvidenceKind } from '../words/evidence.ts';
import { isPacketKind } from '../words/not-analyzed.ts';
import { isTrustCode } from '../words/trust.ts';
import { isWarningCode } from '../words/warning.ts';

/** Words of the report that its types call text: those that this version may write. What else stands there is somebody's. */

const REQUEST_KINDS: Readonly<Record<RequestKind, true>> = {
  get: true,
  list: true,
  watch: true,
  create: true,
  update: true,
  patch: true,
  delete: true,
  exec: true,
  attach: true,
  portforward: true,
  log: true,
  proxy: true,
  other: true,
  unknown: true,
};

const CONCLUSIONS: ReadonlySet<string> = new Set([
  'connections',
  'filters',
  'links',
  'liveness',
  'retransmissions',
  'streams',
  'windows',
]);

const ARG_WORDS: ReadonlySet<string> = new Set([
  ...ERROR_REASONS,
  'byte-order',
  'checksum',
  'client',
  'connection',
  'cut',
  'damaged',
  'goaway',
  'gzip',
  'length',
  'lengths-disagree',
  'ping',
  'probe',
  'reset',
  'rst-stream',
  'server',
  'stream',
  'unanswered',
  'zstd',
]);

/** LINKTYPE_ numbers below have names (tcpdump.org/linktypes.html). */
const LINK_TYPES_END = 400;
const ERRORS_END = 32;

const LINK_TYPES: ReadonlySet<string> = new Set(Array.from({ length: LINK_TYPES_END }, (_, i) => linkTypeName(i)));
const ERRORS: ReadonlySet<string> = new Set(Array.from({ length: ERRORS_END }, (_, i) => errorName(i)));

type WordRule =
  | 'arg-word'
  | 'cipher'
  | 'conclusion'
  | 'errno'
  | 'evidence-kind'
  | 'finding-code'
  | 'http2-error'
  | 'tls-alert'
  | 'limit'
  | 'link-type'
  | 'packet-kind'
  | 'own-id'
  | 'remedy-place'
  | 'request-kind'
  | 'time'
  | 'trust-code'
  | 'version'
  | 'warning-code';

/** Whether a word is one that stays. */
export const IS_KNOWN: Readonly<Record<WordRule, (word: string) => boolean>> = {
  'arg-word': (word) => ARG_WORDS.has(word),
  cipher: (word) => /^(?:TLS_[A-Z0-9_]{1,60}|0x[0-9a-f]{4})$/.test(word),
  conclusion: (word) => CONCLUSIONS.has(word),
  errno: (word) => /^E[A-Z0-9]{2,14}$/.test(word),
  'evidence-kind': isEvidenceKind,
  'finding-code': isFindingCode,
  'tls-alert': (word) => isAlertName(word) || /^[0-9]{1,3}$/.test(word),
  'http2-error': (word) => ERRORS.has(word) || /^0x[0-9a-f]{1,8}$/.test(word),
  limit: (word) => /^[a-z]+(?:-[a-z]+){0,4}$/.test(word),
  'link-type': (word) => LINK_TYPES.has(word) || /^\d{1,5}$/.test(word),
  'packet-kind': isPacketKind,
  'own-id': (word) => /^[couwti]\d{1,9}$/.test(word),
  'remedy-place': (word) => word === 'gateway-upstream' || word === 'client-gateway' || word === 'gateway-client',
  'request-kind': (word) => Object.hasOwn(REQUEST_KINDS, word),
  time: (word) => /^[+-]?\d{4,6}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?Z$/.test(word),
  'trust-code': isTrustCode,
  version: (word) => /^\d{1,9}\.\d{1,9}\.\d{1,9}(?:-[a-z0-9.]{1,20})?$/.test(word),
  'warning-code': isWarningCode,
};
