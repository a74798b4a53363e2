import { expect, test } from 'vitest';
import { toldFindings } from '../../src/report/told-findings.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderText } from '../../src/report/text.ts';
import type { Report } from '../../src/report/index.ts';
import { composed, gatewayMute } from './scenarios.ts';

const DRAWN = { width: 80, color: false, unicode: true, only: [], detail: 'usual' } as const;

/** Attempts of ten connections, and a note on the capture. */
function ladder(): Report {
  const report = composed(gatewayMute());
  const [first] = report.findings;
  if (first === undefined) throw new Error('the story has a finding');
  const attempts = Array.from({ length: 10 }, (_, i) => ({
    ...first,
    code: 'connect-unanswered',
    connection: `u${i}`,
  }));
  return { ...report, findings: [...attempts, { ...first, code: 'capture-trust' }] };
}

test('the first three of a code are told, the others named after the third', () => {
  const told = toldFindings(ladder().findings);
  expect(told.map(({ finding, also }) => [finding.connection, also.length])).toEqual([
    ['u0', 0],
    ['u1', 0],
    ['u2', 7],
  ]);
});

test('another severity is another group', () => {
  const findings = ladder().findings.map((finding, i) => (i < 5 ? finding : { ...finding, severity: 'info' as const }));
  expect(toldFindings(findings).map(({ also }) => also.length)).toEqual([0, 0, 2, 0, 0, 2]);
});

test('people read them so; who asks for everything gets everything', () => {
  const report = ladder();
  const named = 'and 7 more connect-unanswered, on u3, u4, u5, u6, u7, u8 and u9';
  expect(renderText(report, DRAWN).replace(/\s+/g, ' ')).toContain(named);
  expect(renderMarkdown(report)).toContain(named);
  expect(renderText(report, DRAWN)).not.toContain('capture-trust');
  const verbose = renderText(report, { ...DRAWN, detail: 'verbose' });
  expect(verbose.match(/connect-unanswered/g)).toHaveLength(10);
  expect(verbose).toContain('capture-trust');
});
