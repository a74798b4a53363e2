import type { CaptureErrorCode } from '../capture/index.ts';
import type { VerdictState } from '../incident/index.ts';
import { absurd } from '../trace/index.ts';

/** Exit statuses (design §4 cli); 64 and up are sysexits.h's. */
export const EXIT = {
  /** Analysed, nothing half-dead. */
  healthy: 0,
  /** A half-dead window was found. */
  halfDead: 1,
  /** Analysed, but the capture cannot answer: inconclusive or suspect. */
  unanswered: 2,
  usage: 64,
  /** Not a capture, or damaged beyond use. */
  data: 65,
  /** The file cannot be read. */
  noInput: 66,
  internal: 70,
  /** An output file cannot be written. */
  cannotCreate: 73,
} as const;
export type ExitStatus = (typeof EXIT)[keyof typeof EXIT];

export const FAIL_ON = ['half-dead', 'suspect', 'none'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** The status of a finished analysis (contract §3, State and exit). */
export function exitStatusOf(state: VerdictState, failOn: FailOn): ExitStatus {
  if (failOn === 'none') return EXIT.healthy;
  switch (state) {
    case 'half-dead':
      return EXIT.halfDead;
    case 'suspect':
      return failOn === 'suspect' ? EXIT.halfDead : EXIT.unanswered;
    case 'inconclusive':
      return EXIT.unanswered;
    case 'healthy':
      return EXIT.healthy;
    default:
      return absurd(state);
  }
}

const OF_CAPTURE_ERROR = {
  missing: EXIT.noInput,
  unreadable: EXIT.noInput,
  directory: EXIT.noInput,
  'no-captures': EXIT.noInput,
  'no-match': EXIT.noInput,
  'not-a-capture': EXIT.data,
  'unsupported-format': EXIT.data,
  'window-too-large': EXIT.data,
} as const satisfies Record<CaptureErrorCode, ExitStatus>;

export function exitStatusOfError(code: CaptureErrorCode): ExitStatus {
  return OF_CAPTURE_ERROR[code];
}
