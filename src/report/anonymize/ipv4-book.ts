import { cidrText } from './address-text.ts';
import { type Digest, hexOf, numberOf } from './digest.ts';
import { NoRoomError } from './no-room.ts';

/** Stand-ins come from 198.18.0.0/15 (RFC 2544: for benchmarks, routed nowhere): 512 networks of 256 addresses. */
const RANGE = ((198 << 24) | (18 << 16)) >>> 0;
const RANGE_TEXT = '198.18.0.0/15';
const RANGE_BITS = 15;
const NETWORK_BITS = 8;
const NETWORKS = 1 << (32 - RANGE_BITS - NETWORK_BITS);
const HOST_MASK = 0xff;
const HOST_LAST = 254;
/** RFC 791, RFC 919 §7: "this host" and everybody; they say nothing about anyone. */
const EVERYBODY = 0xffffffff;

/**
 * Stand-ins of IPv4 addresses: a /24 for a /24, in it an address for an address, never one for two, never in a /24 that was seen.
 * .0 and .255 stay what they are, the network and everybody in it.
 */
export class Ipv4Book {
  readonly #digest: Digest | null;
  /** By the upper 24 bits of an original. */
  readonly #networks = new Map<number, Network>();
  readonly #taken = new Set<number>();
  /** Networks of the range that were seen, so that nothing may stand in there. */
  readonly #seen = new Set<number>();
  #next = 0;
  #moved = 0;

  /**
   * @param seen    all addresses that are known of; more may come. With a key the networks among them have their places first, by their
   *                digests, so that what else is met, and when, changes nothing
   * @param digest  null: without a key
   */
  constructor(seen: readonly number[], digest: Digest | null) {
    this.#digest = digest;
    for (const address of seen) this.#avoid(address);
    if (digest === null) return;
    const networks = [...new Set(seen.map((address) => address >>> NETWORK_BITS))];
    const tags = networks.map((network) => ({ network, tag: hexOf(digest(tagOf(network)), 16) }));
    for (const { network } of tags.toSorted((a, b) => (a.tag < b.tag ? -1 : 1))) this.#network(network);
  }

  /** Throws NoRoomError. */
  standIn(address: number): number {
    if (address === 0 || address === EVERYBODY) return address;
    this.#avoid(address);
    const { slot, hosts } = this.#network(address >>> NETWORK_BITS);
    return addressIn(slot) + hosts.standIn(address & HOST_MASK);
  }

  /** Networks that are not where the key puts them, since another is: only they may stand elsewhere in another run. */
  get moved(): number {
    return this.#moved;
  }

  #avoid(address: number): void {
    const slot = slotOf(address);
    if (slot === null || this.#seen.has(slot)) return;
    if (this.#taken.has(slot)) throw new NoRoomError('range-seen', cidrText(address));
    this.#seen.add(slot);
  }

  #network(network: number): Network {
    const known = this.#networks.get(network);
    if (known !== undefined) return known;
    const slot = this.#place(network);
    this.#taken.add(slot);
    const hosts = this.#digest === null ? new CountedHosts() : new KeyedHosts(network, this.#digest);
    const made = { slot, hosts };
    this.#networks.set(network, made);
    return made;
  }

  #place(network: number): number {
    const first = this.#digest === null ? this.#next : numberOf(this.#digest(tagOf(network)), 4) % NETWORKS;
    for (let step = 0; step < NETWORKS; step++) {
      const slot = (first + step) % NETWORKS;
      if (this.#taken.has(slot) || this.#seen.has(slot)) continue;
      if (this.#digest === null) this.#next = slot + 1;
      else if (step > 0) this.#moved++;
      return slot;
    }
    throw new NoRoomError('range-full', RANGE_TEXT);
  }
}

interface Network {
  readonly slot: number;
  readonly hosts: Hosts;
}

interface Hosts {
  /** @param host  the last byte of an original; gives that of its stand-in, never one for two */
  standIn(host: number): number;
}

class CountedHosts implements Hosts {
  readonly #hosts = new Map<number, number>();

  standIn(host: number): number {
    if (host === 0 || host > HOST_LAST) return host;
    const known = this.#hosts.get(host) ?? this.#hosts.size + 1;
    this.#hosts.set(host, known);
    return known;
  }
}

/** All 254 in an order that the key gives: the same whichever of them are met. */
class KeyedHosts implements Hosts {
  readonly #places: ReadonlyMap<number, number>;

  constructor(network: number, digest: Digest) {
    const hosts = Array.from({ length: HOST_LAST }, (_, i) => i + 1);
    const tags = hosts.map((host) => ({ host, tag: hexOf(digest(`${tagOf(network)} ${host}`), 16) }));
    const inOrder = tags.toSorted((a, b) => (a.tag < b.tag ? -1 : 1));
    this.#places = new Map(inOrder.map(({ host }, i) => [host, i + 1]));
  }

  standIn(host: number): number {
    return this.#places.get(host) ?? host;
  }
}

function tagOf(network: number): string {
  return `ipv4 ${cidrText((network << NETWORK_BITS) >>> 0)}`;
}

function addressIn(slot: number): number {
  return RANGE + (slot << NETWORK_BITS);
}

/** @returns which network of the range an address is in; null where in none */
function slotOf(address: number): number | null {
  return address >>> (32 - RANGE_BITS) === RANGE >>> (32 - RANGE_BITS) ? (address - RANGE) >>> NETWORK_BITS : null;
}
