import { type FileSpan, senderOf, type Sighting } from './sighting.ts';
import type { Sightings } from './sightings.ts';
import type { Side } from './sink.ts';

/**
 * How much each sign weighs that a file was taken at one end: the host's own word; where a packet was first; routers passed; who acknowledges
 * much sooner.
 */
const WEIGHT = { local: 4, first: 4, hops: 2, answer: 1 } as const;
const SOONER_TIMES = 3;
const ANSWER_MIN_NS = 100_000;

/** So many compared packets must be the same: one could be by chance, in connections of millions of packets. */
const SAME_SAMPLES_MIN = 2;

/** How much longer than any compared packet another one may take on its way. */
const CLOCK_MARGIN_NS = 1_000_000;
const ASIDE = 0.1;

/** A connection in a file whose packets are counted in other files, while those last. */
export interface Elsewhere {
  /** Of the sightings. */
  readonly row: number;
  readonly file: number;
  /** In this file's time. */
  readonly fromNs: number;
  readonly toNs: number;
}

/** What a host was seen to receive as a server, and as a client to pass on, in payload bytes. */
interface Carried {
  accepted: number;
  opened: number;
  connections: number;
}

/** What is left out of another reading, and the clocks that it goes by. */
export interface Nearness {
  readonly elsewhere: readonly Elsewhere[];
  /** Files that are no connection's nearest point: how far their clock is ahead of that point's, in nanoseconds. */
  readonly aheadNs: ReadonlyMap<number, number>;
}

/**
 * Which connections were seen at several points of their way, and where each is counted: at the end of the host that accepts connections and
 * opens others, the gateway (contract §3, Connections). Each file stands near those addresses which most of its connections have on
 * its side. Files that stand at one end (two interfaces of a host, a rotated set) are all counted; duplicates.ts tells their copies.
 */
export function nearnessOf(sightings: Pick<Sightings, 'all' | 'span'>): Nearness {
  const all = sightings.all();
  const shared = seenTwice(all).filter(hasTwins);
  const own = ownAddresses(all, shared);
  const nearSide = (sighting: Sighting): Side | null => nearSideOf(sighting, own.get(sighting.file));
  const carriedBy = carriedByFile(all, own, nearSide);
  const parted = shared.flatMap((group) => partedOf(group, nearSide, carriedBy) ?? []);
  const clocks = new Clocks(parted);
  const nearFiles = new Set(parted.flatMap(({ near }) => near.map(({ file }) => file)));
  const farFiles = new Set(parted.flatMap(({ far }) => far.map(({ file }) => file)));
  return {
    elsewhere: parted.flatMap(({ near, far }) => far.map((sighting) => coverOf(sighting, near, sightings, clocks))),
    aheadNs: new Map([...farFiles].filter((file) => !nearFiles.has(file)).map((file) => [file, clocks.aheadNs(file)])),
  };
}

/** One connection at two points. */
interface Parted {
  readonly near: readonly Sighting[];
  readonly far: readonly Sighting[];
}

/** Undefined where all its files stand at one end, or it is not known where. */
function partedOf(
  group: readonly Sighting[],
  nearSide: (sighting: Sighting) => Side | null,
  carriedBy: ReadonlyMap<number, Carried>,
): Parted | undefined {
  const zero = group.filter((sighting) => nearSide(sighting) === 0);
  const one = group.filter((sighting) => nearSide(sighting) === 1);
  if (zero.length === 0 || one.length === 0) return undefined;
  const isZero = compareCarried(mostCarried(zero, carriedBy), mostCarried(one, carriedBy), zero[0]?.server) >= 0;
  const [near, others] = isZero ? [zero, one] : [one, zero];
  const far = others.filter((sighting) => near.some((other) => isSameWay(sighting, other)));
  return far.length === 0 ? undefined : { near, far };
}

/** Sightings of one connection, where there are several. */
function seenTwice(all: readonly Sighting[]): Sighting[][] {
  const groups = new Map<number, Sighting[]>();
  for (const sighting of all) {
    const group = groups.get(sighting.connection);
    if (group === undefined) groups.set(sighting.connection, [sighting]);
    else group.push(sighting);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Whether a packet is in two of them: a rotated set of hundreds of files has none, and is not to be compared file by file. */
function hasTwins(group: readonly Sighting[]): boolean {
  const hashes = group.flatMap(({ samples }) => [...samples.keys()]);
  return new Set(hashes).size < hashes.length;
}

function isSameWay(one: Sighting, other: Sighting): boolean {
  if (one.file === other.file) return false;
  let missing = Math.min(SAME_SAMPLES_MIN, one.samples.size, other.samples.size);
  for (const hash of one.samples.keys()) {
    if (missing === 0) break;
    if (other.samples.has(hash)) missing--;
  }
  return missing === 0;
}

/** Hashes of packets that both show. */
function sameSamples(one: Sighting, other: Sighting): number[] {
  return [...one.samples.keys()].filter((hash) => other.samples.has(hash));
}

/** By file: how much speaks for an address being at its end, less what speaks against it. */
function ownAddresses(
  all: readonly Sighting[],
  shared: readonly (readonly Sighting[])[],
): ReadonlyMap<number, ReadonlyMap<string, number>> {
  const own = new Map<number, Map<string, number>>();
  const vote = ({ file, addresses: [zero, one] }: Sighting, lead: number): void => {
    const votes = own.get(file) ?? new Map<string, number>();
    own.set(file, votes);
    votes.set(zero, (votes.get(zero) ?? 0) + lead);
    votes.set(one, (votes.get(one) ?? 0) - lead);
  };
  for (const sighting of all) vote(sighting, leadOf(sighting));
  for (const group of shared)
    for (const one of group)
      for (const other of group) if (isSameWay(one, other)) vote(one, WEIGHT.first * firstLead(one, other));
  return own;
}

/** 1: this connection was seen near side 0, -1: near side 1, as far as this file alone tells. */
function leadOf({ localSide, hops, answerNs: [zero, one] }: Sighting): number {
  const local = localSide === null ? 0 : localSide === 0 ? 1 : -1;
  const sooner = Math.min(zero, one) * SOONER_TIMES < Math.max(zero, one) && Math.max(zero, one) > ANSWER_MIN_NS;
  const answer = sooner && zero + one < Infinity ? Math.sign(one - zero) : 0;
  const fewer = hops.some(Number.isNaN) ? 0 : Math.sign(hops[1] - hops[0]);
  return WEIGHT.local * local + WEIGHT.hops * fewer + WEIGHT.answer * answer;
}

/**
 * 1: `one` is nearer side 0 than `other`, -1: it is farther. What side 0 sends passes the nearer point first, what side 1 sends passes it last:
 * the clocks' difference is in both, and falls out.
 */
function firstLead(one: Sighting, other: Sighting): number {
  const bySender = [0, 1].map((side) => {
    const sent = sameSamples(one, other).filter((hash) => senderOf(hash) === side);
    return median(sent.map((hash) => (one.samples.get(hash) ?? 0) - (other.samples.get(hash) ?? 0)));
  });
  const lead = (bySender[1] ?? Number.NaN) - (bySender[0] ?? Number.NaN);
  return Number.isNaN(lead) ? 0 : Math.sign(lead);
}

/** NaN where there are none. */
function median(numbers: readonly number[]): number {
  return numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;
}

function nearSideOf({ addresses }: Sighting, votes: ReadonlyMap<string, number> | undefined): Side | null {
  const lead = (votes?.get(addresses[0]) ?? 0) - (votes?.get(addresses[1]) ?? 0);
  return lead === 0 ? null : lead > 0 ? 0 : 1;
}

/** What the host of each file carried; files that have an own address in common are of one host. */
function carriedByFile(
  all: readonly Sighting[],
  own: ReadonlyMap<number, ReadonlyMap<string, number>>,
  nearSide: (sighting: Sighting) => Side | null,
): ReadonlyMap<number, Carried> {
  const hosts: { readonly addresses: Set<string>; readonly carried: Carried }[] = [];
  const byFile = new Map<number, Carried>();
  for (const [file, votes] of own) {
    const addresses = [...votes].filter(([, lead]) => lead > 0).map(([address]) => address);
    const known = hosts.find((host) => addresses.some((address) => host.addresses.has(address)));
    const host = known ?? { addresses: new Set(), carried: { accepted: 0, opened: 0, connections: 0 } };
    if (known === undefined) hosts.push(host);
    for (const address of addresses) host.addresses.add(address);
    byFile.set(file, host.carried);
  }
  for (const sighting of all) {
    const carried = byFile.get(sighting.file);
    if (carried === undefined) continue;
    carried.connections++;
    const side = nearSide(sighting);
    if (side === null) continue;
    if (side === sighting.server) carried.accepted += sighting.bytes;
    else carried.opened += sighting.bytes;
  }
  return byFile;
}

/** A gateway passes on what it gets: what was accepted or opened, whichever is less. */
function passedOn({ accepted, opened }: Carried): number {
  return Math.min(accepted, opened);
}

function mostCarried(files: readonly Sighting[], carriedBy: ReadonlyMap<number, Carried>): Carried | undefined {
  const carried = files.flatMap(({ file }) => carriedBy.get(file) ?? []);
  return carried.toSorted((a, b) => passedOn(b) - passedOn(a))[0];
}

/** Above 0: side 0 is the gateway's. Where nothing was passed on, the one with more connections, then the one that opened this one. */
function compareCarried(zero: Carried | undefined, one: Carried | undefined, server: Side | undefined): number {
  if (zero === undefined || one === undefined) return 0;
  const more = passedOn(zero) - passedOn(one) || zero.connections - one.connections;
  return more !== 0 ? more : server === 0 ? -1 : 1;
}

/** Where its clock is behind or ahead, packets of a time that both have would stand among those of another: they are left out too. */
function coverOf(
  sighting: Sighting,
  near: readonly Sighting[],
  sightings: Pick<Sightings, 'span'>,
  clocks: Clocks,
): Elsewhere {
  const spans = near.map(({ file }): FileSpan => {
    const { leastNs, mostNs } = clocks.aheadOf(sighting.file, file);
    const marginNs = mostNs - leastNs + CLOCK_MARGIN_NS;
    const { fromNs, toNs } = sightings.span(file);
    return { fromNs: fromNs + Math.min(0, leastNs) - marginNs, toNs: toNs + Math.max(0, mostNs) + marginNs };
  });
  return {
    row: sighting.row,
    file: sighting.file,
    fromNs: Math.min(...spans.map(({ fromNs }) => fromNs)),
    toNs: Math.max(...spans.map(({ toNs }) => toNs)),
  };
}

/** How much later than another file's a file's times are: the clocks' difference, and the way, which is added for one direction. */
interface Ahead {
  readonly leastNs: number;
  readonly mostNs: number;
}

/** By the packets that two files both show. */
class Clocks {
  readonly #aheadNs = new Map<string, number[]>();
  readonly #aheadOfAll = new Map<number, number[]>();

  constructor(parted: readonly Parted[]) {
    for (const { near, far } of parted)
      for (const sighting of far)
        for (const other of near) if (isSameWay(sighting, other)) this.#compare(sighting, other);
  }

  /** Nothing where no packet is in both. */
  aheadOf(file: number, other: number): Ahead {
    return rangeOf(this.#aheadNs.get(`${file} ${other}`) ?? []);
  }

  /** By how much a file's times are later than those of all that are nearer; 0 where the way alone could make them so. */
  aheadNs(file: number): number {
    const { leastNs, mostNs } = rangeOf(this.#aheadOfAll.get(file) ?? []);
    return leastNs <= 0 && mostNs >= 0 ? 0 : (leastNs + mostNs) / 2;
  }

  #compare(sighting: Sighting, other: Sighting): void {
    const differences = sameSamples(sighting, other).map(
      (hash) => (sighting.samples.get(hash) ?? 0) - (other.samples.get(hash) ?? 0),
    );
    add(this.#aheadNs, `${sighting.file} ${other.file}`, differences);
    add(this.#aheadOfAll, sighting.file, differences);
  }
}

function add<K>(lists: Map<K, number[]>, key: K, numbers: readonly number[]): void {
  const list = lists.get(key) ?? [];
  lists.set(key, list);
  for (const number of numbers) list.push(number);
}

/** A few of the most distant are left aside: probes that repeat each other are told apart by nothing. */
function rangeOf(differences: readonly number[]): Ahead {
  const sorted = differences.toSorted((a, b) => a - b);
  const aside = Math.floor(sorted.length * ASIDE);
  return { leastNs: sorted[aside] ?? 0, mostNs: sorted[sorted.length - 1 - aside] ?? 0 };
}
