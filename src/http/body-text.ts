import { inflateStart } from './inflate.ts';
import { latin1Of } from './latin1.ts';

/** What of a body is looked at: a Status of kube-apiserver is mostly shorter, a gateway's words stand at the start. */
export const LOOKED_AT_BYTES = 1024;

/** RFC 1952 §2.3. */
const GZIP = { magic: 0x1f8b, methodAt: 2, deflate: 8, flagsAt: 3, headerBytes: 10 } as const;

/** The first LOOKED_AT_BYTES of a body as latin1, which may be cut; what they stand for where they are coded by gzip. */
export function bodyText(view: DataView, at: number, end: number): string {
  const until = Math.min(end, at + LOOKED_AT_BYTES);
  if (!isGzip(view, at, until)) return latin1Of(view, at, until);
  const bytes = inflateStart(view, at + GZIP.headerBytes, until, LOOKED_AT_BYTES);
  return latin1Of(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
}

/** Whether a body begins so that is coded by gzip, without a name or any other optional field, which coders of bodies do not write. */
export function isGzip(view: DataView, at: number, end: number): boolean {
  if (end - at <= GZIP.headerBytes || view.getUint16(at) !== GZIP.magic) return false;
  return view.getUint8(at + GZIP.methodAt) === GZIP.deflate && view.getUint8(at + GZIP.flagsAt) === 0;
}
