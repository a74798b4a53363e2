import { describe, expect, test } from 'vitest';
import { type Nearness, nearnessOf } from '../../src/tcp/nearness.ts';
import type { FileSpan, Sighting } from '../../src/tcp/sighting.ts';
import type { Side } from '../../src/tcp/index.ts';

const US = 1e3;
const MS = 1e6;
const SECOND = 1e9;
const HOUR = 3600 * SECOND;

/** What a file shows of a connection, and nothing that tells where it stands. */
function seen(file: number, connection: number, facts: Partial<Sighting> = {}): Sighting {
  return {
    row: connection * 10 + file,
    file,
    connection,
    addresses: ['client', 'server'],
    server: 1,
    bytes: 100,
    localSide: null,
    hops: [Number.NaN, Number.NaN],
    answerNs: [Infinity, Infinity],
    // Both sent by side 0: of the order in which two points saw them only both sides' packets tell.
    samples: new Map([
      [2, 0],
      [4, 0],
    ]),
    ...facts,
  };
}

/** Files last from 0 to 10 s unless they say otherwise. */
function nearness(sightings: readonly Sighting[], spans: Readonly<Record<number, FileSpan>> = {}): Nearness {
  return nearnessOf({ all: () => [...sightings], span: (file) => spans[file] ?? { fromNs: 0, toNs: 10 * SECOND } });
}

/** Files and connections that are left out, as `file:connection`. */
function leftOut(...sightings: readonly Sighting[]): string[] {
  return nearness(sightings).elsewhere.map(({ file, row }) => `${file}:${Math.floor(row / 10)}`);
}

/** Where file 0 stands, by its signs: of a connection that is seen at both ends, and only then, one file is left out. */
function placeOf(...signs: readonly Partial<Sighting>[]): Side | null {
  const file0 = signs.map((sign, n) => seen(0, n, sign));
  const isAtZero = leftOut(...file0, seen(1, 0, { localSide: 1 })).length > 0;
  const isAtOne = leftOut(...file0, seen(1, 0, { localSide: 0 })).length > 0;
  expect(isAtZero && isAtOne).toBe(false);
  return isAtZero ? 0 : isAtOne ? 1 : null;
}

describe('a file stands at the end', () => {
  test('of the side that is its own host', () => {
    expect([placeOf({ localSide: 0 }), placeOf({ localSide: 1 }), placeOf({})]).toEqual([0, 1, null]);
  });

  test('from which packets passed fewer routers, where both are known', () => {
    expect(placeOf({ hops: [0, 3] })).toBe(0);
    expect(placeOf({ hops: [3, 2] })).toBe(1);
    expect(placeOf({ hops: [2, 2] })).toBeNull();
    expect(placeOf({ hops: [0, Number.NaN] })).toBeNull();
    expect(placeOf({ hops: [Number.NaN, 0] })).toBeNull();
  });

  test('whose side answers in less than a third of the time, and not both at once', () => {
    expect(placeOf({ answerNs: [50 * US, 151 * US] })).toBe(0);
    expect(placeOf({ answerNs: [151 * US, 50 * US] })).toBe(1);
    expect(placeOf({ answerNs: [50 * US, 150 * US] })).toBeNull();
    expect(placeOf({ answerNs: [150 * US, 50 * US] })).toBeNull();
    expect(placeOf({ answerNs: [20 * US, 101 * US] })).toBe(0);
    expect(placeOf({ answerNs: [20 * US, 100 * US] })).toBeNull();
    expect(placeOf({ answerNs: [20 * US, Infinity] })).toBeNull();
    expect(placeOf({ answerNs: [Infinity, 20 * US] })).toBeNull();
  });

  test("that the surer sign tells: the host's own word before routers, routers before answers", () => {
    const soonerOne = { answerNs: [5 * MS, 50 * US] } as const;
    const fewerOne = { hops: [3, 0] } as const;
    expect(placeOf({ hops: [0, 3], ...soonerOne })).toBe(0);
    expect(placeOf({ localSide: 0, ...fewerOne })).toBe(0);
    expect(placeOf({ localSide: 0, ...fewerOne, ...soonerOne })).toBe(0);
    expect(placeOf({ localSide: 1, hops: [0, 3], answerNs: [50 * US, 5 * MS] })).toBe(1);
  });

  test('that most of its connections with these addresses tell', () => {
    expect(placeOf({ hops: [0, 3] }, { hops: [3, 0] }, { hops: [0, 3] })).toBe(0);
    expect(placeOf({ hops: [0, 3] }, { hops: [3, 0] }, { hops: [3, 0] })).toBe(1);
    expect(placeOf({ hops: [0, 3] }, { hops: [3, 0] })).toBeNull();
    expect(placeOf({}, { hops: [0, 3], addresses: ['client', 'another'] })).toBe(0);
    expect(placeOf({}, { hops: [0, 3], addresses: ['another', 'server'] })).toBe(0);
    expect(placeOf({}, { hops: [0, 3], addresses: ['another', 'third'] })).toBeNull();
  });
});

/** One connection as two points see it, 1 ms apart, the second one's clock ahead: packets 2 to 6 of side 0, 3 to 7 of side 1. */
function passing(aheadNs: number): readonly [Partial<Sighting>, Partial<Sighting>] {
  const sent = [2, 3, 4, 5, 6, 7].map((hash) => [hash, hash * 10 * MS] as const);
  const way = (hash: number): number => (hash % 2 === 0 ? MS : -MS);
  return [{ samples: new Map(sent) }, { samples: new Map(sent.map(([hash, ns]) => [hash, ns + way(hash) + aheadNs])) }];
}

describe('of two points', () => {
  test.each([0, 5 * SECOND, -HOUR])(
    'the one that a side passes first is its end, with clocks %d ns apart',
    (aheadNs) => {
      const [near0, near1] = passing(aheadNs);
      expect(leftOut(seen(0, 0, near0), seen(1, 0, near1))).toEqual(['1:0']);
      expect(leftOut(seen(0, 0, near1), seen(1, 0, near0))).toEqual(['0:0']);
    },
  );

  test('one packet that was late, or sent twice, does not turn them round', () => {
    for (const odd of [2, 4, 6, 3, 5, 7]) {
      for (const byNs of [-SECOND, SECOND]) {
        const [near0, near1] = passing(0);
        const samples = new Map(near1.samples).set(odd, (near1.samples?.get(odd) ?? 0) + byNs);
        expect(leftOut(seen(0, 0, near0), seen(1, 0, { samples }))).toEqual(['1:0']);
      }
    }
  });

  test('packets of one side alone tell no order: the clocks may be apart', () => {
    const [near0, near1] = passing(0);
    const ofSide = (side: Side, { samples = new Map() }: Partial<Sighting>): Partial<Sighting> => ({
      samples: new Map([...samples].filter(([hash]) => hash % 2 === side)),
    });
    for (const side of [0, 1] as const)
      expect(leftOut(seen(0, 0, ofSide(side, near0)), seen(1, 0, ofSide(side, near1)))).toEqual([]);
  });

  test("the order weighs as much as a host's own word, and more than routers and answers together", () => {
    const [near0, near1] = passing(0);
    const against = { hops: [3, 0], answerNs: [5 * MS, 50 * US] } as const;
    const other = { ...near1, localSide: 1 } as const;
    expect(leftOut(seen(0, 0, { ...near0, ...against }), seen(1, 0, other))).toEqual(['1:0']);
    expect(leftOut(seen(0, 0, { ...near0, localSide: 1 }), seen(1, 0, other))).toEqual([]);
  });

  test('neither is left out where they are one: both at the same end, or at one that is not known', () => {
    expect(leftOut(seen(0, 0, { localSide: 0 }), seen(1, 0, { localSide: 0 }))).toEqual([]);
    expect(leftOut(seen(0, 0, { localSide: 1 }), seen(1, 0, { localSide: 1 }))).toEqual([]);
    expect(leftOut(seen(0, 0, { localSide: 0 }), seen(1, 0))).toEqual([]);
    expect(leftOut(seen(0, 0), seen(1, 0, { localSide: 1 }))).toEqual([]);
  });

  test('neither is left out where no two packets are the same, as in a connection begun anew on the same ports', () => {
    const samples = (...hashes: number[]): Partial<Sighting> => ({ samples: new Map(hashes.map((hash) => [hash, 0])) });
    const ends = (one: Partial<Sighting>, other: Partial<Sighting>): string[] =>
      leftOut(seen(0, 0, { localSide: 0, ...one }), seen(1, 0, { localSide: 1, ...other }));
    expect(ends(samples(2, 4, 6), samples(8, 10, 12))).toEqual([]);
    expect(ends(samples(2, 4, 6), samples(6, 8, 10))).toEqual([]);
    expect(ends(samples(2, 4, 6), samples(4, 6, 8))).toEqual(['1:0']);
    expect(ends(samples(2), samples(2, 4, 6))).toEqual(['1:0']);
    expect(ends(samples(2, 4, 6), samples(6))).toEqual(['1:0']);
  });
});

describe('of several files', () => {
  const near = { localSide: 0 } as const;
  const far = { localSide: 1 } as const;

  test('all that stand at the near end are counted, and those at the other that show the same packets are not', () => {
    expect(leftOut(seen(0, 0, near), seen(1, 0, far), seen(2, 0, near), seen(3, 0, far))).toEqual(['1:0', '3:0']);
  });

  test('one at the other end that shows others is counted: there the near ones do not reach', () => {
    const later = {
      ...far,
      samples: new Map([
        [12, 0],
        [14, 0],
      ]),
    };
    // Whose host is the gateway is told by other connections.
    const busy = [seen(0, 1, near), seen(0, 2, near)];
    expect(leftOut(...busy, seen(0, 0, near), seen(1, 0, far), seen(2, 0, later))).toEqual(['1:0']);
  });

  test('one that shows the packets of any near one is left out', () => {
    const later = new Map([
      [12, 0],
      [14, 0],
    ]);
    const rotated = seen(2, 0, { ...near, samples: later });
    expect(leftOut(seen(0, 0, near), rotated, seen(1, 0, far))).toEqual(['1:0']);
    expect(leftOut(seen(0, 0, near), rotated, seen(1, 0, { ...far, samples: later }))).toEqual(['1:0']);
  });
});

describe('a connection between two hosts is counted at', () => {
  const toGateway = { addresses: ['client', 'gateway'], localSide: 1 } as const;
  const toUpstream = { addresses: ['gateway', 'upstream'], localSide: 0 } as const;
  const atUpstream = { addresses: ['gateway', 'upstream'], localSide: 1 } as const;

  test('the one that passes on more: what it accepted or opened, whichever is less', () => {
    const upstreamOpens = (bytes: number): string[] =>
      leftOut(
        seen(0, 0, { ...toGateway, bytes: 500 }),
        seen(0, 1, { ...toUpstream, bytes: 400 }),
        seen(1, 1, { ...atUpstream, bytes: 400 }),
        seen(1, 2, { addresses: ['upstream', 'database'], localSide: 0, bytes }),
      );
    expect(upstreamOpens(0)).toEqual(['1:1']);
    expect(upstreamOpens(399)).toEqual(['1:1']);
  });

  test('the upstream, where that is the gateway, and its client only a busy one', () => {
    const sightings = [
      seen(0, 0, { ...toUpstream, bytes: 900 }),
      seen(1, 0, { ...atUpstream, bytes: 900 }),
      seen(1, 1, { addresses: ['upstream', 'database'], localSide: 0, bytes: 300 }),
    ];
    const servesLess = seen(0, 2, { ...toGateway, bytes: 299 });
    const servesMore = seen(0, 2, { ...toGateway, bytes: 301 });
    expect(leftOut(...sightings)).toEqual(['0:0']);
    expect(leftOut(...sightings, servesLess)).toEqual(['0:0']);
    expect(leftOut(...sightings, servesMore)).toEqual(['1:0']);
  });

  test('a host by all its files: one of them shows clients, the other upstreams', () => {
    const leftOutWith = (clientSide: Partial<Sighting>): string[] =>
      leftOut(
        seen(0, 0, { ...toGateway, bytes: 500, ...clientSide }),
        seen(2, 1, { ...toUpstream, bytes: 400 }),
        seen(1, 1, { ...atUpstream, bytes: 400 }),
        seen(1, 2, { addresses: ['upstream', 'database'], localSide: 0, bytes: 10 }),
      );
    expect(leftOutWith({})).toEqual(['1:1']);
    // Of a host of its own, that file says nothing of what the gateway accepts.
    expect(leftOutWith({ addresses: ['client', 'stranger'] })).toEqual(['2:1']);
    expect(leftOutWith({ localSide: 0 })).toEqual(['2:1']);
  });

  test('the one with more connections, where neither passes anything on', () => {
    const ends = [seen(0, 0, toUpstream), seen(1, 0, atUpstream)];
    expect(leftOut(...ends, seen(0, 1, toUpstream))).toEqual(['1:0']);
    expect(leftOut(...ends, seen(1, 1, atUpstream))).toEqual(['0:0']);
    expect(leftOut(...ends, seen(1, 1, { ...atUpstream, localSide: null }))).toEqual(['0:0']);
  });

  test('the one that opened it, where all else is equal', () => {
    expect(leftOut(seen(0, 0, toUpstream), seen(1, 0, atUpstream))).toEqual(['1:0']);
    expect(leftOut(seen(0, 0, { ...toUpstream, server: 0 }), seen(1, 0, { ...atUpstream, server: 0 }))).toEqual([
      '0:0',
    ]);
  });
});

describe('what a far file shows is left out', () => {
  const ends = (aheadNs: number): [Sighting, Sighting] => {
    const [near0, near1] = passing(aheadNs);
    return [seen(0, 0, { ...near0, localSide: 0 }), seen(1, 0, { ...near1, localSide: 1 })];
  };

  test('while the near one lasts, with a margin for the way of a packet', () => {
    // 1 ms on the way there, 1 ms less on the way back, and 1 ms for one that was slower: 3 ms; by its clock 1 ms more.
    expect(nearness(ends(0)).elsewhere).toEqual([{ row: 1, file: 1, fromNs: -4 * MS, toNs: 10 * SECOND + 4 * MS }]);
  });

  test("where its clock is ahead or behind, while the near one's last by either clock", () => {
    const [ahead] = nearness(ends(5 * SECOND)).elsewhere;
    expect([ahead?.fromNs, ahead?.toNs]).toEqual([-3 * MS, 15 * SECOND + 4 * MS]);
    const [behind] = nearness(ends(-5 * SECOND)).elsewhere;
    expect([behind?.fromNs, behind?.toNs]).toEqual([-5 * SECOND - 4 * MS, 10 * SECOND + 3 * MS]);
  });

  test('from the first to the last of several near ones', () => {
    const rotated = seen(2, 0, {
      localSide: 0,
      samples: new Map([
        [12, 0],
        [14, 0],
      ]),
    });
    const [cover] = nearness([...ends(0), rotated], { 2: { fromNs: 20 * SECOND, toNs: 30 * SECOND } }).elsewhere;
    expect([cover?.fromNs, cover?.toNs]).toEqual([-4 * MS, 30 * SECOND + MS]);
    const [early] = nearness([...ends(0), rotated], { 2: { fromNs: -9 * SECOND, toNs: -SECOND } }).elsewhere;
    expect([early?.fromNs, early?.toNs]).toEqual([-9 * SECOND - MS, 10 * SECOND + 4 * MS]);
  });

  test('with no margin for the packet that agrees with one of another time by chance', () => {
    const rotated = seen(2, 0, {
      localSide: 0,
      samples: new Map([
        [2, -HOUR],
        [14, 0],
      ]),
    });
    const [cover] = nearness([...ends(0), rotated]).elsewhere;
    expect(cover?.fromNs).toBe(-4 * MS);
  });

  test('with no margin for the one most distant of ten', () => {
    const [near, far] = ends(0);
    const more = (file: number, samples: Sighting['samples']): Sighting =>
      seen(file, 1, { localSide: file === 0 ? 0 : 1, samples });
    const odd = new Map(far.samples).set(2, HOUR);
    const [cover] = nearness([near, far, more(0, near.samples), more(1, odd)]).elsewhere;
    expect([cover?.fromNs, cover?.toNs]).toEqual([-4 * MS, 10 * SECOND + 4 * MS]);
    const early = new Map(far.samples).set(3, -HOUR);
    const [other] = nearness([near, far, more(0, near.samples), more(1, early)]).elsewhere;
    expect([other?.fromNs, other?.toNs]).toEqual([-4 * MS, 10 * SECOND + 4 * MS]);
  });
});

describe('how far a clock is ahead', () => {
  const clocks = (aheadNs: number): ReadonlyMap<number, number> => {
    const [near0, near1] = passing(aheadNs);
    return nearness([seen(0, 0, { ...near0, localSide: 0 }), seen(1, 0, { ...near1, localSide: 1 })]).aheadNs;
  };

  test('is the middle of what packets tell, and nothing where the way alone could make it so', () => {
    expect(clocks(5 * SECOND)).toEqual(new Map([[1, 5 * SECOND]]));
    expect(clocks(-HOUR)).toEqual(new Map([[1, -HOUR]]));
    expect(clocks(MS / 2)).toEqual(new Map([[1, 0]]));
    expect(clocks(MS)).toEqual(new Map([[1, 0]]));
    expect(clocks(-MS)).toEqual(new Map([[1, 0]]));
  });

  test('is told of files that are not the nearest of any connection', () => {
    const [near0, near1] = passing(5 * SECOND);
    const inner = { addresses: ['server', 'database'] } as const;
    const chain = [
      seen(0, 0, { addresses: ['browser', 'client'], localSide: 1, bytes: 900 }),
      seen(0, 1, { ...near0, localSide: 0, bytes: 900 }),
      seen(1, 1, { ...near1, localSide: 1, bytes: 900 }),
      seen(1, 2, { ...inner, localSide: 0 }),
      seen(2, 2, { ...inner, localSide: 1 }),
    ];
    expect(leftOut(...chain)).toEqual(['1:1', '2:2']);
    expect(nearness(chain).aheadNs).toEqual(new Map([[2, 0]]));
  });

  test('is told of none where nothing is left out', () => {
    expect(nearness([seen(0, 0), seen(1, 1)])).toEqual({ elsewhere: [], aheadNs: new Map() });
  });
});
