import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import axe from 'axe-core';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { Report } from '../../../src/report/index.ts';
import { renderHtml } from '../../../src/report/html.ts';
import { renderText } from '../../../src/report/text.ts';
import { reportOn } from '../../build/reports.ts';
import { HOSTILE, MARK, poisoned } from '../hostile.ts';
import { composed, gatewayMute } from '../scenarios.ts';
import { CHROMIUM, CHROMIUM_ABSENT } from './chromium.ts';

/** The page as a browser has it, without a network. */

const TEXT = { color: false, unicode: true, only: [], detail: 'usual' } as const;
const A4_POINTS = { width: 595, height: 842 };

describe.skipIf(CHROMIUM === null)(CHROMIUM === null ? CHROMIUM_ABSENT : 'in Chromium', () => {
  let folder = '';
  let browser: Browser;
  /** Errors, refusals of the policy and requests beyond the page itself: none may ever be. */
  let unwanted: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
    // Chromium's own sandbox does not work for root, as in a container.
    browser = await chromium.launch({
      executablePath: CHROMIUM ?? '',
      args: process.getuid?.() === 0 ? ['--no-sandbox'] : [],
    });
  });

  afterAll(async () => {
    await browser.close();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(async () => {
    await Promise.all(browser.contexts().map((context) => context.close()));
    expect(unwanted).toEqual([]);
    unwanted = [];
  });

  async function opened(report: Report, options: BrowserContextOptions = {}): Promise<Page> {
    const file = join(folder, 'report.html');
    writeFileSync(file, [...renderHtml(report)].join(''));
    const context = await browser.newContext({ viewport: { width: 1200, height: 900 }, offline: true, ...options });
    const page = await context.newPage();
    page.on('pageerror', (error) => unwanted.push(String(error)));
    page.on('console', (message) => unwanted.push(message.text()));
    page.on('dialog', (dialog) => unwanted.push(`dialog ${dialog.message()}`));
    page.on('request', (request) => {
      if (!request.url().endsWith('/report.html')) unwanted.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  const half = (): Report => composed(gatewayMute());

  for (const colorScheme of ['light', 'dark'] as const) {
    for (const width of [1200, 390]) {
      test(`axe finds nothing wrong: ${colorScheme}, ${width} pixels wide`, async () => {
        const page = await opened(await reportOn('samples/gateway-keepalive.pcap'), {
          colorScheme,
          viewport: { width, height: 900 },
        });
        await page.evaluate(axe.source);
        const result = (await page.evaluate('axe.run()')) as axe.AxeResults;
        expect(result.violations.map(({ id, impact, nodes }) => ({ id, impact, html: nodes[0]?.html }))).toEqual([]);
        expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
      });
    }
  }

  test('without scripts all text and the picture are there, and nothing that would not work', async () => {
    const page = await opened(half(), { javaScriptEnabled: false });
    const text = await page.locator('body').innerText();
    for (const part of [
      'half-dead (confirmed)',
      'nothing acknowledges it',
      'frame.number in {89, 92',
      'retransmission 9',
      'What to do',
    ]) {
      expect(text).toContain(part);
    }
    expect(await page.locator('svg.m').count()).toBeGreaterThan(10);
    expect(await page.locator('button:visible, select:visible').count()).toBe(0);
  });

  test('a click on a packet number copies its filter, and says so', async () => {
    const page = await opened(half(), { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: '95', exact: true }).first().click();
    await page.getByText('Copied: frame.number == 95').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe('frame.number == 95');
  });

  test('a finding copies its whole filter', async () => {
    const page = await opened(half(), { permissions: ['clipboard-read', 'clipboard-write'] });
    await page.getByRole('button', { name: /^ip\.addr == 10\.9\.2\.1 .* frame\.number/ }).click();
    await page.getByText('Copied: ip.addr').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toMatch(/^ip\.addr == 10\.9\.2\.1 && .*126\}$/);
  });

  test('a piece of evidence points at its mark', async () => {
    const page = await opened(half());
    await page.locator('tr[data-p="95"]').hover();
    expect(await page.locator('svg.m.on').getAttribute('data-f')).toBe('frame.number == 95');
  });

  test('one connection alone can be shown, and everything again', async () => {
    const page = await opened(half());
    const rows = page.locator('tr[data-p]:visible');
    const before = await rows.count();
    await page.locator('#connection').selectOption('u1');
    expect(await page.locator('tr[data-p][data-c="c1"]:visible').count()).toBe(0);
    expect(await rows.count()).toBeLessThan(before);
    expect(await page.locator('svg.lane.off[data-c="c1"]').count()).toBe(1);
    await page.keyboard.press('Escape');
    expect(await rows.count()).toBe(before);
  });

  test('one finding alone can be shown', async () => {
    const page = await opened(half());
    const before = await page.locator('tr[data-p]:visible').count();
    await page.getByRole('button', { name: 'show only its evidence' }).first().click();
    const after = await page.locator('tr[data-p]:visible').count();
    expect(after).toBeGreaterThan(0);
    expect(after).toBeLessThan(before);
  });

  test('the wheel scrolls the page, and zooms once the picture was chosen', async () => {
    const page = await opened(half());
    const plot = page.locator('.plot');
    const width = async (): Promise<string | null> => page.locator('rect.half-dead').first().getAttribute('width');
    const before = await width();
    await plot.hover();
    await page.mouse.wheel(0, -100);
    await page.waitForTimeout(100);
    expect(await width()).toBe(before);
    await plot.focus();
    await plot.hover();
    await page.mouse.wheel(0, -100);
    await expect.poll(width).not.toBe(before);
  });

  test('keys zoom, move and go back; ticks follow', async () => {
    const page = await opened(half());
    const plot = page.locator('.plot');
    const state = async (): Promise<string> =>
      JSON.stringify(
        await page.evaluate(
          "[document.querySelector('rect.half-dead').getAttribute('x'), document.querySelector('.ticks').textContent]",
        ),
      );
    const seen = [await state()];
    await plot.focus();
    for (const key of ['+', 'ArrowRight', '-']) {
      await page.keyboard.press(key);
      await expect.poll(state).not.toBe(seen.at(-1));
      seen.push(await state());
    }
    await page.keyboard.press('0');
    await expect.poll(state).toBe(seen[0]);
  });

  test('dragging moves the picture and copies nothing', async () => {
    const page = await opened(half());
    const box = await page.locator('svg.lanes').boundingBox();
    if (box === null) throw new Error('there is a picture');
    const x = async (): Promise<string | null> => page.locator('rect.half-dead').first().getAttribute('x');
    const before = await x();
    await page.mouse.move(box.x + 600, box.y + 60);
    await page.mouse.down();
    await page.mouse.move(box.x + 400, box.y + 60, { steps: 5 });
    await page.mouse.up();
    await expect.poll(x).not.toBe(before);
    expect(await page.locator('#said').textContent()).not.toContain('Copied');
  });

  test('dark is chosen by the system, and turned by the button', async () => {
    const page = await opened(half(), { colorScheme: 'dark' });
    const paper = (): Promise<unknown> => page.evaluate('getComputedStyle(document.body).backgroundColor');
    expect(await paper()).toBe('rgb(13, 17, 23)');
    await page.getByRole('button', { name: 'dark or light' }).click();
    expect(await paper()).toBe('rgb(255, 255, 255)');
  });

  test('prints on A4: on white, without what only a screen can use, nothing cut off at the side', async () => {
    const page = await opened(half(), { colorScheme: 'dark', viewport: { width: 680, height: 900 } });
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('getComputedStyle(document.body).backgroundColor')).toBe('rgb(255, 255, 255)');
    expect(await page.locator('.bar:visible, .tools:visible').count()).toBe(0);
    expect(await page.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    const pdf = (await page.pdf({ preferCSSPageSize: true })).toString('latin1');
    const [, width, height] = /\/MediaBox ?\[0 0 ([\d.]+) ([\d.]+)\]/.exec(pdf) ?? [];
    expect(Math.abs(Number(width) - A4_POINTS.width)).toBeLessThan(2);
    expect(Math.abs(Number(height) - A4_POINTS.height)).toBeLessThan(2);
  });

  /** How light a picture is as a whole (0 to 1), and which part of it is not of its most frequent colour. */
  async function seenIn(picture: Buffer): Promise<{ light: number; ink: number }> {
    const page = await (await browser.newContext({ offline: true })).newPage();
    return (await page.evaluate(`(async () => {
      const image = new Image();
      image.src = 'data:image/png;base64,${picture.toString('base64')}';
      await image.decode();
      const context = new OffscreenCanvas(image.width, image.height).getContext('2d');
      context.drawImage(image, 0, 0);
      const { data } = context.getImageData(0, 0, image.width, image.height);
      const counts = new Map();
      let sum = 0;
      for (let i = 0; i < data.length; i += 4) {
        sum += data[i] + data[i + 1] + data[i + 2];
        const colour = (data[i] << 16) | (data[i + 1] << 8) | data[i + 2];
        counts.set(colour, (counts.get(colour) ?? 0) + 1);
      }
      const all = data.length / 4;
      return { light: sum / (all * 3 * 255), ink: 1 - Math.max(...counts.values()) / all };
    })()`)) as { light: number; ink: number };
  }

  const wide = { width: 1200, height: 900 };
  test.each([
    ['light', { viewport: wide, colorScheme: 'light' }, 'screen'],
    ['dark', { viewport: wide, colorScheme: 'dark' }, 'screen'],
    ['print', { viewport: { width: 680, height: 900 }, colorScheme: 'dark' }, 'print'],
    ['scripts off', { viewport: wide, colorScheme: 'light', javaScriptEnabled: false }, 'screen'],
    ['narrow', { viewport: { width: 390, height: 900 }, colorScheme: 'light' }, 'screen'],
  ] as const)('a picture of the page is taken, and is a page: %s', async (look, options, media) => {
    const page = await opened(await reportOn('samples/gateway.pcap'), options);
    await page.emulateMedia({ media });
    const { light, ink } = await seenIn(await page.screenshot({ fullPage: true }));
    if (look === 'dark') expect(light).toBeLessThan(0.3);
    else expect(light).toBeGreaterThan(0.75);
    expect(ink).toBeGreaterThan(0.02);
    expect(ink).toBeLessThan(0.6);
  });

  test.each([80, 140])('a picture of the text in a terminal of %s columns: no line is broken', async (columns) => {
    const text = renderText(await reportOn('samples/gateway.pcap'), { ...TEXT, width: columns });
    const page = await (await browser.newContext({ offline: true })).newPage();
    await page.setContent(
      `<pre style="font:14px monospace;width:${columns}ch;white-space:pre-wrap;overflow-wrap:anywhere"></pre>`,
    );
    const lines = await page.evaluate(`(() => {
      const pre = document.querySelector('pre');
      const heightOf = (told) => {
        pre.textContent = told;
        return pre.getBoundingClientRect().height;
      };
      const one = heightOf('x');
      return Math.round(heightOf(${JSON.stringify(text.trimEnd())}) / one);
    })()`);
    expect(lines).toBe(text.trimEnd().split('\n').length);
    expect((await seenIn(await page.locator('pre').screenshot())).ink).toBeGreaterThan(0.02);
  });

  test('hostile text runs nothing, asks for nothing, and makes no element', async () => {
    const count = async (report: Report): Promise<unknown> =>
      (await opened(report)).evaluate("document.querySelectorAll('*').length");
    const plain = await count(poisoned('plain'));
    for (const text of HOSTILE.slice(0, 6)) expect(await count(poisoned(text))).toBe(plain);
    const page = await opened(poisoned(HOSTILE.join(' ')));
    expect(await page.locator('h1 + p').textContent()).toContain(`<script>alert("${MARK}")</script>`);
  });

  test('ten thousand connections: it is painted, and zooms; how soon is printed', async () => {
    const report = half();
    const [, , idle] = report.connections;
    if (idle === undefined) throw new Error('the story has three legs');
    const others = Array.from({ length: 10_000 }, (_, i) => ({ ...idle, id: `x${i}` }));
    const began = performance.now();
    const page = await opened({ ...report, connections: [...others, ...report.connections] });
    const paintedMs = (await page.evaluate(`new Promise((done) => {
      new PerformanceObserver((list) => done(list.getEntries()[0].startTime)).observe({ type: 'paint', buffered: true });
    })`)) as number;
    const openedMs = performance.now() - began;
    const before = await page.locator('rect.half-dead').first().getAttribute('width');
    await page.locator('.plot').focus();
    const zoomMs = (await page.evaluate(`new Promise((done) => {
      const began = performance.now();
      document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key: '+', bubbles: true }));
      requestAnimationFrame(() => requestAnimationFrame(() => done(performance.now() - began)));
    })`)) as number;
    console.log(
      `10,000 connections: first paint ${Math.round(paintedMs)} ms, opened ${Math.round(openedMs)} ms, a zoom ${Math.round(zoomMs)} ms`,
    );
    // How soon is the machine's affair; that both happen at all is the page's.
    expect(paintedMs).toBeGreaterThan(0);
    expect(await page.locator('rect.half-dead').first().getAttribute('width')).not.toBe(before);
  });
});
