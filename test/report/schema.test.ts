import { describe, expect, test } from 'vitest';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';
import { generatedSchema, publishedSchema, schemaErrors } from './schema.ts';

describe('the published schema', () => {
  test('is what the types say: `npm run schema` writes it anew', () => {
    expect(publishedSchema()).toEqual(generatedSchema());
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
      { ...report, connections: [{ ...report.connections[0], firstPacket: 0 }] },
      { ...report, capture: { ...report.capture, start: 12 } },
      { ...report, capture: { ...report.capture, start: 'yesterday' } },
    ];
    for (const candidate of wrong) expect(schemaErrors(JSON.parse(JSON.stringify(candidate)))).not.toEqual([]);
  });
});
