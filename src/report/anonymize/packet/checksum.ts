/** RFC 1071: sums of 16-bit words in one's complement. */

/** The words of [at, end), an odd last byte with a zero behind; not yet folded. */
export function sumOf(view: DataView, at: number, end: number): number {
  let sum = 0;
  let next = at;
  for (; next + 1 < end; next += 2) sum += view.getUint16(next);
  return next < end ? sum + view.getUint8(next) * 256 : sum;
}

export function checksumOf(sum: number): number {
  let folded = sum;
  while (folded > 0xffff) folded = (folded % 0x10000) + Math.floor(folded / 0x10000);
  return ~folded & 0xffff;
}
