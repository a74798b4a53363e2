import type { InterfaceFacts, NameRecord } from '../capture/index.ts';

/** Names of hosts that all files together may tell. */
const NAMES_MAX = 4096;
/** Those, and names of interfaces: many times what any capture has. */
const NAMES_MAX_BYTES = 1024 * 1024;
/** All secrets together: some 10,000 connections. */
const SECRETS_MAX_BYTES = 4 * 1024 * 1024;
/** A section may declare 65,536 interfaces, and a file has any number of sections. */
const INTERFACES_MAX: number = 256 * 1024;

/** What files have besides packets, for an extract of them; of each as much as has room. */
export class Asides {
  readonly interfaces: InterfaceFacts[] = [];
  readonly names: NameRecord[] = [];
  readonly secrets: Uint8Array[] = [];
  #nameBytes = 0;
  #secretBytes = 0;

  /** One whose name has no room goes without. Packets of those beyond the bound are left out. */
  addInterface(described: InterfaceFacts): void {
    if (this.interfaces.length >= INTERFACES_MAX) return;
    const bytes = described.name?.length ?? 0;
    this.interfaces.push(this.#hasRoom(bytes) ? described : { ...described, name: null });
  }

  addNames(records: readonly NameRecord[]): void {
    for (const record of records) {
      if (this.names.length < NAMES_MAX && this.#hasRoom(record.value.length)) this.names.push(record);
    }
  }

  addSecrets(keyLog: Uint8Array): void {
    if (this.#secretBytes + keyLog.length > SECRETS_MAX_BYTES) return;
    this.#secretBytes += keyLog.length;
    this.secrets.push(keyLog);
  }

  #hasRoom(bytes: number): boolean {
    if (this.#nameBytes + bytes > NAMES_MAX_BYTES) return false;
    this.#nameBytes += bytes;
    return true;
  }
}
