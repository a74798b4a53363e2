import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ipv4Text, ipv6Text, parseIpv4, parseIpv6 } from '../../../src/report/anonymize/address-text.ts';
import type { Digest } from '../../../src/report/anonymize/digest.ts';
import { Ipv4Book } from '../../../src/report/anonymize/ipv4-book.ts';
import { Ipv6Book } from '../../../src/report/anonymize/ipv6-book.ts';
import { NameBook } from '../../../src/report/anonymize/name-book.ts';
import { NoRoomError } from '../../../src/report/anonymize/no-room.ts';

const keyed =
  (key: string): Digest =>
  (text) =>
    Uint8Array.from(createHmac('sha256', key).update(text).digest());

const DIGESTS: readonly (readonly [name: string, digest: Digest | null])[] = [
  ['without a key', null],
  ['with a key', keyed('a key of this test')],
];

const RANGE = 0xc6120000;
const isIn = (address: number): boolean => address >>> 17 === RANGE >>> 17;
const number = (text: string): number => parseIpv4(text) ?? Number.NaN;

/** Addresses as networks have them: few /24, many hosts, now and then of the range that stand-ins come from. */
const ipv4 = fc
  .tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 255 }), fc.boolean())
  .map(([network, host, inRange]) => ((inRange ? RANGE : 0x0a090000) + network * 256 + host) >>> 0);

describe.each(DIGESTS)('IPv4 %s', (_name, digest) => {
  test('never two for one, the same /24 where it was the same, and only there', () => {
    fc.assert(
      fc.property(fc.uniqueArray(ipv4, { maxLength: 200 }), (originals) => {
        const book = new Ipv4Book(originals, digest);
        const told = originals.map((original) => ({ original, standIn: book.standIn(original) }));
        expect(new Set(told.map(({ standIn }) => standIn)).size).toBe(originals.length);
        const networks = new Map(told.map(({ original, standIn }) => [original >>> 8, standIn >>> 8]));
        expect(new Set(networks.values()).size).toBe(networks.size);
        for (const { original, standIn } of told) expect(standIn >>> 8).toBe(networks.get(original >>> 8));
      }),
    );
  });

  test('from 198.18.0.0/15, and never from a /24 that was seen', () => {
    fc.assert(
      fc.property(fc.uniqueArray(ipv4, { maxLength: 200 }), (originals) => {
        const book = new Ipv4Book(originals, digest);
        const seen = new Set(originals.map((original) => original >>> 8));
        for (const original of originals) {
          const standIn = book.standIn(original);
          expect(isIn(standIn)).toBe(true);
          expect(seen.has(standIn >>> 8)).toBe(false);
        }
      }),
    );
  });

  test('the same for the same, however often it is asked for', () => {
    const book = new Ipv4Book([], digest);
    const first = book.standIn(number('10.1.2.3'));
    book.standIn(number('10.1.2.4'));
    expect(book.standIn(number('10.1.2.3'))).toBe(first);
  });

  test('the network and everybody in it stay so; nobody and everybody are nobody in particular', () => {
    const book = new Ipv4Book([], digest);
    expect(book.standIn(number('10.1.2.0')) & 255).toBe(0);
    expect(book.standIn(number('10.1.2.255')) & 255).toBe(255);
    for (const text of ['0.0.0.0', '255.255.255.255']) expect(ipv4Text(book.standIn(number(text)))).toBe(text);
  });

  test('512 networks have room, the next one ends it with a line', () => {
    const originals = Array.from({ length: 513 }, (_, i) => 0x0b000001 + i * 256);
    const book = new Ipv4Book(originals.slice(0, 512), digest);
    const standIns = originals.slice(0, 512).map((original) => book.standIn(original));
    expect(new Set(standIns.map((standIn) => standIn >>> 8)).size).toBe(512);
    expect(() => book.standIn(originals[512] ?? 0)).toThrow(NoRoomError);
    expect(() => book.standIn(originals[512] ?? 0)).toThrow(/^cannot be anonymised: 198\.18\.0\.0\/15 has no room/);
    expect(book.standIn(originals[7] ?? 0)).toBe(standIns[7]);
  });

  test('networks that were seen leave less room', () => {
    const others = Array.from({ length: 511 }, (_, i) => 0x0b000001 + i * 256);
    const all = (count: number): number[] => {
      const originals = [RANGE + 1, ...others.slice(0, count)];
      const book = new Ipv4Book(originals, digest);
      return originals.map((original) => book.standIn(original));
    };
    expect(new Set(all(510)).size).toBe(511);
    expect(() => all(511)).toThrow(NoRoomError);
  });

  test('a range that is met when it already stands for another ends it with a line', () => {
    const book = new Ipv4Book([], digest);
    const standIn = book.standIn(number('10.1.2.3'));
    expect(() => book.standIn(standIn)).toThrow(/the capture itself has addresses of 198\.1[89]\.\d+\.0\/24/);
  });
});

/** /64s of a site and of the range that stand-ins come from, with hosts of all sizes. */
const ipv6 = fc
  .tuple(fc.bigInt({ min: 0n, max: 8n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.boolean())
  .map(([network, host, inRange]) => ({
    network: (inRange ? 0x20010db800000000n : 0x2a00000100000000n) + network,
    host,
  }));

describe.each(DIGESTS)('IPv6 %s', (_name, digest) => {
  test('never two for one, the same /64 where it was the same, from 2001:db8::/32, never from a /64 that was seen', () => {
    const by = { selector: ipv6Text };
    fc.assert(
      fc.property(fc.uniqueArray(ipv6, { ...by, maxLength: 100 }), (originals) => {
        const book = new Ipv6Book(originals, digest);
        const told = originals.map((original) => ({ original, standIn: book.standIn(original) }));
        expect(new Set(told.map(({ standIn }) => ipv6Text(standIn))).size).toBe(originals.length);
        const networks = new Map(told.map(({ original, standIn }) => [original.network, standIn.network]));
        expect(new Set(networks.values()).size).toBe(networks.size);
        for (const { original, standIn } of told) {
          expect(standIn.network).toBe(networks.get(original.network));
          expect(standIn.network >> 32n).toBe(0x20010db8n);
          expect(networks.has(standIn.network)).toBe(false);
        }
      }),
    );
  });

  test('a range that is met when it already stands for another ends it with a line', () => {
    const book = new Ipv6Book([], digest);
    const standIn = book.standIn({ network: 0x2a00n << 48n, host: 1n });
    expect(() => book.standIn(standIn)).toThrow(NoRoomError);
  });
});

describe('a key', () => {
  const SITE = ['10.1.2.3', '10.1.2.4', '10.1.9.3', '192.168.7.7'].map(number);

  test('gives the same stand-ins whatever else the capture has, and in whatever order', () => {
    const digest = keyed('of two files');
    const [first] = SITE;
    const alone = new Ipv4Book([first ?? 0], digest).standIn(first ?? 0);
    const book = new Ipv4Book(SITE, digest);
    const backward = new Ipv4Book(SITE.toReversed(), digest);
    expect(SITE.toReversed().map((address) => backward.standIn(address))).toEqual(
      SITE.map((address) => book.standIn(address)).toReversed(),
    );
    expect(book.moved).toBe(0);
    expect(book.standIn(first ?? 0)).toBe(alone);
  });

  test('another key gives others', () => {
    const [one, other] = ['one', 'other'].map((key) => {
      const book = new Ipv4Book(SITE, keyed(key));
      return SITE.map((address) => ipv4Text(book.standIn(address)));
    });
    expect(one).not.toEqual(other);
  });

  test('says how many networks had to make way for others', () => {
    const many = Array.from({ length: 300 }, (_, i) => 0x0b000001 + i * 256);
    expect(new Ipv4Book(many, keyed('of many')).moved).toBeGreaterThan(0);
  });
});

describe('names', () => {
  test('are counted by kind, the same for the same', () => {
    const names = new NameBook(null);
    expect(['a', 'b', 'a'].map((name) => names.standIn('ns', name))).toEqual(['ns-1', 'ns-2', 'ns-1']);
    expect(names.standIn('name', 'a')).toBe('name-1');
  });

  test('with a key are the same in every run, and never two for one where digests begin alike', () => {
    const [one, other] = [1, 2].map(() => new NameBook(keyed('k')).standIn('ns', 'payments'));
    expect(one).toMatch(/^ns-[0-9a-f]{8}$/);
    expect(other).toBe(one);
    const alike = new NameBook((text) => Uint8Array.from({ length: 32 }, (_, i) => (i < 6 ? 7 : text.charCodeAt(5))));
    expect(alike.standIn('ns', 'xa')).not.toBe(alike.standIn('ns', 'xb'));
  });
});

describe('addresses as text', () => {
  test('IPv6 in all its forms is the same address', () => {
    const forms = ['2001:db8::1', '2001:DB8:0:0:0:0:0:1', '2001:db8:0::0.0.0.1'];
    for (const form of forms) expect(ipv6Text(parseIpv6(form) ?? { network: 0n, host: 0n })).toBe('2001:db8::1');
  });

  test.each([
    '',
    ':',
    ':::',
    '1::2::3',
    '1:2:3:4:5:6:7',
    '1:2:3:4:5:6:7:8:9',
    'g::',
    '1.2.3.4.5',
    '1.2.3.256',
    '23:05:22',
  ])('%s is none', (text) => {
    expect(parseIpv4(text)).toBeNull();
    expect(parseIpv6(text)).toBeNull();
  });

  test('what was read is written back', () => {
    fc.assert(
      fc.property(fc.ipV6(), (text) => {
        expect(parseIpv6(text)).not.toBeNull();
      }),
    );
    fc.assert(
      fc.property(fc.ipV4(), (text) => {
        expect(ipv4Text(number(text))).toBe(text);
      }),
    );
  });
});
