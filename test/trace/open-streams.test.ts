import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { LiveStream } from '../../src/trace/live-stream.ts';
import { OpenStreams } from '../../src/trace/open-streams.ts';

const moment = new Moment();

function stream(connection: number, id: number): LiveStream {
  const live = new LiveStream();
  live.reuse(connection, connection, id, 0, true, moment);
  return live;
}

test('property: adding, finding and removing are those of a Map', () => {
  const step = fc.record({ connection: fc.nat(3), id: fc.nat(12), remove: fc.boolean() });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
      const open = new OpenStreams();
      const model = new Map<string, LiveStream>();
      for (const { connection, id, remove } of steps) {
        const key = `${connection} ${id}`;
        const known = model.get(key);
        expect(open.find(connection, id)).toBe(known);
        if (known !== undefined && remove) {
          open.remove(known);
          model.delete(key);
        } else if (known === undefined) {
          const added = stream(connection, id);
          open.add(added);
          model.set(key, added);
        }
        expect(open.count).toBe(model.size);
      }
      expect(new Set(open.all())).toEqual(new Set(model.values()));
    }),
  );
});

test('streams of one bucket do not hide each other, in whatever order they leave', () => {
  const open = new OpenStreams();
  // 2^15 apart: the same bucket of up to 2^14, since odd numbers are halved.
  const same = [1, 1 + 2 ** 15, 1 + 2 ** 16].map((id) => stream(0, id));
  for (const one of same) open.add(one);
  const [first, middle, last] = same;
  if (first === undefined || middle === undefined || last === undefined) throw new Error('three were made');
  open.remove(middle);
  expect([open.find(0, first.id), open.find(0, middle.id), open.find(0, last.id)]).toEqual([first, undefined, last]);
  open.remove(first);
  open.remove(last);
  expect([...open.all()]).toEqual([]);
});

test('every stream is still found when the table has grown several times', () => {
  const open = new OpenStreams();
  const streams = Array.from({ length: 5_000 }, (_, i) => stream(i % 7, 2 * i + 1));
  for (const one of streams) open.add(one);
  expect(streams.filter((one) => open.find(one.connection, one.id) !== one)).toEqual([]);
  expect(new Set(open.all()).size).toBe(streams.length);
  for (const one of streams) open.remove(one);
  expect([...open.all()]).toEqual([]);
});
