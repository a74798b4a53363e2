import { expect, test } from 'vitest';
import { renderTrace } from '../../../src/report/index.ts';
import { trace } from '../../build/trace.ts';

function linesOf(told: ReturnType<ReturnType<typeof trace>['end']>): Record<string, unknown>[] {
  return [...renderTrace(told)].map((line) => {
    expect(line.endsWith('\n')).toBe(true);
    return JSON.parse(line) as Record<string, unknown>;
  });
}

test('a line each for the capture, its connections, streams and joins', () => {
  const told = trace().client('c1').watch(7, { at: 1 }).upstream('u1').carries(7, 3).answers(3, 200, 1.1).end(60);
  const kinds = linesOf(told).map(({ kind }) => kind);
  expect(kinds).toEqual(['capture', 'connection', 'connection', 'stream', 'stream', 'join']);
});

test('marks, statuses and times are in it as the model reads them', () => {
  const told = trace().client('c1').watch(7, { at: 1 }).upstream('u1').carries(7, 3).answers(3, 200, 1.1).end(60);
  const [, client] = linesOf(told);
  expect(client?.['marks']).toEqual(told.connections[0]?.marks);
  expect(client?.['folded']).toEqual({ count: 0, byStatus: {} });
});

test('a status that cannot be known is null, one that was not seen is absent', () => {
  const told = trace().client('c1').watch(7, { at: 1 }).end(60);
  const stream = linesOf(told).find(({ kind }) => kind === 'stream');
  expect(stream).toBeDefined();
  expect(Object.hasOwn(stream ?? {}, 'status')).toBe(false);
});
