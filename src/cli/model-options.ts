import { isIP } from 'node:net';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { DEFAULT_THRESHOLDS, type RoleHints, type Thresholds } from '../incident/index.ts';

/** What commander makes of the options below, by their names. */
export interface ModelOptions {
  readonly gateway: readonly string[];
  readonly clientPort?: number;
  readonly upstreamPort?: number;
  readonly deadTries: number;
  readonly deadAfter: number;
  readonly idleAfter: number;
  readonly healedWait: number;
  readonly actsWithin: number;
  readonly responseGrace: number;
  readonly watchGrace: number;
}

const NS_PER_SECOND = 1e9;
const PORT_MAX = 65_535;
/** The trace keeps silences from ten seconds on, and debts from one second or three tries on: thresholds below them would change nothing. */
const IDLE_MIN_SECONDS = 10;
const DEAD_MIN_SECONDS = 1;
const DEAD_MIN_TRIES = 1;

type SecondsOption = readonly [flag: string, key: keyof Thresholds, least: number, meaning: string];

/** In seconds. */
const SECONDS: readonly SecondsOption[] = [
  ['--dead-after', 'deadAfterNs', DEAD_MIN_SECONDS, 'without an answer for so long (and --dead-tries): dead'],
  [
    '--idle-after',
    'idleAfterNs',
    IDLE_MIN_SECONDS,
    `silence from which a connection that owes nothing is idle, ${IDLE_MIN_SECONDS} or more`,
  ],
  ['--healed-wait', 'healedWaitNs', 0, 'an upstream that came back is a window where a stream waited so long'],
  ['--acts-within', 'actsWithinNs', 0, 'how soon a gateway that gives an upstream up acts on its streams'],
  ['--response-grace', 'responseGraceNs', 0, 'how long an acknowledged request may be without a response'],
  ['--watch-grace', 'watchGraceNs', 0, 'how far past its timeoutSeconds a watch may be open'],
];

/** Adds what overrides the model's own judgement. */
export function addModelOptions(command: Command): Command {
  command
    .addOption(
      new Option('--gateway <ip>', 'an address of the gateway; may be given several times')
        .argParser(address)
        .default([], 'found'),
    )
    .addOption(new Option('--client-port <port>', 'where the gateway accepts clients').argParser(port))
    .addOption(new Option('--upstream-port <port>', "the upstream servers' port").argParser(port))
    .addOption(
      new Option('--dead-tries <count>', 'unanswered tries from which a peer counts as dead')
        .argParser(atLeast(DEAD_MIN_TRIES, true))
        .default(DEFAULT_THRESHOLDS.deadTries),
    );
  for (const [flag, key, least, meaning] of SECONDS) {
    command.addOption(
      new Option(`${flag} <seconds>`, meaning)
        .argParser(atLeast(least, false))
        .default(DEFAULT_THRESHOLDS[key] / NS_PER_SECOND),
    );
  }
  return command;
}

export function thresholdsOf(options: ModelOptions): Thresholds {
  return {
    ...DEFAULT_THRESHOLDS,
    deadTries: options.deadTries,
    deadAfterNs: options.deadAfter * NS_PER_SECOND,
    idleAfterNs: options.idleAfter * NS_PER_SECOND,
    healedWaitNs: options.healedWait * NS_PER_SECOND,
    actsWithinNs: options.actsWithin * NS_PER_SECOND,
    responseGraceNs: options.responseGrace * NS_PER_SECOND,
    watchGraceNs: options.watchGrace * NS_PER_SECOND,
  };
}

export function hintsOf({ gateway, clientPort, upstreamPort }: ModelOptions): RoleHints {
  return { gateways: gateway, clientPort: clientPort ?? null, upstreamPort: upstreamPort ?? null };
}

function address(text: string, before: readonly string[]): readonly string[] {
  if (isIP(text) === 0) throw new InvalidArgumentError('It is no IP address.');
  return [...before, text.toLowerCase()];
}

function port(text: string): number {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > PORT_MAX)
    throw new InvalidArgumentError(`It is no port, 1 to ${PORT_MAX}.`);
  return number;
}

function atLeast(least: number, whole: boolean): (text: string) => number {
  return (text) => {
    const number = text.trim() === '' ? Number.NaN : Number(text);
    if (!Number.isFinite(number) || number < least || (whole && !Number.isInteger(number)))
      throw new InvalidArgumentError(`It must be a ${whole ? 'whole number' : 'number'} from ${least} on.`);
    return number;
  };
}
