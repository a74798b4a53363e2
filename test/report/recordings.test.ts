import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { columnsOf } from '../../src/report/text/lines.ts';
import { renderText } from '../../src/report/text.ts';
import { reportOn } from '../build/reports.ts';
import { schemaErrors } from './schema.ts';

/** Every recording of the lab, through the whole program. */
const FOLDERS = ['samples', 'test/captures'].map((folder) =>
  fileURLToPath(new URL(`../../${folder}/`, import.meta.url)),
);
const RECORDINGS = FOLDERS.flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => ({ name, path: folder + name })),
);

describe.each(RECORDINGS)('$name', ({ path }) => {
  test('gives a report that is valid and has no key beyond the schema', async () => {
    expect(schemaErrors(await reportOn(path))).toEqual([]);
  });

  test('gives a text that fits and whose first line has the state', async () => {
    const report = await reportOn(path);
    for (const width of [80, 132]) {
      const lines = renderText(report, {
        width,
        color: false,
        unicode: true,
        only: [],
        detail: 'usual' as const,
      }).split('\n');
      expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
      expect(lines[0]).toContain(report.verdict.state);
    }
  });
});
