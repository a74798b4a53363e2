import { describe, expect, test } from 'vitest';
import { renderJson } from '../../src/report/json.ts';
import type { Schema } from '../../src/report/conformance.ts';
import { anonymized, standInsFor } from '../../src/report/anonymize.ts';
import { FORMATS } from '../../src/report/formats.ts';
import { readReport } from '../../src/report/read-report.ts';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';
import { firstReport, isPublished, publishedSchema, schemaErrors } from './schema.ts';

const schema = publishedSchema() as Schema;

function read(value: unknown): ReturnType<typeof readReport> {
  return readReport(typeof value === 'string' ? value : JSON.stringify(value), schema);
}

test.each(Object.entries({ gatewayMute, recovered, healthy, inconclusive }))(
  '%s is read as it was written',
  (_name, told) => {
    const report = composed(told());
    const text = [...renderJson(report)].join('');
    expect(readReport(text, schema)).toEqual({ report: JSON.parse(text) });
    expect(readReport(`\ufeff${text}`, schema)).toEqual({ report: JSON.parse(text) });
  },
);

test('keys that a later version adds are no fault', () => {
  const report = composed(healthy());
  expect(read({ ...report, later: { a: 1 }, verdict: { ...report.verdict, later: [] } })).toHaveProperty('report');
});

describe.each(Object.entries({ gatewayMute, recovered, healthy, inconclusive }))(
  '%s of the first version',
  (_name, told) => {
    const report = composed(told());
    const first = firstReport(report);

    test('lacks what was added since, and is valid all the same', () => {
      expect(isPublished(first)).toBe(true);
      expect(schemaErrors(first)).not.toEqual([]);
      expect(JSON.stringify(first)).not.toMatch(/"(?:incidents|notAnalyzed|ladders|tunnels|meanwhile|until)"/);
    });

    test('is read; what it does not tell is none or unknown, what its other keys tell is told', () => {
      const read = readReport(JSON.stringify(first), schema);
      if ('fault' in read) throw new Error(read.fault);
      expect(schemaErrors(read.report)).toEqual([]);
      expect(read.report.incidents).toEqual([]);
      expect(read.report.capture.notAnalyzed).toEqual([]);
      expect(
        read.report.connections.map(({ communityId, inferred, ladders }) => [communityId, inferred, ladders]),
      ).toEqual(report.connections.map(({ communityId }) => [communityId, null, []]));
      const senders = (of: typeof report): unknown =>
        of.windows.map(({ evidence }) => evidence.map(({ by, packet }) => [packet, by]));
      expect(senders(read.report)).toEqual(senders(report));
      expect(read.report.thresholds).toMatchObject({ deadTries: report.thresholds.deadTries, idleAfter: null });
    });

    test.each(Object.entries(FORMATS))('is rendered as %s, anonymised too', async (_format, { load }) => {
      const read = readReport(JSON.stringify(first), schema);
      if ('fault' in read) throw new Error(read.fault);
      const render = await load();
      const options = { width: 80, color: false, unicode: true, only: [], detail: 'verbose' } as const;
      for (const each of [read.report, anonymized(read.report, standInsFor(read.report, null))]) {
        const text = [...render(each, options)].join('');
        expect(text.replace(/<script>.*<\/script>/s, '')).not.toMatch(/undefined|NaN|\[object/);
      }
    });
  },
);

describe('what is none', () => {
  test.each([
    ['', 'is not JSON'],
    ['{"schema": "watchpcap.report/1"', 'is not JSON'],
    ['null', 'is no JSON report of watchpcap'],
    ['[1]', 'is no JSON report of watchpcap'],
    ['{"schema": 1}', 'is no JSON report of watchpcap'],
    [
      '{"schema": "watchpcap.report/2"}',
      'is a report of schema watchpcap.report/2; this watchpcap reads watchpcap.report/1',
    ],
    ['{"schema": "watchpcap.report/1"}', 'is not what watchpcap.report/1 says: tool: is missing'],
  ])('%s', (text, fault) => {
    expect(read(text)).toEqual({ fault: expect.stringContaining(fault) });
  });

  const report = composed(gatewayMute());
  const [window] = report.windows;
  const changed = (change: object): unknown => ({ ...report, windows: [{ ...window, ...change }] });

  test.each([
    [changed({ cause: 'bad luck' }), 'windows[0].cause: is none of the words that may stand there'],
    [changed({ from: 12 }), 'windows[0].from: is no string'],
    [changed({ from: 'noon' }), 'windows[0].from: is no time in UTC'],
    [changed({ duration: -1 }), 'windows[0].duration: is out of range'],
    [changed({ onset: null }), 'windows[0].onset: is no object'],
    [changed({ streams: {} }), 'windows[0].streams: is no array'],
    [changed({ evidence: [{ ...window?.evidence[0], packet: 1.5 }] }), 'windows[0].evidence[0].packet: is no integer'],
    [{ ...report, links: [{ ...report.links[0], streams: [[1]] }] }, 'links[0].streams[0]: has not the right length'],
    [{ ...report, verdict: { ...report.verdict, confidence: 'sure' } }, 'verdict.confidence: '],
    [
      { ...report, connections: [{ ...report.connections[0], closed: { how: 'open' } }] },
      'connections[0].closed.by: is missing',
    ],
  ])('%#: a fault is named with its place', (value, fault) => {
    expect(read(value)).toEqual({ fault: expect.stringContaining(fault) });
    expect(schemaErrors(JSON.parse(JSON.stringify(value)))).not.toEqual([]);
  });

  test('a number that only JSON can write', () => {
    expect(read(JSON.stringify(report).replace(/"duration":\d+/, '"duration":1e999'))).toEqual({
      fault: expect.stringContaining('capture.duration: is no number'),
    });
  });
});

/** Every place of a report in turn is given a value of another kind: our check and a complete validator must be of one mind. */
test('agrees with a complete validator wherever a report is changed', () => {
  const report = JSON.parse([...renderJson(composed(recovered()))].join('')) as object;
  let places = 0;
  const visit = (part: object, depth: number): void => {
    for (const [key, value] of Object.entries(part)) {
      for (const other of [null, 'x', -1, 0.5, [], {}, undefined]) {
        Object.assign(part, { [key]: other });
        if (other === undefined) Reflect.deleteProperty(part, key);
        const text = JSON.stringify(report);
        const isFault = !isPublished(JSON.parse(text));
        expect({ at: key, isFault: 'fault' in read(text) }).toEqual({ at: key, isFault });
        places++;
      }
      Object.assign(part, { [key]: value });
      // Of a list, the first shows it.
      if (typeof value === 'object' && value !== null && depth < 6)
        visit(Array.isArray(value) ? (value.slice(0, 1) as object) : value, depth + 1);
    }
  };
  visit(report, 0);
  expect(places).toBeGreaterThan(500);
});
