import type { LivenessState, MarkKind, VerdictState } from '../model.ts';

/** The characters that a report draws with; each is one column wide. */
export interface Glyphs {
  readonly verdict: Readonly<Record<VerdictState, string>>;
  readonly liveness: Readonly<Record<LivenessState, string>>;
  readonly window: string;
  /** The window goes on when the capture ends. */
  readonly windowOpen: string;
  /** Somewhere in here the upstream died. */
  readonly onset: string;
  /** Time left out of the axis. */
  readonly pause: string;
  readonly tick: string;
  readonly axis: string;
  readonly arrow: string;
  readonly rule: string;
  readonly separator: string;
}

export const UNICODE: Glyphs = {
  verdict: { 'half-dead': '✖', suspect: '▲', healthy: '●', inconclusive: '?' },
  liveness: { alive: '─', idle: '·', unanswered: '╌', dead: '×', closing: '~', closed: ' ' },
  window: '█',
  windowOpen: '▶',
  onset: '░',
  pause: '╱',
  tick: '┬',
  axis: '─',
  arrow: '→',
  rule: '─',
  separator: '─',
};

export const ASCII: Glyphs = {
  verdict: { 'half-dead': 'X', suspect: '!', healthy: '*', inconclusive: '?' },
  liveness: { alive: '-', idle: '.', unanswered: '?', dead: 'x', closing: '~', closed: ' ' },
  window: '#',
  windowOpen: '>',
  onset: ':',
  pause: '/',
  tick: '+',
  axis: '-',
  arrow: '->',
  rule: '-',
  separator: '-',
};

/** Letters of the timeline, the most telling first: where several fall into one column, the first is drawn. */
export const MARKS: readonly (readonly [kind: MarkKind, letter: string, meaning: string])[] = [
  ['rst', 'X', 'RST'],
  ['goaway', 'G', 'GOAWAY'],
  ['rst-stream', '!', 'RST_STREAM'],
  ['fin', 'F', 'FIN'],
  ['retransmission', 'r', 'retransmission'],
  ['request', '>', 'request'],
  ['syn', 'S', 'SYN'],
  ['keep-alive', 'K', 'keep-alive probe'],
  ['ping', 'P', 'PING'],
  ['response', '<', 'response'],
  ['data', 'd', 'data'],
];
