import { describe, expect, test } from 'vitest';
import type { Flow, ResetMarks } from '../../../src/trace/index.ts';
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

  describe('behind which its side sends on', () => {
    const spokeOn = { file: 0, packet: 4, timeNs: 52e9 };

    test('is not from the host that has the connection still: perhaps from a firewall of its own', () => {
      const built = watching().closes('rst', 'upstream', 50, { spokeOn }).end(600);
      expect(findingsIn(built, 'reset-not-from-peer')).toMatchObject([
        { severity: 'info', args: { ttl: 64, usualTtl: 64, spokeOnNs: 2e9 }, packets: [{}, { packet: 4 }] },
      ]);
    });

    test('is not said to differ from packets among which its TTL is found', () => {
      const built = watching()
        .flow('upstream', { ttl: { min: 63, max: 64 } })
        .closes('rst', 'upstream', 50, { ttl: 63, spokeOn });
      expect(findingsIn(built.end(600), 'reset-not-from-peer')).toMatchObject([
        { severity: 'info', args: { ttl: 63, usualTtl: 63 } },
      ]);
    });

    test.each([63, 66])('and that has come another way, with TTL %d, is from another host', (ttl) => {
      const built = watching().closes('rst', 'upstream', 50, { ttl, spokeOn }).end(600);
      expect(findingsIn(built, 'reset-not-from-peer')).toMatchObject([{ severity: 'warning', args: { ttl } }]);
    });
  });

  describe('a hop or two off, where all other packets came the same way', () => {
    const own = { ipId: 1023, lastIpId: 1022, window: 64, timestamps: true, usualTimestamps: true };
    const bare = { ...own, ipId: 0, window: 0, timestamps: false };
    const told = (ttl: number, marks: ResetMarks | undefined, flow: Partial<Flow> = {}) => {
      const story = watching().flow('upstream', { packets: 20, ...flow });
      const built = story.closes('rst', 'upstream', 50, marks === undefined ? { ttl } : { ttl, marks }).end(600);
      return findingsIn(built, 'reset-not-from-peer').map(({ severity }) => severity);
    };

    test.each([62, 63, 65, 66])("TTL %d and nothing of the connection's own: it may not be the peer's", (ttl) => {
      expect(told(ttl, bare)).toEqual(['info']);
    });

    test.each([
      ['timestamps that are missing tell', { ...own, timestamps: false }, ['info']],
      ['an identification that does not go on tells', { ...own, ipId: 0 }, ['info']],
      ['one that goes on does not, across the wrap too', { ...own, lastIpId: 65_535, ipId: 3 }, []],
      ['all identifications 0 do not', { ...own, lastIpId: 0, ipId: 0 }, []],
      ['IPv6 without a mark does not', { ...own, lastIpId: null, ipId: null }, []],
      ['timestamps that nobody had agreed on do not', { ...own, timestamps: false, usualTimestamps: false }, []],
      ['nothing known tells nothing', undefined, []],
    ] as const)('%s', (_, marks, expected) => {
      expect(told(63, marks)).toEqual(expected);
    });

    test('tells nothing with the same TTL, after changes of the way, or of hardly any packets', () => {
      expect(told(64, bare)).toEqual([]);
      expect(told(65, bare, { ttl: { min: 63, max: 64 } })).toEqual([]);
      // The RST itself is one of the packets.
      expect(told(65, bare, { packets: 6 })).toEqual([]);
      expect(told(65, bare, { packets: 7 })).toEqual(['info']);
    });
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
