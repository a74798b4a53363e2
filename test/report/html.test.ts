import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { SCRIPT_HASH, STYLE_HASH } from '../../src/report/html/hashes.ts';
import { SCRIPT } from '../../src/report/html/script.ts';
import { STYLE } from '../../src/report/html/style.ts';
import { renderHtml } from '../../src/report/html.ts';
import { growth, LINEAR_MAX } from '../build/growth.ts';
import { reportOn } from '../build/reports.ts';
import { MARK, NAMED, poisoned } from './hostile.ts';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';

const STORIES = { 'gateway-mute': gatewayMute, recovered, healthy, inconclusive };
const SAMPLES = ['gateway', 'gateway-keepalive', 'gateway-healthy'];
const MOST_BYTES = 400_000;

function page(report: Report): string {
  return [...renderHtml(report)].join('');
}

/** What differs from report to report. */
function body(text: string): string {
  return text.replace(STYLE, '…').replace(SCRIPT, '…').replace(STYLE_HASH, '…').replace(SCRIPT_HASH, '…');
}

function hashOf(text: string): string {
  return `sha256-${createHash('sha256').update(text).digest('base64')}`;
}

/** The page's tags in their order, without what their attributes say. */
function tagsOf(text: string): string[] {
  return [...body(text).matchAll(/<[^>]*>/g)].map(([tag]) => tag.replace(/"[^"]*"/g, '""'));
}

describe.each(Object.entries(STORIES))('%s', (name, told) => {
  test('is the golden page', async () => {
    await expect(body(page(composed(told())))).toMatchFileSnapshot(`../golden/${name}.html`);
  });

  test("has the verdict's own word in its heading and its title", () => {
    const report = composed(told());
    const text = page(report);
    expect(/<h1>(.*)<\/h1>/.exec(text)?.[1]).toContain(report.verdict.state);
    expect(/<title>(.*)<\/title>/.exec(text)?.[1]).toContain(report.verdict.state);
  });

  test('closes every tag that it opens', () => {
    const open: string[] = [];
    for (const tag of tagsOf(page(composed(told())))) {
      const tagName = /^<\/?([a-z0-9]+)/i.exec(tag)?.[1] ?? '';
      if (tag.startsWith('<!') || tag.endsWith('/>') || ['meta', 'br'].includes(tagName)) continue;
      if (tag.startsWith('</')) expect(open.pop()).toBe(tagName);
      else open.push(tagName);
    }
    expect(open).toEqual([]);
  });
});

test.each(SAMPLES)('the sample %s is the golden page', async (sample) => {
  const text = page(await reportOn(`samples/${sample}.pcap`));
  expect(Buffer.byteLength(text)).toBeLessThan(MOST_BYTES);
  await expect(body(text)).toMatchFileSnapshot(`../golden/sample-${sample}.html`);
});

describe('nothing comes from outside', () => {
  const text = page(composed(gatewayMute()));

  test('the policy lets only this style and this script be', () => {
    expect({ style: STYLE_HASH, script: SCRIPT_HASH }).toEqual({ style: hashOf(STYLE), script: hashOf(SCRIPT) });
    expect(text).toContain(`<style>${STYLE}</style>`);
    expect(text).toContain(`<script>${SCRIPT}</script>`);
    const policy = /http-equiv="Content-Security-Policy" content="([^"]*)"/.exec(text)?.[1]?.replaceAll('&#39;', "'");
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain(`style-src '${STYLE_HASH}'`);
    expect(policy).toContain(`script-src '${SCRIPT_HASH}'`);
    expect(policy).not.toMatch(/unsafe|\*|https?:|data:/);
  });

  test('the policy stands before anything that it is about', () => {
    expect(text.indexOf('Content-Security-Policy')).toBeLessThan(text.indexOf('<style>'));
  });

  test('no address, no link, no inline handler or style', () => {
    const markup = body(text);
    expect(markup).not.toMatch(/\s(?:src|href|srcset|action|formaction|data|poster|background|on\w+|style)\s*=/i);
    expect(markup).not.toMatch(/<(?:script|link|iframe|object|embed|base|img|image|use|form)\b(?!>…)/i);
    expect(STYLE).not.toMatch(/@import|url\((?!#)/);
    expect(SCRIPT.replace("'http://www.w3.org/2000/svg'", '')).not.toMatch(
      /https?:|\/\/\w|fetch|import\b|XMLHttp|WebSocket|innerHTML|insertAdjacent|eval/,
    );
  });

  test('the script is sound, and cannot end its own element', () => {
    expect(() => new Function(SCRIPT)).not.toThrow();
    expect(`${SCRIPT}${STYLE}`).not.toMatch(/<\/|<!--/);
  });
});

describe('what comes from the wire', () => {
  const plain = tagsOf(page(poisoned('plain')));

  test.each(NAMED)('$name in every text stays text', ({ text }) => {
    const poison = page(poisoned(text));
    expect(tagsOf(poison)).toEqual(plain);
    expect(poison).toContain(MARK);
    // oxlint-disable-next-line no-control-regex
    expect(poison).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u2028-\u202e\u2066-\u2069\ufeff]/);
  });

  test('also in identifiers and closed sets, as a report made by hand may have them', () => {
    const hostile = '"><script>alert(1)</script>';
    const json = JSON.stringify(composed(gatewayMute()))
      .replaceAll('"c1"', JSON.stringify(hostile))
      .replaceAll('"watch"', JSON.stringify(hostile))
      .replaceAll('"retransmission"', JSON.stringify(hostile));
    const text = page(JSON.parse(json) as Report);
    expect(body(text)).not.toContain('<script>alert');
    expect(text).toContain('&quot;&gt;&lt;script&gt;alert(1)');
  });

  test('a text is escaped once: an ampersand reads as one', () => {
    expect(page(composed(gatewayMute('/a?b=1&c=2')))).toContain('<code>/a?b=1&amp;c=2</code>');
  });
});

describe('the timeline', () => {
  test('client leg, window and upstream leg stand above one another', () => {
    const names = [...page(composed(gatewayMute())).matchAll(/<text class="name[^>]*>([^<]*)</g)].map(
      ([, name]) => name,
    );
    expect(names).toEqual([
      'client c1 10.9.1.2:49739',
      'HALF-DEAD w1, at least 5 min 20 s, still so when the capture ends',
      'upstream u1 10.9.2.2:8080',
      'stand-by u2 10.9.3.2:8080',
    ]);
  });

  test('the bar of the window begins where the upstream is drawn dead', () => {
    const text = page(composed(gatewayMute()));
    const place = (name: string): string | undefined =>
      new RegExp(`<rect class="${name}"[^>]* x="([^"]*)"`).exec(text)?.[1];
    expect(place('half-dead')).toBeDefined();
    expect(place('half-dead')).toBe(place('dead'));
  });

  test('a short window in a long capture gets the room', () => {
    const { incident, capture } = recovered();
    const text = page(composed({ incident, capture: { ...capture, lastNs: 6 * 3600e9 } }));
    const width = /<rect class="half-dead"[^>]* width="([\d.]+)%"/.exec(text)?.[1];
    expect(Number(width)).toBeGreaterThan(10);
  });

  test('every mark has its packet, to be read without scripts', () => {
    expect(page(composed(gatewayMute()))).toContain(
      '<title>10:00:52.215 retransmission by the upstream, packet 95</title>',
    );
  });
});

describe('size', () => {
  test('ten thousand connections: the involved ones are drawn, the others counted by kind and listed as far as one scrolls', () => {
    const report = composed(gatewayMute());
    const [c1, , idle] = report.connections;
    if (c1 === undefined || idle === undefined) throw new Error('the story has three legs');
    const among = (count: number): string => {
      const others = Array.from({ length: count }, (_, i) => ({ ...(i % 2 === 0 ? idle : c1), id: `x${i}` }));
      return page({ ...report, connections: [...others, ...report.connections] });
    };
    const text = among(10_000);
    expect(growth(among, 2_500)).toBeLessThan(LINEAR_MAX);
    expect(Buffer.byteLength(text)).toBeLessThan(MOST_BYTES);
    expect(text).toContain('and 9803 more connections');
    expect(text).toMatch(/<td>upstream<\/td><td>idle<\/td><td class="r">5001<\/td>/);
    expect(text.match(/class="lane"/g)).toHaveLength(4);
  });

  test('many windows, streams, findings and marks stay a page that a browser can move', () => {
    const report = composed(gatewayMute());
    const [window] = report.windows;
    const [finding] = report.findings;
    const [stream] = window?.streams ?? [];
    if (window === undefined || finding === undefined || stream === undefined) throw new Error('not there');
    const many = <T>(item: T, count: number): T[] => Array.from({ length: count }, () => item);
    const connections = report.connections.map((connection) => ({
      ...connection,
      marks: many(connection.marks, 200).flat(),
    }));
    const windows = many({ ...window, streams: many(stream, 100), evidence: many(window.evidence, 20).flat() }, 200);
    const text = page({ ...report, connections, windows, findings: many(finding, 300) });
    expect(Buffer.byteLength(text)).toBeLessThan(2 * MOST_BYTES);
    expect(text.match(/<svg class="m /g)?.length).toBeLessThanOrEqual(600);
  });
});

test('the same report gives the same bytes, and is left as it was', () => {
  const report = composed(recovered());
  const before = JSON.stringify(report);
  expect(page(report)).toBe(page(report));
  expect(JSON.stringify(report)).toBe(before);
});

test('the legend explains what is drawn, and no mark that has no place', () => {
  const report = composed(gatewayMute());
  const [first] = report.connections;
  if (first === undefined) throw new Error('the story has connections');
  const [mark] = first.marks;
  if (mark === undefined) throw new Error('the story has marks');
  // So many RSTs that nothing less telling is drawn.
  const marks = [
    ...Array.from({ length: 700 }, () => ({ ...mark, kind: 'rst' as const })),
    { ...mark, kind: 'data' as const },
  ];
  const crowded = { ...report, windows: [], connections: [{ ...first, marks }] };
  const legendOf = (html: string): string => /<ul class="legend".*?<\/ul>/s.exec(html)?.[0] ?? '';
  const crowdedLegend = legendOf([...renderHtml(crowded, { only: [] })].join(''));
  expect([crowdedLegend.includes('class="m rst"'), crowdedLegend.includes('class="m data"')]).toEqual([true, false]);
  const few = { ...crowded, connections: [{ ...first, marks: marks.slice(-2) }] };
  expect(legendOf([...renderHtml(few, { only: [] })].join(''))).toContain('class="m data"');
});
