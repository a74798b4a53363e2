import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('upstream-closed', () => {
  test('a FIN that was not passed on: the client waits on', () => {
    const built = watching().closes('fin', 'upstream', 50).closes('fin', 'gateway', 50.01).end(600);
    expect(findingsIn(built, 'upstream-closed')).toMatchObject([
      { severity: 'critical', connection: 'u1', args: { streams: 1, waitedNs: 550e9 } },
    ]);
  });

  test('the GOAWAY before it is told with it', () => {
    const built = watching().goaway('upstream', 49, 3).closes('fin', 'upstream', 50).end(600);
    const [finding] = findingsIn(built, 'upstream-closed');
    expect(finding?.packets.map(({ timeNs }) => timeNs / 1e9)).toEqual([49, 50]);
  });

  test('passed on at once it is how connections end', () => {
    const built = watching().closes('fin', 'upstream', 50).on('c1').resetsStream(7, 'gateway', 50.1).end(600);
    expect(findingsIn(built, 'upstream-closed')).toEqual([]);
  });

  test('where the capture ends within a second, the client may be told in time', () => {
    expect(findingsIn(watching().closes('fin', 'upstream', 50).end(50.9), 'upstream-closed')).toEqual([]);
  });
});
