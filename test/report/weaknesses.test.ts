import { describe, expect, test } from 'vitest';
import type { Connection, Report } from '../../src/report/index.ts';
import { weaknessTexts } from '../../src/report/words/weaknesses.ts';
import { composed, recovered } from './scenarios.ts';

/** What is told where the first legs are these; the story's own have nothing to tell. */
function toldOf(...changes: readonly Partial<Connection>[]): string[] {
  const report: Report = composed(recovered());
  const connections = report.connections.map((leg, i) => ({ ...leg, ...changes[i] }));
  return weaknessTexts({ ...report, capture: { ...report.capture, warnings: [] }, trust: [], connections });
}

const KEYLESS = { version: '1.3', cipher: null, sni: null, alpn: null, resumed: false, keys: 'none' } as const;

describe('connections in TLS that nobody read', () => {
  test('weaken what is said, and secrets would open them', () => {
    expect(toldOf({ protocol: 'tls', tls: KEYLESS }, { protocol: 'tls', tls: null })).toEqual([
      '2 connections in TLS could not be read; their secrets would open them (--keylog FILE); weakens links, streams and PINGs.',
    ]);
  });

  test('that other secrets did not open are not told to be given any', () => {
    expect(toldOf({ protocol: 'tls', tls: { ...KEYLESS, keys: 'wrong' } })).toEqual([
      '1 connection in TLS could not be read; weakens links, streams and PINGs.',
    ]);
  });

  test('of those that were read nothing is told', () => {
    expect(toldOf({ protocol: 'h2-tls', tls: { ...KEYLESS, keys: 'used' } })).toEqual([]);
  });
});
