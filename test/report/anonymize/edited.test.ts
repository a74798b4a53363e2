import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anonymized, standInsFor } from '../../../src/report/anonymize.ts';
import { readReport, renderJson, type Report } from '../../../src/report/index.ts';
import schema from '../../../schema/report.schema.json' with { type: 'json' };
import { reportOn } from '../../build/reports.ts';
import { composed, gatewayMute } from '../scenarios.ts';

/** What may stand where an argument of another type is expected, once somebody has edited the file. */
const ODD: readonly unknown[] = [
  7,
  -1,
  1e300,
  '',
  'zq7',
  '10.9.1.2',
  null,
  true,
  [],
  ['zq7', 7],
  [[1]],
  { zq7: 'zq7' },
];

type Json = Record<string, unknown>;

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

/** All objects of arguments in a report. */
function argsIn(value: unknown, found: Json[] = []): Json[] {
  if (!isObject(value)) return found;
  for (const [name, held] of Object.entries(value)) {
    if (name === 'args' && isObject(held)) found.push(held);
    else argsIn(held, found);
  }
  return found;
}

/** The report again, read from a file in which one argument was changed; null where reading refuses it. */
function edited(text: string, nth: number, name: string, value: unknown): Report | null {
  const report: unknown = JSON.parse(text);
  const args = argsIn(report)[nth];
  if (args !== undefined) args[name] = value;
  const read = readReport(JSON.stringify(report), schema);
  return 'report' in read ? read.report : null;
}

const SAMPLES = readdirSync('samples').filter((name) => name.endsWith('.pcap'));

describe('a report whose arguments somebody edited', () => {
  test.each(['the story', ...SAMPLES])(
    '%s is anonymised, or refused by its schema, and never a fault of ours',
    async (name) => {
      const report = name === 'the story' ? composed(gatewayMute()) : await reportOn(`samples/${name}`);
      const text = [...renderJson(report)].join('');
      const all = argsIn(JSON.parse(text));
      expect(all.length).toBeGreaterThan(0);
      let read = 0;
      for (const [nth, args] of all.entries()) {
        for (const arg of Object.keys(args)) {
          for (const value of ODD) {
            const told = edited(text, nth, arg, value);
            if (told === null) continue;
            read++;
            expect(JSON.stringify(anonymized(told, standInsFor(told, null)))).not.toContain('zq7');
          }
        }
      }
      expect(read).toBeGreaterThan(0);
    },
  );
});
