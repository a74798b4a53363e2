import { ipv4Text, ipv6Text, parseIpv4, parseIpv6 } from './address-text.ts';
import type { Digest } from './digest.ts';
import { Ipv4Book } from './ipv4-book.ts';
import { Ipv6Book } from './ipv6-book.ts';
import { MacBook } from './mac-book.ts';
import { NameBook } from './name-book.ts';

/** What stands in for whom in one run: the same in every format, and in the extracted packets. */
export class StandIns {
  readonly ipv4: Ipv4Book;
  readonly ipv6: Ipv6Book;
  readonly macs: MacBook;
  readonly names: NameBook;
  readonly #files = new Map<string, string>();

  /**
   * @param seen    all addresses that are known of, as text; what is no address is passed over
   * @param digest  null: without a key
   */
  constructor(seen: readonly string[], digest: Digest | null) {
    this.ipv4 = new Ipv4Book(
      seen.flatMap((text) => parseIpv4(text) ?? []),
      digest,
    );
    this.ipv6 = new Ipv6Book(
      seen.flatMap((text) => parseIpv6(text) ?? []),
      digest,
    );
    this.macs = new MacBook(digest);
    this.names = new NameBook(digest);
  }

  /** RFC 5952 text. Throws NoRoomError. */
  address(text: string): string {
    const ipv4 = parseIpv4(text);
    if (ipv4 !== null) return ipv4Text(this.ipv4.standIn(ipv4));
    const ipv6 = parseIpv6(text);
    return ipv6 === null ? this.names.standIn('host', text) : ipv6Text(this.ipv6.standIn(ipv6));
  }

  /** A file of the capture: `capture-1.pcapng.gz`, numbered in the order in which they are told. */
  addFile(path: string, end: string): void {
    if (!this.#files.has(path)) this.#files.set(path, `capture-${this.#files.size + 1}${end}`);
  }

  file(path: string): string {
    return this.#files.get(path) ?? this.names.standIn('file', path);
  }
}
