import { describe, expect, test } from 'vitest';
import type { Connection, Mark, Window } from '../../src/report/index.ts';
import { storyOf } from '../../src/report/words/story.ts';
import { unnoticedFacts } from '../../src/report/words/unnoticed.ts';
import { endedText } from '../../src/report/words/window-end.ts';
import { composed, gatewayMute, recovered } from './scenarios.ts';

const { windows, connections } = composed(recovered());
const [given] = windows;
const upstream = connections.find(({ id }) => id === given?.upstream);
if (given === undefined || upstream === undefined) throw new Error('the story has a window');

/** Of the gateway or the upstream, at this packet. */
function finBy(by: Mark['by'], packet: number): Partial<Connection> {
  const at = given?.end.at ?? '';
  return { marks: [{ packet, at, by, kind: 'fin', count: 1, until: at, lastPacket: packet }], resets: [] };
}

describe('a gateway that gave up', () => {
  const KEPT = { closed: { how: 'open', by: null, at: null, packet: null }, resets: [], marks: [] } as const;

  test.each([
    ['closed the upstream connection with that packet', {}, 'the gateway gave the upstream connection up'],
    [
      'sent a FIN, whatever the upstream did',
      { ...KEPT, ...finBy('client', 82) },
      'the gateway gave the upstream connection up',
    ],
    [
      'told the client with another packet',
      { ...KEPT, ...finBy('client', 81) },
      'the gateway gave it up and told the client',
    ],
    [
      'did not close what the upstream closed',
      { ...KEPT, ...finBy('server', 82) },
      'the gateway gave it up and told the client',
    ],
    [
      'in another file',
      { ...KEPT, ...finBy('client', 82), resets: [{ by: 'client', at: '', packet: 82, file: 1 }], marks: [] },
      'the gateway gave it up and told the client',
    ],
  ] as const)('%s', (_what, change, says) => {
    expect(endedText(given, { ...upstream, ...(change as Partial<Connection>) })).toBe(says);
  });

  test('of a connection that is not in the report nothing more is known', () => {
    expect(endedText(given, undefined)).toBe('the gateway gave it up and told the client');
    expect(endedText({ end: { ...given.end, how: 'healed' } }, undefined)).toBe('the upstream answered again');
  });
});

describe('who was heard again', () => {
  const report = composed(gatewayMute());
  const byId = new Map(report.connections.map((leg) => [leg.id, leg]));
  const mute = report.windows[0];
  if (mute === undefined) throw new Error('the story has a window');
  const to = '2026-11-23T10:05:00.000000Z';
  const healed: Window = { ...mute, to, open: false, end: { how: 'healed', at: to, packet: 130 } };

  test('was silent until then only', () => {
    expect(storyOf(healed, byId, [])).toMatch(
      /^The last packet of the gateway on u1 before this is at 10:00:34\.300\./,
    );
    expect(storyOf(mute, byId, [])).toMatch(/^The last packet of the gateway on u1 is at 10:00:34\.300\./);
    expect(Object.fromEntries(unnoticedFacts(healed, byId))['gateway']).toBe(
      'none of its packets on u1 is in the capture after 10:00:34.300 until 10:05:00.000: what it tried then is not seen',
    );
  });
});
