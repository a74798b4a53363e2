import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FORMATS } from '../../src/report/index.ts';
import { renderMarkdown } from '../../src/report/markdown.ts';
import { renderNdjson } from '../../src/report/ndjson.ts';
import { reportOn } from '../build/reports.ts';

const docs = readFileSync('docs/reports.md', 'utf8');

function block(language: string): string {
  return new RegExp(`^(\`{3,})${language}\\n([^]*?)\\n\\1$`, 'm').exec(docs)?.[2] ?? `no block of ${language}`;
}

test('docs/reports.md shows what the sample really gives', async () => {
  const report = await reportOn('samples/gateway.pcap');
  const markdown = renderMarkdown(report);
  expect(markdown.startsWith(block('markdown'))).toBe(true);
  expect(markdown).toContain(`\`\`\`mermaid\n${block('mermaid')}\n\`\`\``);
  expect([...renderNdjson(report)]).toContain(`${block('ndjson')}\n`);
});

test('docs/reports.md and the README name every format and every end of a name', () => {
  for (const [name, { extensions }] of Object.entries(FORMATS)) {
    for (const word of [name, ...extensions]) expect(docs).toContain(`\`${word}\``);
    expect(readFileSync('README.md', 'utf8')).toMatch(new RegExp(`--format [^\`]*\\b${name}\\b`));
  }
});
