import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { LiveStream } from '../../src/trace/live-stream.ts';
import { hashOf, type WaitingLink, WaitingRequests } from '../../src/trace/waiting-requests.ts';

function keysOf(requests: WaitingRequests, key: string): LiveStream[] {
  const found: LiveStream[] = [];
  for (let link: WaitingLink | null = requests.chain(hashOf(key)); link !== null; link = link.older) {
    if (link.key === key) found.push(link.stream);
  }
  return found;
}

describe('requests that wait to be passed on', () => {
  test('the newest of a key first', () => {
    const requests = new WaitingRequests();
    const [a, b] = [new LiveStream(), new LiveStream()];
    requests.add('/pods', hashOf('/pods'), a.byPath);
    requests.add('/pods', hashOf('/pods'), b.byPath);
    expect(keysOf(requests, '/pods')).toEqual([b, a]);
  });

  test('removing what is not in does nothing', () => {
    const requests = new WaitingRequests();
    const stream = new LiveStream();
    requests.remove(stream.byPath);
    requests.add('/pods', hashOf('/pods'), stream.byPath);
    requests.remove(stream.byPath);
    requests.remove(stream.byPath);
    expect(keysOf(requests, '/pods')).toEqual([]);
  });

  test('property: the chains hold what a list would, keys of one bucket included', () => {
    // Keys that differ only before the hashed end fall into one bucket.
    const key = fc.constantFrom('/pods', '/nodes', `a${'x'.repeat(16)}`, `b${'x'.repeat(16)}`, '');
    fc.assert(
      fc.property(fc.array(fc.tuple(key, fc.option(fc.nat(10))), { maxLength: 60 }), (steps) => {
        const requests = new WaitingRequests();
        const model: { key: string; stream: LiveStream }[] = [];
        for (const [name, leaves] of steps) {
          const gone = leaves === null ? undefined : model[leaves];
          if (gone !== undefined) {
            requests.remove(gone.stream.byPath);
            model.splice(model.indexOf(gone), 1);
            continue;
          }
          const stream = new LiveStream();
          requests.add(name, hashOf(name), stream.byPath);
          model.push({ key: name, stream });
        }
        for (const name of new Set(steps.map(([each]) => each))) {
          const expected = model.filter((each) => each.key === name).map(({ stream }) => stream);
          expect(keysOf(requests, name)).toEqual(expected.toReversed());
        }
      }),
    );
  });

  test('a table that has grown several times keeps each chain newest first, and still lets go', () => {
    const requests = new WaitingRequests();
    const keys = Array.from({ length: 1_000 }, (_, i) => `/api/v1/namespaces/n${i}`);
    const asked = [0, 1, 2].flatMap(() => keys.map((key) => ({ key, stream: new LiveStream() })));
    for (const { key, stream } of asked) requests.add(key, hashOf(key), stream.byPath);
    for (const key of keys) {
      const expected = asked.filter((each) => each.key === key).map(({ stream }) => stream);
      expect(keysOf(requests, key)).toEqual(expected.toReversed());
    }
    for (const { stream } of asked) requests.remove(stream.byPath);
    expect(keys.flatMap((key) => keysOf(requests, key))).toEqual([]);
  });
});
