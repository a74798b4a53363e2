import mermaid from 'mermaid';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { reportOn } from '../build/reports.ts';
import { MARK, NAMED, poisoned } from './hostile.ts';
import { nodesOf, parsed, textOf } from './markdown/parsed.ts';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';

const STORIES = { 'gateway-mute': gatewayMute, recovered, healthy, inconclusive };
const SAMPLES = ['gateway', 'gateway-keepalive', 'gateway-healthy'];
const MOST_BYTES = 60_000;
/** Controls, what turns text around, what shows as nothing. */
const UNSHOWN =
  // oxlint-disable-next-line no-control-regex
  /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2066-\u2069\ufeff]/;

function mermaidOf(markdown: string): string[] {
  return nodesOf(parsed(markdown), 'code')
    .filter(({ lang }) => lang === 'mermaid')
    .map(({ value }) => value);
}

/** What every Markdown report has to be, whatever it tells. */
async function expectSound(markdown: string): Promise<void> {
  const root = parsed(markdown);
  for (const kind of ['html', 'link', 'image', 'linkReference', 'imageReference', 'footnoteDefinition'] as const) {
    expect(nodesOf(root, kind), kind).toEqual([]);
  }
  for (const table of nodesOf(root, 'table')) {
    const columns = table.children[0]?.children.length;
    expect(table.children.map((row) => row.children.length)).toEqual(table.children.map(() => columns));
  }
  for (const diagram of mermaidOf(markdown)) {
    await expect(mermaid.parse(diagram)).resolves.toMatchObject({ diagramType: 'sequence' });
  }
  expect(markdown).not.toMatch(UNSHOWN);
  expect(Buffer.byteLength(markdown)).toBeLessThan(MOST_BYTES);
}

describe.each(Object.entries(STORIES))('%s', (name, told) => {
  test('is the golden document', async () => {
    await expect(renderMarkdown(composed(told()))).toMatchFileSnapshot(`../golden/${name}.md`);
  });

  test('is sound Markdown, its diagrams sound Mermaid', async () => {
    await expectSound(renderMarkdown(composed(told())));
  });

  test("begins with the verdict's own word, in a heading", () => {
    const report = composed(told());
    const [first] = parsed(renderMarkdown(report)).children;
    expect(first?.type).toBe('heading');
    expect(first === undefined ? '' : textOf(first)).toContain(report.verdict.state);
  });
});

test.each(SAMPLES)('the sample %s is the golden document', async (sample) => {
  const markdown = renderMarkdown(await reportOn(`samples/${sample}.pcap`));
  await expectSound(markdown);
  await expect(markdown).toMatchFileSnapshot(`../golden/sample-${sample}.md`);
});

describe('the diagram', () => {
  const lines = (report: Report): string[] =>
    (mermaidOf(renderMarkdown(report))[0] ?? '').split('\n').map((line) => line.trim());

  test('shades the window: what was heard before stands above, what it ended with below', () => {
    const shown = lines(composed(recovered()));
    const from = shown.findIndex((line) => line.startsWith('rect '));
    const to = shown.lastIndexOf('end');
    expect(shown.findIndex((line) => line.includes('packet 20'))).toBeLessThan(from);
    expect(shown.slice(from, to).some((line) => line.includes('packet 77'))).toBe(true);
    expect(shown.findIndex((line) => line.includes('packet 85'))).toBeGreaterThan(to);
  });

  test('an arrow goes from who sent it; what was never answered ends in a cross', () => {
    const shown = lines(composed(gatewayMute()));
    expect(shown.find((line) => line.endsWith('packet 95'))).toMatch(/^up1-xg: .*retransmission 1/);
    expect(shown.find((line) => line.endsWith('packet 103'))).toMatch(/^c->>g: .*PING by the client/);
    expect(shown.find((line) => line.endsWith('packet 104'))).toMatch(/^g-->>c: /);
  });

  test('shows who took over, on its own line of life', () => {
    const shown = lines(composed(recovered()));
    expect(shown).toContain('participant up2 as upstream u2 [2001:db8::3:2]:8080');
    expect(shown.slice(-2)).toEqual([
      'c->>g: 10:01:34.100 served again on stream 9, packet 85',
      'g->>up2: served again on stream 9',
    ]);
  });

  test('of several files, a packet is named with its file', () => {
    const told = gatewayMute();
    const files = told.capture.files.flatMap((file) => [file, { ...file, path: 'b#1;.pcap' }]);
    const shown = lines(composed({ ...told, capture: { ...told.capture, files } }));
    expect(shown.find((line) => line.includes('retransmission 1'))).toMatch(/, packet 95 of gateway\.pcap$/);
  });

  test('is left out where a leg is not in the report', () => {
    const report = composed(gatewayMute());
    expect(mermaidOf(renderMarkdown({ ...report, connections: [] }))).toEqual([]);
  });
});

describe('what comes from the wire', () => {
  test.each(NAMED)('$name in every text stays text', async ({ text }) => {
    const markdown = renderMarkdown(poisoned(text));
    await expectSound(markdown);
    expect(textOf(parsed(markdown))).toContain(MARK);
    const headings = nodesOf(parsed(markdown), 'heading').map(textOf);
    expect(headings.filter((heading) => heading.startsWith(MARK))).toEqual([]);
  });

  test('a path with a pipe stays in its cell, and the reader sees that it has one', async () => {
    const [table] = nodesOf(parsed(renderMarkdown(composed(gatewayMute('/a|b\\|c')))), 'table');
    expect(table?.children[1]?.children.map(textOf)).toContain('/a\\x7cb\\\\x7cc');
  });
});

describe('size', () => {
  /** As many of everything as there may be, with text of the kind that grows most when escaped. */
  function enormous(): Report {
    const report = poisoned('`|\u{e0001}\u202e🧟'.repeat(400));
    const [window] = report.windows;
    const [finding] = report.findings;
    const [note] = report.trust;
    const [step] = report.nextSteps;
    if (window === undefined || finding === undefined || note === undefined || step === undefined)
      throw new Error('not there');
    const many = <T>(item: T, count: number): T[] => Array.from({ length: count }, () => item);
    const streams = many(window.streams, 2_000).flat();
    const evidence = window.evidence.flatMap((row) =>
      many(row, 50).map((like, i) => ({ ...like, kind: `${like.kind}${i}` })),
    );
    return {
      ...report,
      windows: many({ ...window, streams, evidence }, 300),
      findings: many(finding, 500).map((one, i) => ({ ...one, code: `${one.code}${i}` })),
      trust: many(note, 500),
      nextSteps: many(step, 100),
      connections: many(report.connections, 500).flat(),
    };
  }

  test('stays under 60 kB whatever the capture holds, and what is left out is counted', async () => {
    const markdown = renderMarkdown(enormous());
    await expectSound(markdown);
    expect(markdown).toContain('### 297 more windows');
    expect(markdown).toMatch(/and \d+ more windows/);
    expect(markdown).toMatch(/and \d+ more streams/);
    expect(markdown).toMatch(/and \d+ more findings/);
    expect(markdown).toMatch(/and \d+ more connections/);
  });

  test('an incident with fifty hurt streams still shows them all', () => {
    const report = composed(gatewayMute());
    const [window] = report.windows;
    const [stream] = window?.streams ?? [];
    if (window === undefined || stream === undefined) throw new Error('the story has one');
    const streams = Array.from({ length: 50 }, (_, i) => ({ ...stream, id: 2 * i + 1 }));
    const markdown = renderMarkdown({ ...report, windows: [{ ...window, streams }] });
    expect(markdown).not.toMatch(/more streams?/);
    expect(markdown).toContain('| 99 | 13 |');
  });
});

test('the same report gives the same bytes, and is left as it was', () => {
  const report = composed(recovered());
  const before = JSON.stringify(report);
  expect(renderMarkdown(report)).toBe(renderMarkdown(report));
  expect(JSON.stringify(report)).toBe(before);
});
