import { setImmediate } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { letGoOfPass } from '../../src/cli/let-go.ts';
import type { Trace } from '../../src/trace/index.ts';
import { trace } from '../build/trace.ts';

function ofConnections(count: number): Trace {
  const one = trace().client('c1').list(1, { at: 1 }).end(10);
  return { ...one, connections: Array.from({ length: count }, () => one.connections).flat() };
}

function unreferenced(): WeakRef<object> {
  return new WeakRef({ held: new Float64Array(1_000) });
}

test('of very many connections what nobody refers to is collected at once, and the engine is left as it was', async () => {
  const gone = unreferenced();
  // What was made in this turn is kept until it ends.
  await setImmediate();
  letGoOfPass(ofConnections(2_000));
  expect(gone.deref()).toBeUndefined();
  expect(globalThis.gc).toBeUndefined();
});

test('a small capture does not wait for that', async () => {
  const kept = unreferenced();
  await setImmediate();
  letGoOfPass(ofConnections(1_999));
  expect(kept.deref()).toBeDefined();
});
