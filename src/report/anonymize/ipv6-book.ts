import { type Ipv6, ipv6Text } from './address-text.ts';
import { type Digest, numberOf } from './digest.ts';
import { NoRoomError } from './no-room.ts';

/** Stand-ins come from 2001:db8::/32 (RFC 3849: for documentation): 2^32 networks of 64 bits, of which no capture fills many. */
const RANGE = 0x20010db8n;
const RANGE_SHIFT = 32n;
const NETWORKS = 2 ** 32;
const HOSTS = 2 ** 32;
const TAG_BYTES = 4;

/** Stand-ins of IPv6 addresses: a /64 for a /64, in it an address for an address, never one for two, never in a /64 that was seen. */
export class Ipv6Book {
  readonly #digest: Digest | null;
  readonly #networks: Places;
  readonly #hosts = new Map<bigint, Places>();

  /**
   * @param seen    all addresses that are known of; more may come
   * @param digest  null: without a key
   */
  constructor(seen: readonly Ipv6[], digest: Digest | null) {
    this.#digest = digest;
    this.#networks = new Places(NETWORKS, digest, 'ipv6');
    for (const address of seen) this.#avoid(address);
  }

  standIn(address: Ipv6): Ipv6 {
    if (address.network === 0n && address.host === 0n) return address;
    this.#avoid(address);
    const network = this.#networks.of(address.network);
    return {
      network: (RANGE << RANGE_SHIFT) | BigInt(network),
      host: BigInt(this.#hostsOf(address.network).of(address.host)),
    };
  }

  #avoid({ network }: Ipv6): void {
    if (network >> RANGE_SHIFT !== RANGE) return;
    const isFree = this.#networks.avoid(Number(network & 0xffffffffn));
    if (!isFree) throw new NoRoomError('range-seen', `${ipv6Text({ network, host: 0n })}/64`);
  }

  #hostsOf(network: bigint): Places {
    const known = this.#hosts.get(network) ?? new Places(HOSTS, this.#digest, `ipv6 ${network.toString(16)}`);
    this.#hosts.set(network, known);
    return known;
  }
}

/** Numbers for numbers, each once: counted from 1, or where a key puts them, the next free one after. */
class Places {
  readonly #count: number;
  readonly #digest: Digest | null;
  readonly #label: string;
  readonly #places = new Map<bigint, number>();
  readonly #taken = new Set<number>();
  readonly #avoided = new Set<number>([0]);
  #next = 1;

  constructor(count: number, digest: Digest | null, label: string) {
    this.#count = count;
    this.#digest = digest;
    this.#label = label;
  }

  of(original: bigint): number {
    const known = this.#places.get(original);
    if (known !== undefined) return known;
    let place = this.#first(original);
    while (this.#taken.has(place) || this.#avoided.has(place)) place = (place + 1) % this.#count;
    this.#next = place + 1;
    this.#taken.add(place);
    this.#places.set(original, place);
    return place;
  }

  /** Nothing is put there from now on. @returns false where something is there already */
  avoid(place: number): boolean {
    this.#avoided.add(place);
    return !this.#taken.has(place);
  }

  #first(original: bigint): number {
    if (this.#digest === null) return this.#next;
    return numberOf(this.#digest(`${this.#label} ${original.toString(16)}`), TAG_BYTES);
  }
}
