import { describe, expect, test } from 'vitest';
import type { Report } from '../../src/report/index.ts';
import { columnsOf } from '../../src/report/text/lines.ts';
import { renderText } from '../../src/report/text.ts';
import { composed, gatewayMute, healthy, inconclusive, recovered } from './scenarios.ts';

const PLAIN = { width: 80, color: false, unicode: true, only: [], detail: 'usual' } as const;

const STORIES = [
  { name: 'gateway-mute', told: gatewayMute, state: 'half-dead' },
  { name: 'recovered', told: recovered, state: 'half-dead' },
  { name: 'healthy', told: healthy, state: 'healthy' },
  { name: 'inconclusive', told: inconclusive, state: 'inconclusive' },
] as const;

function linesOf(text: string): string[] {
  expect(text.endsWith('\n')).toBe(true);
  return text.slice(0, -1).split('\n');
}

function widest(text: string): number {
  return Math.max(...linesOf(text).map(columnsOf));
}

function timelineOf(text: string): string[] {
  const lines = linesOf(text);
  const from = lines.indexOf('Timeline');
  return lines.slice(from + 1, lines.indexOf('', from));
}

describe('the whole text', () => {
  for (const { name, told, state } of STORIES) {
    for (const width of [80, 120]) {
      test(`${name} at ${width} columns is the golden text`, async () => {
        const text = renderText(composed(told()), { ...PLAIN, width });
        await expect(text).toMatchFileSnapshot(`../golden/${name}-${width}.txt`);
      });
    }

    test(`${name}: the first line has the state's own word`, () => {
      expect(linesOf(renderText(composed(told()), PLAIN))[0]).toContain(state);
    });

    test(`${name}: no line is wider than asked for, at any width`, () => {
      const report = composed(told());
      for (const width of [40, 60, 79, 80, 81, 100, 133, 200]) {
        expect(widest(renderText(report, { ...PLAIN, width }))).toBeLessThanOrEqual(width);
      }
    });

    test(`${name}: no line ends in a space`, () => {
      expect(linesOf(renderText(composed(told()), PLAIN)).filter((line) => line.endsWith(' '))).toEqual([]);
    });

    test(`${name}: the same input gives the same bytes`, () => {
      expect(renderText(composed(told()), PLAIN)).toBe(renderText(composed(told()), PLAIN));
    });
  }

  test('with ASCII there is nothing but ASCII', async () => {
    const text = renderText(composed(gatewayMute()), { ...PLAIN, unicode: false });
    expect(text).toMatch(/^[\n -~]*$/);
    await expect(text).toMatchFileSnapshot('../golden/gateway-mute-ascii.txt');
  });

  test('colours change no character', () => {
    const report = composed(gatewayMute());
    const colored = renderText(report, { ...PLAIN, color: true });
    expect(colored).toContain('\u001b[');
    // oxlint-disable-next-line no-control-regex
    expect(colored.replace(/\u001b\[[\d;]*m/g, '')).toBe(renderText(report, PLAIN));
  });

  test('rendering leaves the report as it was', () => {
    const report = composed(gatewayMute());
    const before = JSON.stringify(report);
    renderText(report, PLAIN);
    expect(JSON.stringify(report)).toBe(before);
  });
});

describe('the timeline', () => {
  test('client leg, window and upstream leg stand above one another on one axis', () => {
    const rows = timelineOf(renderText(composed(gatewayMute()), PLAIN));
    const heads = rows.map((row) => row.slice(2, 16).trim());
    const client = heads.indexOf('client c1');
    expect(heads.slice(client, client + 5)).toEqual([
      'client c1',
      '10.9.1.2:49739',
      'HALF-DEAD w1',
      'upstream u1',
      '10.9.2.2:8080',
    ]);
    const bar = rows[client + 2] ?? '';
    const dead = rows[client + 4] ?? '';
    expect(dead.indexOf('×')).toBe(bar.indexOf('█'));
  });

  test('a window that the capture cuts off points onwards, another does not', () => {
    const bar = (report: Report): string =>
      timelineOf(renderText(report, PLAIN)).find((row) => row.includes('█')) ?? '';
    expect(bar(composed(gatewayMute()))).toMatch(/█▶$/);
    expect(bar(composed(recovered()))).toMatch(/█$/);
  });

  test('a short window in a long capture gets the room: the axis shows its surroundings', () => {
    const { incident, capture } = recovered();
    const text = renderText(composed({ incident, capture: { ...capture, lastNs: 6 * 3600e9 } }), PLAIN);
    const bar = timelineOf(text).find((row) => row.includes('█')) ?? '';
    expect([...bar].filter((character) => character === '█').length).toBeGreaterThan(8);
    expect(text).toContain('the capture lasts 6 h');
  });

  test('a long quiet stretch is left out, and said so', () => {
    const told = gatewayMute();
    const [first] = told.incident.windows;
    if (first === undefined) throw new Error('the story has a window');
    const hours = 5 * 3600e9;
    const incident = { ...told.incident, windows: [{ ...first, durationNs: hours }] };
    const rows = timelineOf(renderText(composed({ incident, capture: { ...told.capture, lastNs: hours } }), PLAIN));
    expect(rows.filter((row) => row.includes('╱╱')).length).toBeGreaterThanOrEqual(4);
    expect(rows.join('\n')).toMatch(/╱╱ leaves out 4 h \d+ min/);
  });
});

describe('what comes from the wire', () => {
  const HOSTILE = '/a\u001b]0;owned\u0007\u001b[31m\t\n\u202egnp.exe\u009b2J\u200b\u0000?x=\ud800';

  test('stays text: no control character, no override reaches the terminal', () => {
    const text = renderText(composed(gatewayMute(HOSTILE)), { ...PLAIN, width: 120 });
    // oxlint-disable-next-line no-control-regex
    expect(text.replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u202e\ud800]/);
    expect(text).toContain('\\x1b]0;owned\\x07\\x1b[31m');
    expect(text.replace(/[\s│]/g, '')).toContain('\\u{202e}gnp.exe');
  });

  test('does no damage to the table: wide and joined characters, a path of 8 kB', () => {
    for (const path of ['/公園/한국어/👨‍👩‍👧‍👦/ééé'.repeat(20), `/${'a'.repeat(8192)}`, '', '/ b'.repeat(300)]) {
      const text = renderText(composed(gatewayMute(path)), PLAIN);
      expect(widest(text)).toBeLessThanOrEqual(80);
      expect(text.length).toBeLessThan(20_000);
    }
  });
});

describe('ten thousand connections', () => {
  test('stay readable: the hurt ones first, the others counted', () => {
    const { incident, capture } = gatewayMute();
    const [, , idle] = incident.connections;
    if (idle === undefined) throw new Error('the story has three legs');
    const others = Array.from({ length: 10_000 }, (_, i) => ({ ...idle, id: `u${i + 3}` }));
    const text = renderText(
      composed({ capture, incident: { ...incident, connections: [...others, ...incident.connections] } }),
      PLAIN,
    );
    const lines = linesOf(text);
    expect(lines.length).toBeLessThan(200);
    expect(lines.find((line) => /^ {2}│ (c|u)\d+ /.test(line))).toContain('c1');
    expect(text).toContain('and 9983 more connections');
  });
});
