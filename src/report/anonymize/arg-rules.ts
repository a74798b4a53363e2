import type { CaptureWarningArgs } from '../../capture/index.ts';
import type { FindingArgs } from '../../incident/index.ts';
import type { TextRule } from './rule.ts';

/** Of arguments that are none, any name would be one, and the table below would be complete without a row. */
type TextNames<Args> = {
  [Name in keyof Args]: string extends Name
    ? never
    : Args[Name] extends string | readonly string[] | null
      ? Name
      : never;
}[keyof Args];
type TextArg =
  | { [Code in keyof FindingArgs]: TextNames<FindingArgs[Code]> }[keyof FindingArgs]
  | { [Code in keyof CaptureWarningArgs]: TextNames<CaptureWarningArgs[Code]> }[keyof CaptureWarningArgs];

/** Arguments that are text, by name: of findings and warnings the types know them all. Text by another name is dropped. */
const KNOWN_ARG_RULES = {
  about: 'arg-word',
  alternative: 'own-id',
  by: 'arg-word',
  compression: 'arg-word',
  deadBeside: 'own-id',
  debug: 'debug',
  directory: 'directory',
  errno: 'errno',
  kind: 'arg-word',
  met: 'arg-word',
  names: 'file',
  problem: 'arg-word',
  reader: 'arg-word',
  reason: 'arg-word',
  rhythm: 'arg-word',
  toldBy: 'arg-word',
  weakness: 'trust-code',
  window: 'arg-word',
} as const satisfies Record<TextArg, TextRule>;

export const ARG_RULES: ReadonlyMap<string, TextRule> = new Map<string, TextRule>([
  ...Object.entries(KNOWN_ARG_RULES),
  ['connection', 'own-id'],
  ['connections', 'own-id'],
  ['lastGatewayPacketAt', 'time'],
  ['limit', 'limit'],
  ['ip', 'address'],
]);
