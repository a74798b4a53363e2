/** Of text: what it holds. `sentence` is dropped and written anew from the other fields; the others are mapped, or kept where they are known. */
export type TextRule =
  | 'sentence'
  | 'dropped'
  | 'time'
  | 'own-id'
  | 'address'
  | 'agent'
  | 'host'
  | 'path'
  | 'resource'
  | 'method'
  | 'file'
  | 'directory'
  | 'debug'
  | 'version'
  | 'errno'
  | 'cipher'
  | 'limit'
  | 'arg-word'
  | 'request-kind'
  | 'http2-error'
  | 'tls-alert'
  | 'link-type'
  | 'packet-kind'
  | 'warning-code'
  | 'evidence-kind'
  | 'finding-code'
  | 'trust-code'
  | 'conclusion'
  | 'remedy-place';

/** `word`: one of a few that the schema lists. `args`: by their names, in ARG_RULES. */
export type Rule =
  TextRule | 'word' | 'number' | 'boolean' | 'args' | readonly [Rule] | { readonly [field: string]: Rule };

/** A rule for each field of T. */
export type RuleOf<T> = RuleOfPresent<NonNullable<T>>;
type RuleOfPresent<T> = [T] extends [readonly (infer Item)[]]
  ? readonly [RuleOf<Item>]
  : [T] extends [number]
    ? 'number'
    : [T] extends [boolean]
      ? 'boolean'
      : [T] extends [string]
        ? string extends T
          ? TextRule
          : 'word'
        : string extends keyof T
          ? 'args'
          : { readonly [Field in keyof Required<T>]: RuleOf<T[Field]> };
