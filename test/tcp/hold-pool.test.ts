import { describe, expect, test } from 'vitest';
import { HoldPool, NODE_BYTES } from '../../src/tcp/hold-pool.ts';

/** Bytes that tell where they stood, in a view that does not begin where its buffer does. */
function viewAt(offset: number, bytes: number): DataView {
  const buffer = Uint8Array.from({ length: offset + bytes + 7 }, (_, n) => (n * 31) & 0xff).buffer;
  return new DataView(buffer, offset, bytes);
}

function bytesOf(view: DataView, at: number, bytes: number): string {
  return Buffer.from(view.buffer, view.byteOffset + at, bytes).toString('hex');
}

test.each([1, 3, 4, 255, 256, 257, 1448, NODE_BYTES])('%i bytes are copied, and none beside them', (bytes) => {
  const pool = new HoldPool();
  // Two sources in turn, and enough nodes for the pool to grow on the way.
  for (let n = 1; n <= 70; n++) {
    const view = viewAt(n % 5, bytes + 9);
    const node = pool.take(0);
    pool.copy(node, view, 9, bytes);
    expect(bytesOf(pool.view, node * NODE_BYTES, bytes)).toBe(bytesOf(view, 9, bytes));
    if (bytes < NODE_BYTES) expect(pool.view.getUint8(node * NODE_BYTES + bytes)).toBe(0);
  }
  expect(bytesOf(pool.view, NODE_BYTES, bytes)).toBe(bytesOf(viewAt(1, bytes + 9), 9, bytes));
});

describe('nodes', () => {
  test('are as many as asked for less the one that stands for none, and what is given back is taken first', () => {
    const pool = new HoldPool(4);
    expect([pool.take(0), pool.take(0), pool.take(0), pool.take(0)]).toEqual([1, 2, 3, 0]);
    pool.give(1);
    pool.give(3);
    expect([pool.take(0), pool.take(0), pool.take(0)]).toEqual([3, 1, 0]);
  });

  test('begin a chain of their own, whatever they were part of', () => {
    const pool = new HoldPool(4);
    const node = pool.take(0);
    pool.next[node] = pool.take(0);
    pool.give(node);
    expect(pool.next[pool.take(0)]).toBe(0);
  });
});

describe('who gives way', () => {
  test('is another flow each time, in turn', () => {
    const pool = new HoldPool();
    for (const flow of [10, 20, 30]) pool.take(flow);
    expect(Array.from({ length: 5 }, () => pool.victim())).toEqual([10, 20, 30, 10, 20]);
  });

  test('is a flow that holds something, flow 0 too', () => {
    const pool = new HoldPool();
    const [first, second] = [pool.take(10), pool.take(0)];
    pool.give(first);
    expect([pool.victim(), pool.victim()]).toEqual([0, 0]);
    pool.give(second);
    expect(pool.victim()).toBe(-1);
    pool.take(7);
    expect(pool.victim()).toBe(7);
  });
});
