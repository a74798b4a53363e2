import { describe, expect, test } from 'vitest';
import { FORMATS } from '../../src/report/formats.ts';
import type { Report } from '../../src/report/index.ts';
import { prose } from '../../src/report/markdown/inline.ts';
import { composed, gatewayMute } from './scenarios.ts';

/**
 * A report of another program, or of a capture that somebody made to be hard: as many windows as there is room for. A loop over all windows
 * within another takes minutes here, and a list spread into arguments throws.
 */
const MANY = 200_000;
const WINDOWS = 20_000;
const OPTIONS = { width: 80, color: false, unicode: true, only: [], detail: 'usual' } as const;

function manyWindows(): Report {
  const report = composed(gatewayMute());
  const [client, ...others] = report.connections;
  const [window] = report.windows;
  const [incident] = report.incidents;
  const [evidence] = window?.evidence ?? [];
  if (client === undefined || window === undefined || incident === undefined || evidence === undefined) return report;
  const clients = Array.from({ length: WINDOWS }, (_, i) => ({ ...client, id: `c${i + 1}` }));
  const windows = clients.map(({ id }, i) => ({
    ...window,
    id: `w${i + 1}`,
    client: id,
    evidence: i === 0 ? window.evidence : window.evidence.slice(0, 1),
  }));
  return {
    ...report,
    connections: [...clients, ...others],
    windows,
    incidents: [{ ...incident, windows: windows.map(({ id }) => id), clients: WINDOWS }],
  };
}

describe(`${WINDOWS} windows, each of a client of its own`, () => {
  const report = manyWindows();

  test.each(Object.entries(FORMATS))('are told as %s', async (_format, { load }) => {
    const render = await load();
    let length = 0;
    for (const part of render(report, OPTIONS)) length += part.length;
    expect(length).toBeGreaterThan(1000);
  });
});

test(`${MANY} runs of backticks in a word`, () => {
  const word = 'a`'.repeat(MANY);
  expect(prose(word)).toBe(`\`\` ${word} \`\``);
});

test(`${WINDOWS} windows of one client`, async () => {
  const report = manyWindows();
  const windows = report.windows.map((window) => ({ ...window, client: 'c1' }));
  const render = await FORMATS.text.load();
  expect([...render({ ...report, connections: report.connections.slice(0, 1), windows }, OPTIONS)].join('')).toContain(
    `and ${WINDOWS - 5} more windows of this client`,
  );
});
