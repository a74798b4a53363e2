import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('reset-not-from-peer', () => {
  test("a RST whose TTL does not fit the peer's other packets", () => {
    const built = watching().closes('rst', 'upstream', 50, { ttl: 255 }).end(600);
    expect(findingsIn(built, 'reset-not-from-peer')).toMatchObject([
      { severity: 'warning', connection: 'u1', args: { ttl: 255, usualTtl: 64 } },
    ]);
  });

  test('with what else it bears, and what the peer bore before', () => {
    const marks = { ipId: 54_321, lastIpId: 1022, window: 0, timestamps: false, usualTimestamps: true };
    const built = watching().closes('rst', 'upstream', 50, { ttl: 255, marks }).end(600);
    expect(findingsIn(built, 'reset-not-from-peer')).toMatchObject([{ args: { ...marks, ttl: 255 } }]);
    // A host's own reset may differ in all of these.
    const own = watching().closes('rst', 'upstream', 50, { ttl: 64, marks }).end(600);
    expect(findingsIn(own, 'reset-not-from-peer')).toEqual([]);
  });

  test.each([62, 64, 66])('TTL %d is within what a change of route does', (ttl) => {
    const built = watching().closes('rst', 'upstream', 50, { ttl }).end(600);
    expect(findingsIn(built, 'reset-not-from-peer')).toEqual([]);
  });

  test.each([61, 67])('TTL %d is not', (ttl) => {
    const built = watching().closes('rst', 'upstream', 50, { ttl }).end(600);
    expect(findingsIn(built, 'reset-not-from-peer')).toHaveLength(1);
  });

  test('where no other packet of that side was seen, there is nothing to compare with', () => {
    const built = watching().flow('upstream', { ttl: null }).closes('rst', 'upstream', 50, { ttl: 255 }).end(600);
    expect(findingsIn(built, 'reset-not-from-peer')).toEqual([]);
  });
});
