import { expect, test, vi } from 'vitest';
import { type Feed, FedSource } from '../../src/capture/fed-source.ts';

const collect = vi.hoisted(() => vi.fn());
vi.mock('../../src/capture/collect.ts', () => ({ engineCollector: () => collect }));

const MIB = 1024 * 1024;

async function* chunksOf(count: number): AsyncGenerator<Uint8Array, void> {
  for (let nth = 0; nth < count; nth++) yield await Promise.resolve(new Uint8Array(MIB).fill(nth));
}

function feedOf(chunks: number): Feed {
  return {
    path: 'fed',
    sizeBytes: null,
    compression: null,
    bytesRead: 0,
    damage: undefined,
    chunks: chunksOf(chunks),
    close: () => undefined,
  };
}

test('the chunks of 8 MiB that were read whole are collected together; those that wait are not counted', async () => {
  const source = new FedSource(feedOf(20));
  const into = new Uint8Array(MIB / 2);
  const collectedAt: number[] = [];
  for (let halves = 1; halves <= 40; halves++) {
    await source.arrive(3 * MIB);
    expect(source.read(into, 0, into.length)).toBe(into.length);
    expect(into[0]).toBe((halves - 1) >> 1);
    if (collect.mock.calls.length > collectedAt.length) collectedAt.push(halves);
  }
  expect(collectedAt).toEqual([16, 32]);
  expect(collect.mock.calls).toEqual([[{ type: 'minor' }], [{ type: 'minor' }]]);
});
