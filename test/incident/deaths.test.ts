import { describe, expect, test } from 'vitest';
import { deathsOf } from '../../src/incident/deaths.ts';
import { buildIncident, DEFAULT_THRESHOLDS } from '../../src/incident/index.ts';
import { trace, type TraceBuilder } from '../build/trace.ts';
import { legNamed, watching } from './stories.ts';

/** `peer-silent 10-50`: cause, from, healed. */
function deaths(built: TraceBuilder, end = 600): string[] {
  const leg = legNamed(buildIncident(built.end(end)), 'u1');
  return deathsOf(leg, DEFAULT_THRESHOLDS).map(
    ({ cause, fromNs, healedAt }) => `${cause} ${fromNs / 1e9}-${healedAt === null ? '' : healedAt.timeNs / 1e9}`,
  );
}

function upstream(): TraceBuilder {
  return trace().client('c1').upstream('u1').speaks('upstream', 5);
}

describe('deaths by debts', () => {
  test('three tries over three seconds', () => {
    expect(deaths(upstream().mute('upstream', 10, 10.2, 10.6, 11.4), 13)).toEqual(['peer-silent 10-']);
    expect(deaths(upstream().mute('upstream', 10, 10.2, 10.6, 11.4), 12.9)).toEqual([]);
  });

  test('fewer tries, and the gateway gave up', () => {
    expect(deaths(upstream().mute('upstream', 10, 10.2, 10.6).closes('rst', 'gateway', 15))).toEqual([
      'peer-silent 10-',
    ]);
    expect(deaths(upstream().mute('upstream', 10, 10.2, 10.6).closes('fin', 'gateway', 15))).toEqual([
      'peer-silent 10-',
    ]);
  });

  test('not where it closed before anybody would have sent again: what looks like a try is a packet out of its order', () => {
    expect(deaths(upstream().mute('upstream', 10, 10.001).closes('rst', 'gateway', 10.1))).toEqual([]);
    expect(deaths(upstream().mute('upstream', 10, 10.001).closes('rst', 'gateway', 10.2))).toEqual(['peer-silent 10-']);
  });

  test('no try at all, and a close, is how connections end', () => {
    expect(deaths(upstream().mute('upstream', 10).closes('fin', 'gateway', 15))).toEqual([]);
  });

  test('a debt that was paid before the close was paid', () => {
    const built = upstream().mute('upstream', 10, 10.2, 10.6).answered(11).closes('rst', 'gateway', 15);
    expect(deaths(built)).toEqual([]);
  });

  test('healed at the first proof of life, though the acknowledgement took one more try', () => {
    const built = upstream().mute('upstream', 10, 11, 13, 17, 50).speaks('upstream', 40).answered(50.001);
    expect(deaths(built)).toEqual(['peer-silent 10-40']);
  });

  test('heard and never paid, however often it was tried again: dead one way', () => {
    const built = upstream().mute('upstream', 10, 11, 13, 17, 50, 60).speaks('upstream', 40).answered(60.001);
    expect(deaths(built)).toEqual(['path-one-way 10-60.001']);
  });

  test('debts of both sides that overlap are one death, healed when the last is paid', () => {
    const built = upstream().mute('upstream', 10, 11, 13, 17).answered(40).mute('gateway', 12, 13, 15, 19).answered(45);
    expect(deaths(built)).toEqual(['path-one-way 10-45']);
  });

  test('debts apart are deaths apart', () => {
    const built = upstream().mute('upstream', 10, 11, 13, 17).answered(40).mute('upstream', 50, 51, 53, 57);
    expect(deaths(built)).toEqual(['peer-silent 10-40', 'peer-silent 50-']);
  });

  test('a close after a death that never healed is part of it', () => {
    expect(deaths(upstream().mute('upstream', 10, 11, 13, 17).closes('rst', 'upstream', 60))).toEqual([
      'peer-silent 10-',
    ]);
  });

  test('a close after one that healed is a death of its own', () => {
    expect(deaths(upstream().mute('upstream', 10, 11, 13, 17).answered(40).closes('rst', 'upstream', 60))).toEqual([
      'peer-silent 10-40',
      'reset 60-',
    ]);
  });

  test('the thresholds are the user’s', () => {
    const leg = legNamed(buildIncident(upstream().mute('upstream', 10, 11, 12).end(600)), 'u1');
    expect(deathsOf(leg, { ...DEFAULT_THRESHOLDS, deadTries: 2 })).toHaveLength(1);
    expect(deathsOf(leg, DEFAULT_THRESHOLDS)).toEqual([]);
  });
});

describe('deaths by PING', () => {
  test('the gateway’s PING is not answered and it gives up within a minute', () => {
    expect(deaths(upstream().pingsInVain('gateway', 30).closes('rst', 'gateway', 90))).toEqual(['peer-silent 30-']);
    expect(deaths(upstream().pingsInVain('gateway', 30).closes('rst', 'gateway', 90.1))).toEqual([]);
  });

  test('not where it kept the connection, nor where the upstream closed', () => {
    expect(deaths(upstream().pingsInVain('gateway', 30))).toEqual([]);
    expect(deaths(upstream().pingsInVain('gateway', 30).closes('rst', 'upstream', 50))).toEqual(['reset 50-']);
  });

  test('an answer that came when the gateway had given up already changes nothing; one before it does', () => {
    const answered = (at: number): readonly string[] =>
      deaths(upstream().pingAnsweredLate('gateway', 30, at).closes('fin', 'gateway', 33));
    expect(answered(45)).toEqual(['peer-silent 30-']);
    expect(answered(32)).toEqual([]);
  });

  test('not while it sent other frames', () => {
    const events = (...times: readonly number[]): readonly string[] =>
      deaths(
        watching()
          .events(3, ...times)
          .pingsInVain('gateway', 30)
          .closes('fin', 'gateway', 50),
      );
    expect(events(20, 30.5)).toEqual(['peer-silent 30-']);
    expect(events(20, 40)).toEqual([]);
  });

  test('not by the upstream’s own PING', () => {
    expect(deaths(upstream().pingsInVain('upstream', 30).closes('rst', 'gateway', 50))).toEqual([]);
  });
});

describe('deaths by what the upstream said', () => {
  test('its RST, or its FIN', () => {
    expect(deaths(upstream().closes('rst', 'upstream', 50))).toEqual(['reset 50-']);
    expect(deaths(upstream().closes('fin', 'upstream', 50))).toEqual(['closed-not-propagated 50-']);
  });

  test('not where the gateway closed first', () => {
    const built = upstream().closes('fin', 'gateway', 49).closes('fin', 'upstream', 50);
    expect(deaths(built)).toEqual([]);
  });

  test('a GOAWAY, where the connection stayed for three seconds', () => {
    expect(deaths(upstream().goaway('upstream', 50, 3))).toEqual(['goaway-ignored 50-']);
    expect(deaths(upstream().goaway('upstream', 50, 3).closes('rst', 'gateway', 52.9))).toEqual([]);
    expect(deaths(upstream().goaway('upstream', 50, 2 ** 31 - 1))).toEqual([]);
    expect(deaths(upstream().goaway('gateway', 50, 3))).toEqual([]);
  });
});

describe('attempts', () => {
  function attempt(): TraceBuilder {
    return trace().client('c1').attempt('u1', { at: 10 });
  }

  test('refused: dead from the RST on', () => {
    expect(deaths(attempt().refused(10.5))).toEqual(['refused 10.5-']);
  });

  test('three SYNs over three seconds', () => {
    expect(deaths(attempt().sendsSynAgain(11, 13), 13)).toEqual(['connect-unanswered 10-']);
    expect(deaths(attempt().sendsSynAgain(11, 13), 12.9)).toEqual([]);
  });

  test('two SYNs, and the gateway stopped trying', () => {
    expect(deaths(attempt().sendsSynAgain(11), 13.6)).toEqual(['connect-unanswered 10-']);
    expect(deaths(attempt().sendsSynAgain(11), 13.4)).toEqual([]);
  });

  test('a single SYN is too little', () => {
    expect(deaths(attempt())).toEqual([]);
  });
});

describe('a leg of one direction', () => {
  test.each(['gateway', 'upstream'] as const)('tells no death without the %s', (who) => {
    const built = upstream()
      .mute('upstream', 10, 11, 13, 17)
      .mute('gateway', 10, 11, 13, 17)
      .pingsInVain('gateway', 30)
      .closes('rst', 'upstream', 50)
      .closes('rst', 'gateway', 51)
      .unseen(who);
    expect(deaths(built)).toEqual([]);
  });
});
