/** Bytes as text, a character each: for what is rare and short; values that many fields share are cached (h1/text.ts, hpack/values.ts). */
export function latin1Of(view: DataView, at: number, end: number): string {
  let text = '';
  for (let next = at; next < end; next++) text += String.fromCharCode(view.getUint8(next));
  return text;
}
