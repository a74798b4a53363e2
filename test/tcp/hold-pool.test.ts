import { expect, test } from 'vitest';
import { HoldPool, NODE_BYTES } from '../../src/tcp/hold-pool.ts';

/** Bytes that tell where they stood, in a view that does not begin where its buffer does. */
function viewAt(offset: number, bytes: number): DataView {
  const buffer = Uint8Array.from({ length: offset + bytes + 7 }, (_, n) => (n * 31) & 0xff).buffer;
  return new DataView(buffer, offset, bytes);
}

test.each([1, 3, 4, 255, 256, 257, 1448, NODE_BYTES])('%i bytes are copied, and none beside them', (bytes) => {
  const pool = new HoldPool();
  // Two sources in turn, and enough nodes for the pool to grow on the way.
  for (let n = 1; n <= 70; n++) {
    const view = viewAt(n % 5, bytes + 9);
    const node = pool.take(0);
    pool.copy(node, view, 9, bytes);
    const copied = Array.from({ length: bytes }, (_, at) => pool.view.getUint8(node * NODE_BYTES + at));
    expect(copied).toEqual(Array.from({ length: bytes }, (_, at) => view.getUint8(9 + at)));
    if (bytes < NODE_BYTES) expect(pool.view.getUint8(node * NODE_BYTES + bytes)).toBe(0);
  }
  const first = Array.from({ length: bytes }, (_, at) => pool.view.getUint8(NODE_BYTES + at));
  expect(first).toEqual(Array.from({ length: bytes }, (_, at) => viewAt(1, bytes + 9).getUint8(9 + at)));
});
