import { expect, test } from 'vitest';
import { Asides } from '../../src/cli/asides.ts';

const described = { file: 0, vantage: 0, linkType: 1, snapLength: 0, name: null, resolutionDigits: 6 } as const;
const MIB = 1024 * 1024;

test('secrets that have no room are left out, and take none from those that have', () => {
  const asides = new Asides();
  for (const bytes of [3 * MIB, 2 * MIB, 1 * MIB, 1]) asides.addSecrets(new Uint8Array(bytes));
  expect(asides.secrets.map(({ length }) => length)).toEqual([3 * MIB, MIB]);
});

test('names of interfaces and hosts share one bound: an interface goes on without its name, a host goes', () => {
  const asides = new Asides();
  asides.addInterface({ ...described, name: 'n'.repeat(MIB - 5) });
  asides.addInterface({ ...described, vantage: 1, name: 'eth0-long' });
  asides.addNames([
    { type: 1, value: new Uint8Array(9) },
    { type: 1, value: new Uint8Array(5) },
  ]);
  expect(asides.interfaces.map(({ name }) => name?.length ?? null)).toEqual([MIB - 5, null]);
  expect(asides.names.map(({ value }) => value.length)).toEqual([5]);
});

test('there are no more names than 4,096, and no more interfaces than four full sections have', () => {
  const asides = new Asides();
  asides.addNames(Array.from({ length: 5000 }, () => ({ type: 1, value: new Uint8Array(8) })));
  for (let vantage = 0; vantage < 300_000; vantage++) asides.addInterface({ ...described, vantage });
  expect([asides.names.length, asides.interfaces.length]).toEqual([4096, 262_144]);
});
