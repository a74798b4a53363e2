import { type Digest, numberOf } from './digest.ts';

/** Locally administered addresses (IEEE 802 §8.4) of a number that nobody else counts from: those of hosts, and of groups. */
const HOSTS = 0x02_57_50_00_00_00;
const GROUPS = 0x03_57_50_00_00_00;
const PLACES = 2 ** 24;
const TAG_BYTES = 3;
const EVERYBODY = 0xff_ff_ff_ff_ff_ff;
/** The first byte's lowest bit (IEEE 802 §8.2). */
const GROUP_BIT_VALUE = 2 ** 40;

/** Stand-ins of link-layer addresses of 48 bits, never one for two. Nobody (all zero) and everybody stay. */
export class MacBook {
  readonly #digest: Digest | null;
  readonly #standIns = new Map<number, number>();
  readonly #taken = new Set<number>();

  constructor(digest: Digest | null) {
    this.#digest = digest;
  }

  standIn(address: number): number {
    if (address === 0 || address === EVERYBODY) return address;
    const known = this.#standIns.get(address);
    if (known !== undefined) return known;
    const isGroup = Math.floor(address / GROUP_BIT_VALUE) % 2 === 1;
    const made = (isGroup ? GROUPS : HOSTS) + this.#place(address);
    this.#standIns.set(address, made);
    return made;
  }

  #place(address: number): number {
    let place = this.#taken.size + 1;
    if (this.#digest !== null) place = numberOf(this.#digest(`mac ${address.toString(16)}`), TAG_BYTES);
    while (this.#taken.has(place)) place = (place + 1) % PLACES;
    this.#taken.add(place);
    return place;
  }
}
