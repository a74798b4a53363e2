import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { DID } from '../../src/tcp/index.ts';
import { Gathered } from '../../src/trace/gathered.ts';
import { CLOSES_MAX, LimitCounter } from '../../src/trace/limits.ts';
import { Share } from '../../src/trace/share.ts';

test('resets that the peer would not accept do not push out what really ended the connection', () => {
  const limits = new LimitCounter();
  const gathered = new Gathered(limits, new Share(1, 1, 1));
  const moment = new Moment();
  const rst = Object.assign(new Segment(), { flags: FLAG.rst });
  const fin = Object.assign(new Segment(), { flags: FLAG.fin | FLAG.ack });
  const marks = { ipId: 1, lastIpId: 1, window: 0, timestamps: false, usualTimestamps: false };
  const next = (): Moment => Object.assign(moment, { packet: moment.packet + 1 });
  for (let i = 0; i < CLOSES_MAX + 4; i++) gathered.rst(1, 0, rst, next(), marks);
  gathered.fin(0, fin, next());
  gathered.fin(1, fin, next());
  gathered.rst(1, DID.rstInWindow, rst, next(), marks);
  gathered.rst(0, DID.rstInWindow, rst, next(), marks);
  const ended = gathered.closes.slice(CLOSES_MAX);
  expect(ended.map(({ kind, by, accepted, at }) => [kind, by, accepted, at.packet])).toEqual([
    ['fin', 0, true, CLOSES_MAX + 5],
    ['fin', 1, true, CLOSES_MAX + 6],
    ['rst', 1, true, CLOSES_MAX + 7],
  ]);
  expect(limits.all()).toEqual([{ limit: 'closes-per-connection', bound: CLOSES_MAX, count: 5 }]);
});

test('where all connections together keep many, the bound that is told is the one in force', () => {
  const limits = new LimitCounter();
  const share = new Share(3, 1, 2);
  const silent = (gathered: Gathered, times: number): void => {
    const from = { file: 0, packet: 1, timeNs: 0 };
    for (let i = 1; i <= times; i++) gathered.silence({ from, to: { ...from, timeNs: i } });
  };
  const first = new Gathered(limits, share);
  silent(first, 2);
  const second = new Gathered(limits, share);
  silent(second, 3);
  expect([first.silences.length, second.silences.length]).toEqual([2, 1]);
  expect(limits.all()).toEqual([{ limit: 'silences-per-connection', bound: 1, count: 2 }]);
  expect(share.bound).toBe(1);
  share.give(2);
  expect(share.bound).toBe(3);
});
