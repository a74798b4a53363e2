const WIRE = { varint: 0, bytes: 2 } as const;
/** No varint of interest is longer. */
const VARINT_END: number = 2 ** 35;

/** A length-delimited field of a protobuf message, which may be cut; undefined where it is not there. */
export function bytesField(message: string, wanted: number): string | undefined {
  const found = findField(message, wanted, WIRE.bytes);
  return found === null ? undefined : message.slice(found.at, found.at + found.value);
}

/** A varint field of a protobuf message, which may be cut; undefined where it is not there. */
export function varintField(message: string, wanted: number): number | undefined {
  return findField(message, wanted, WIRE.varint)?.value;
}

/** @returns what the varint behind the field's tag says, and the offset after it */
function findField(message: string, wanted: number, wireType: number): { value: number; at: number } | null {
  let at = 0;
  while (at < message.length) {
    const tag = message.charCodeAt(at++);
    const read = varint(message, at);
    if (read === null) return null;
    const [value, next] = read;
    const type = tag & 7;
    if (tag >> 3 === wanted && type === wireType) return { value, at: next };
    if (type !== WIRE.varint && type !== WIRE.bytes) return null;
    at = type === WIRE.bytes ? next + value : next;
  }
  return null;
}

/** Null where it is cut, or longer than any of interest. */
function varint(message: string, at: number): [value: number, next: number] | null {
  let value = 0;
  for (let shift = 1, next = at; shift < VARINT_END; shift *= 128) {
    const byte = message.charCodeAt(next++);
    if (Number.isNaN(byte)) break;
    value += (byte & 0x7f) * shift;
    if (byte < 0x80) return [value, next];
  }
  return null;
}
