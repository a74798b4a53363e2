import { fileURLToPath } from 'node:url';
import { createGenerator } from 'ts-json-schema-generator';
import { describe, expect, test } from 'vitest';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';
import { publishedSchema, schemaErrors } from './schema.ts';

const ROOT = new URL('../..', import.meta.url);

describe('the published schema', () => {
  test('is what the types say: `npm run schema` writes it anew', () => {
    const generated = createGenerator({
      path: fileURLToPath(new URL('src/report/model.ts', ROOT)),
      tsconfig: fileURLToPath(new URL('tsconfig.json', ROOT)),
      type: 'Report',
      skipTypeCheck: true,
      additionalProperties: true,
    }).createSchema('Report');
    expect(publishedSchema()).toEqual(JSON.parse(JSON.stringify(generated)));
  });

  test('lets keys be added', () => {
    expect(JSON.stringify(publishedSchema())).not.toContain('"additionalProperties":false');
  });

  for (const [name, told] of Object.entries({ gatewayMute, recovered, healthy, inconclusive })) {
    test(`${name} is valid, and has no key beyond it`, () => {
      expect(schemaErrors(composed(told()))).toEqual([]);
    });
  }

  test('refuses a wrong word, a missing key, a key too many, a number for a time', () => {
    const report = composed(healthy());
    const wrong = [
      { ...report, verdict: { ...report.verdict, state: 'dead' } },
      { ...report, windows: undefined },
      { ...report, extra: 1 },
      { ...report, capture: { ...report.capture, start: 12 } },
      { ...report, capture: { ...report.capture, start: 'yesterday' } },
    ];
    for (const candidate of wrong) expect(schemaErrors(JSON.parse(JSON.stringify(candidate)))).not.toEqual([]);
  });
});
