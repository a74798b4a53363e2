import { describe, expect, test } from 'vitest';
import { FORMATS, type Report } from '../../src/report/index.ts';
import { columnsOf } from '../../src/report/text/lines.ts';
import { WHAT_IF_COLUMNS, whatIfRows } from '../../src/report/words/what-if.ts';
import { composed, gatewayMute } from './scenarios.ts';

const HEADING = 'What would have ended it sooner';
const OPTIONS = { width: 80, color: false, unicode: true, only: [], detail: 'usual' } as const;
const FORMAT_NAMES = ['text', 'markdown', 'html'] as const;

/** A report as a later version may write it: what would have happened with two remedies. */
function told(reason = 'probes begin after the last retransmission'): Report {
  const at = '2026-11-23T10:04:00.000000Z';
  return {
    ...composed(gatewayMute()),
    whatIf: [
      {
        remedy: 'tcp-keepalive',
        where: 'gateway-upstream',
        parameters: { time: 60, interval: 10, probes: 3 },
        windows: [{ window: 'w1', firesAt: at, duration: 188, reason }],
        collateral: [],
      },
      {
        remedy: 'stream-idle-timeout',
        where: 'gateway-client',
        parameters: {},
        windows: [
          { window: 'w1', firesAt: null, duration: 320, reason: 'too long' },
          { window: 'w9', firesAt: null, duration: 1, reason: 'of a window that is not shown' },
        ],
        collateral: [
          { connection: 'c2', stream: 3, kind: 'exec', at },
          { connection: 'c2', stream: 5, kind: 'exec', at },
        ],
      },
    ],
  };
}

async function rendered(format: (typeof FORMAT_NAMES)[number], report: Report): Promise<string> {
  const render = await FORMATS[format].load();
  return [...render(report, OPTIONS)].join('');
}

describe('what if', () => {
  test('each remedy in each window that is shown is a row: when it fires, how long it lasts then, what it cuts, why', () => {
    expect(whatIfRows(told())).toEqual([
      [
        'tcp-keepalive, gateway-upstream: time 60, interval 10, probes 3',
        'w1',
        '10:04:00.000',
        '3 min 8 s',
        'nothing',
        'probes begin after the last retransmission',
      ],
      ['stream-idle-timeout, gateway-client', 'w1', 'never', '5 min 20 s', '2 healthy streams (exec)', 'too long'],
    ]);
    expect(WHAT_IF_COLUMNS).toHaveLength(6);
  });

  test.each(FORMAT_NAMES)('%s has the section when the report has its data, and else not', async (format) => {
    expect(await rendered(format, composed(gatewayMute()))).not.toContain(HEADING);
    const text = await rendered(format, told());
    expect(text.split(HEADING)).toHaveLength(2);
    expect(text).toContain('never');
  });

  test('the text stays within its width', async () => {
    const lines = (await rendered('text', told('word '.repeat(200)))).split('\n');
    expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(80);
  });

  test.each(FORMAT_NAMES)('in %s its words stay words', async (format) => {
    const text = await rendered(format, told('<b>|\u001b[31m\u202ered'));
    expect(text).not.toContain('\u001b');
    expect(text).not.toContain('\u202e');
    if (format === 'html') expect(text).not.toContain('<b>|');
  });
});
