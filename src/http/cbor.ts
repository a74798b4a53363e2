/** RFC 8949 §3.1. */
const MAJOR = { unsigned: 0, bytes: 2, text: 3, array: 4, map: 5, tag: 6 } as const;
type Major = number;
const MAJOR_SHIFT = 5;
const INFORMATION_MASK = 0x1f;
/** RFC 8949 §3: from here on the argument stands in 1, 2, 4 or 8 bytes of its own; above that there is none, or it is indefinite. */
const ARGUMENT_BEHIND = 24;
const ARGUMENT_MAX_BYTES = 8;

/** What a data item begins with. */
interface Head {
  readonly major: Major;
  readonly argument: number;
  /** Offset behind it. */
  readonly next: number;
}

/**
 * What a CBOR map says under a key, as a data item, which may be cut; undefined where it is not there, or not in what there is of the map. Keys
 * are text or bytes (Kubernetes writes bytes). Items of indefinite length are not read: Kubernetes forbids them.
 */
export function cborValue(map: string, wanted: string): string | undefined {
  const head = headOf(map, 0);
  if (head?.major !== MAJOR.map) return undefined;
  let at = head.next;
  for (let left = head.argument; left > 0 && at < map.length; left--) {
    const valueAt = endOf(map, at);
    if (valueAt === null) return undefined;
    if (cborText(map.slice(at, valueAt)) === wanted) return map.slice(valueAt);
    const next = endOf(map, valueAt);
    if (next === null) return undefined;
    at = next;
  }
  return undefined;
}

/** The text or bytes that an item is; undefined where it is cut or something else. */
export function cborText(item: string): string | undefined {
  const head = headOf(item, 0);
  if (head?.major !== MAJOR.text && head?.major !== MAJOR.bytes) return undefined;
  const text = item.slice(head.next, head.next + head.argument);
  return text.length === head.argument ? text : undefined;
}

/** The number that an item is, where it is none below 0. */
export function cborNumber(item: string): number | undefined {
  const head = headOf(item, 0);
  return head?.major === MAJOR.unsigned ? head.argument : undefined;
}

/** Offset behind the item at `from`, without a step per nesting; null where it is cut or of no known length. */
function endOf(items: string, from: number): number | null {
  let at = from;
  for (let left = 1; left > 0; left--) {
    const head = headOf(items, at);
    if (head === null) return null;
    const { major, argument } = head;
    at = head.next;
    if (major === MAJOR.bytes || major === MAJOR.text) at += argument;
    else if (major === MAJOR.array) left += argument;
    else if (major === MAJOR.map) left += 2 * argument;
  }
  return at <= items.length ? at : null;
}

/** Tags say nothing that is of interest here, so they are stepped over (RFC 8949 §3.4). */
function headOf(items: string, from: number): Head | null {
  for (let at = from; ;) {
    const first = items.charCodeAt(at++);
    const information = first & INFORMATION_MASK;
    const bytes = information < ARGUMENT_BEHIND ? 0 : 2 ** (information - ARGUMENT_BEHIND);
    if (Number.isNaN(first) || bytes > ARGUMENT_MAX_BYTES || at + bytes > items.length) return null;
    let argument = bytes === 0 ? information : 0;
    for (const end = at + bytes; at < end; at++) argument = argument * 256 + items.charCodeAt(at);
    const major = first >> MAJOR_SHIFT;
    if (major !== MAJOR.tag) return { major, argument, next: at };
  }
}
