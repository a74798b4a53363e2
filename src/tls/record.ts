/** Content types (RFC 8446 §5.1). */
export const CONTENT = { changeCipherSpec: 20, alert: 21, handshake: 22, applicationData: 23 } as const;

/** Type, version, length (RFC 8446 §5.1). */
export const HEADER_BYTES = 5;
export const VERSION_AT = 1;
export const LENGTH_AT = 3;
/** As records say them (RFC 8446 §D.1): all that ever were. */
const SSL_3_0 = 0x0300;
const TLS_1_3 = 0x0304;
/** 2^14 of plaintext and what protection may add in TLS 1.2 (RFC 5246 §6.2.3). */
export const FRAGMENT_MAX_BYTES: number = 2 ** 14 + 2048;

const CLIENT_HELLO = 1;

/** Whether a record may begin with these bytes; as far as there are any. */
export function isRecordStart(view: DataView, at: number, end: number): boolean {
  if (end - at < 3) return false;
  const type = view.getUint8(at);
  if (type < CONTENT.changeCipherSpec || type > CONTENT.applicationData) return false;
  const version = view.getUint16(at + VERSION_AT);
  if (version < SSL_3_0 || version > TLS_1_3) return false;
  return end - at < HEADER_BYTES || view.getUint16(at + LENGTH_AT) <= FRAGMENT_MAX_BYTES;
}

/** Of the record whose header is at `at`, with its header. */
export function recordBytes(view: DataView, at: number): number {
  return HEADER_BYTES + view.getUint16(at + LENGTH_AT);
}

/** Whether a segment from the middle of a flow is TLS: two records begin in it, or one that ends where it does. Five bytes alone turn up anywhere. */
export function isRecordChain(view: DataView, at: number, end: number): boolean {
  let next = at;
  for (let records = 0; end - next >= HEADER_BYTES; records++) {
    if (!isRecordStart(view, next, end)) return false;
    if (records === 1) return true;
    next += recordBytes(view, next);
  }
  return next === end;
}

/** Whether a ClientHello begins with these bytes (RFC 8446 §4.1.2): what tells TLS where something else was spoken before. */
export function isClientHello(view: DataView, at: number, end: number): boolean {
  if (view.getUint8(at) !== CONTENT.handshake || end - at < HEADER_BYTES + 6 || !isRecordStart(view, at, end))
    return false;
  const messageAt = at + HEADER_BYTES;
  return view.getUint8(messageAt) === CLIENT_HELLO && view.getUint8(messageAt + 4) === 3;
}
