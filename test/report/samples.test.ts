import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { FORMATS, type FormatName } from '../../src/report/index.ts';
import { reportOn } from '../build/reports.ts';

const SAMPLES = ['gateway', 'gateway-keepalive', 'gateway-healthy'];
const DRAWN = { color: false, unicode: true, only: [], detail: 'usual' } as const;

/** Markdown and HTML have their own tests. */
const GOLDEN: readonly (readonly [end: string, format: FormatName, width: number])[] = [
  ['-80.txt', 'text', 80],
  ['-140.txt', 'text', 140],
  ['.json', 'json', 80],
  ['.ndjson', 'ndjson', 80],
  ['.perfetto.json', 'perfetto', 80],
];

describe.each(SAMPLES)('the sample %s', (sample) => {
  test.each(GOLDEN)('%s is the golden one', async (end, format, width) => {
    const report = await reportOn(`samples/${sample}.pcap`);
    const render = await FORMATS[format].load();
    const text = [...render(report, { ...DRAWN, width })].join('');
    await expect(text).toMatchFileSnapshot(`../golden/sample-${sample}${end}`);
  });
});

describe('the newcomer, who has only the text', () => {
  const answers = readdirSync('test/golden').filter((name) => name.endsWith('.answers.md'));

  test('has answers to the five questions on every sample', () => {
    expect(answers.toSorted()).toEqual(SAMPLES.map((sample) => `sample-${sample}.answers.md`).toSorted());
  });

  test.each(answers)('%s: each fact in them stands in the text', (file) => {
    const written = readFileSync(`test/golden/${file}`, 'utf8');
    const text = unwrapped(readFileSync(`test/golden/${file.replace('.answers.md', '-80.txt')}`, 'utf8'));
    for (const question of [
      'What was dead',
      'Since when',
      'Who was hurt',
      'Why did nothing notice',
      'What do we change',
    ])
      expect(written).toContain(`**${question}?**`);
    const facts = [...written.matchAll(/`([^`]+)`/g)].map(([, fact = '']) => fact);
    expect(facts.length).toBeGreaterThanOrEqual(5);
    for (const fact of facts) expect(text, fact).toContain(fact);
  });
});

/** Lines joined, so that a fact may stand across the end of one. */
function unwrapped(text: string): string {
  return text.replace(/\s+/g, ' ');
}
