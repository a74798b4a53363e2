import type { Side } from '../tcp/index.ts';
import type { Suite } from './ciphers.ts';
import type { SecretLabel } from './key-log.ts';
import type { Sealed } from './protection.ts';

/** What records are under from here on: a traffic secret of so many bytes (RFC 8446 §7.1), the one after it (§7.2), or a master secret (RFC 5246 §6.3). */
export type RecordKeys =
  | { readonly by: 'traffic'; readonly label: SecretLabel; readonly suite: Suite; readonly bytes: number }
  | { readonly by: 'update' }
  | { readonly by: 'master'; readonly suite: Suite; readonly encryptThenMac: boolean; readonly isClient: boolean };

/** Told of a session record by record, for it to be written again under other secrets. */
export interface SessionWatcher {
  /** @param random  of a hello of the client, by which secrets are found, or of the server, in hexadecimal digits */
  hello(random: string, isClient: boolean): void;
  /** What `side` sends is under these from here on; told where they were given. */
  keys(side: Side, keys: RecordKeys): void;
  /**
   * @param record    valid until the call returns
   * @param end       offset in the view that is being read at which it ends
   * @param content   of a sealed record what it held, in TLS 1.3 with its type and padding (RFC 8446 §5.2), null where it did not open; of one in clear its fragment
   * @param sequence  its sequence number where it opened; null in clear
   */
  record(side: Side, record: Sealed, end: number, content: Uint8Array | null, sequence: number | null): void;
}
