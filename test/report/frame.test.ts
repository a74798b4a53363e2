import { expect, test } from 'vitest';
import { timeAt, type Frame } from '../../src/report/compose/frame.ts';

const NS = 1_000;

function frame(): Frame {
  return { baseNs: 0n, digits: 6, manyFiles: false, paths: [], told: new Map() };
}

test('a moment has the same text however often and in whichever order moments are told', () => {
  const one = frame();
  const moments = Array.from({ length: 1_000 }, (_, at) => at * NS);
  const texts = moments.map((ns) => timeAt(frame(), ns));
  expect(new Set(texts).size).toBe(moments.length);
  for (const order of [moments, moments.toReversed(), moments]) {
    for (const ns of order) expect(timeAt(one, ns)).toBe(texts[ns / NS]);
  }
});

test('only the last few texts are held on to', () => {
  const one = frame();
  for (let at = 0; at < 1_000; at++) timeAt(one, at);
  expect(one.told.size).toBeGreaterThan(1);
  expect(one.told.size).toBeLessThanOrEqual(64);
});
