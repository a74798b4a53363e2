import { describe, expect, test } from 'vitest';
import type { Link } from '../../src/incident/index.ts';
import { windowFacts } from '../../src/report/words/window-facts.ts';
import { composeReport } from '../build/reports.ts';
import { gatewayMute } from './scenarios.ts';

/** What the report says of the only link, and its words in the window's table. */
function toldOf(change: Partial<Link>): readonly [link: object | undefined, text: string | undefined] {
  const { incident, capture } = gatewayMute();
  const links = incident.links.map((link) => ({ ...link, ...change }));
  const report = composeReport({ ...incident, links }, capture, '1.0.0');
  const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
  const facts = report.windows.flatMap((window) => windowFacts(window, report, byId));
  return [report.links[0], facts.find(([term]) => term === 'linked')?.[1]];
}

describe('a link', () => {
  test('of one clear match says so in few words', () => {
    const [link, text] = toldOf({});
    expect(link).toMatchObject({ candidates: 1, runnerUp: null, bursts: null });
    expect(text).toBe('by request-id, confidence 0.99');
  });

  test('that only order tells names how many fitted, and who else may be meant', () => {
    const runnerUp = { client: 'c1', upstream: 'u2', confidence: 0.272, odds: null };
    const [link, text] = toldOf({ method: 'request', confidence: 0.7275, candidates: 3, runnerUp });
    expect(link).toMatchObject({ candidates: 3, runnerUp });
    expect(text).toMatch(
      /^by request, confidence 0\.7275; 3 streams fitted alike; next best is c1 \(.+\), confidence 0\.272$/,
    );
  });

  test('by bursts or requests tells the chance level', () => {
    const bursts = { matched: 12, byChance: 0.25, odds: 14, shareOfClient: 1, events: null, shareOfUpstream: 0.7 };
    const runnerUp = { client: 'c1', upstream: 'u1', confidence: 0.3, odds: 5 };
    const [link, text] = toldOf({ method: 'timing', confidence: 0.8, candidates: null, bursts, runnerUp });
    expect(link).toMatchObject({ candidates: null, bursts: { matched: 12, byChance: 0.25, odds: 14 }, runnerUp });
    expect(text).toContain('12 moments fitted, 0.25 by chance (all by chance: less than 1 in 10^14)');
    expect(text).toMatch(/confidence 0\.3 \(1 in 10\^5\)$/);
  });
});
