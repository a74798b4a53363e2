import type { ByteCopy } from '../packet/copy.ts';
import type { Framing } from './framed-flow.ts';

// RFC 8446 §5.1: type, version, length
const VERSION_MAJOR = 1;
const VERSION_MINOR = 2;
const LENGTH = 3;
const HEADER_BYTES = 5;
const TYPE = { first: 0x14, alert: 0x15, last: 0x17 } as const;
const VERSION_MAJOR_SSL3 = 3;
const VERSION_MINOR_LAST = 4;
/** 2^14 of plaintext and what protection may add in TLS 1.2 (RFC 5246 §6.2.3). */
const RECORD_MAX_BYTES: number = 2 ** 14 + 2048;
/** §6: level and description; an encrypted one is longer. */
const ALERT_BYTES = 2;

/** Records of TLS: their headers stay, and alerts in clear. Of hellos, which name servers, nothing does. */
export class TlsFraming implements Framing {
  readonly headerBytes: number = HEADER_BYTES;

  prefaceBytes(): number {
    return 0;
  }

  unitBytes(from: DataView, at: number): number {
    const type = from.getUint8(at);
    const bytes = from.getUint16(at + LENGTH);
    if (type < TYPE.first || type > TYPE.last || bytes === 0 || bytes > RECORD_MAX_BYTES) return 0;
    const isVersion =
      from.getUint8(at + VERSION_MAJOR) === VERSION_MAJOR_SSL3 &&
      from.getUint8(at + VERSION_MINOR) <= VERSION_MINOR_LAST;
    return isVersion ? HEADER_BYTES + bytes : 0;
  }

  copyUnit(copy: ByteCopy, at: number, bytes: number, end: number): void {
    const isClearAlert = copy.from.getUint8(at) === TYPE.alert && bytes === HEADER_BYTES + ALERT_BYTES;
    copy.keep(at, Math.min(isClearAlert ? bytes : HEADER_BYTES, end - at));
  }
}
