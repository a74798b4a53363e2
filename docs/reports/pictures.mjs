// Makes the pictures of docs/reports.md from a sample, with Chromium: node docs/reports/pictures.mjs
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const MERMAID = fileURLToPath(new URL('../../node_modules/mermaid/dist/mermaid.min.js', import.meta.url));
const SIZE = { width: 1000, height: 760 };
/** Of the text, as much as a terminal shows. */
const TEXT_LINES = 36;
/** Colours of a dark terminal, by the SGR parameters that the text uses. */
const COLOURS = {
  '1;91': '#ff6b6b;font-weight:bold',
  1: '#fff;font-weight:bold',
  2: '#999',
  33: '#d7ba7d',
  36: '#5fd7d7',
};

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-pictures-'));
const files = ['html', 'md'].map((end) => join(folder, `report.${end}`));
try {
  const outputs = files.flatMap((file) => ['-o', file]);
  const run = ['dist/watchpcap.js', 'analyze', 'samples/gateway.pcap', '--exit-zero', '--color', 'always', ...outputs];
  const text = execFileSync('node', run, { encoding: 'utf8', env: { ...process.env, COLUMNS: '80' } });
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  for (const colorScheme of ['light', 'dark']) {
    const tab = await browser.newPage({ viewport: SIZE, colorScheme, offline: true });
    await tab.goto(pathToFileURL(files[0]).href);
    await tab.screenshot({ path: join(FOLDER, `html-${colorScheme}.png`) });
  }
  await shoot(browser, 'text', terminal(text.split('\n').slice(0, TEXT_LINES).join('\n')), 'pre');
  const [, diagram] = /```mermaid\n([^]*?)```/.exec(readFileSync(files[1], 'utf8'));
  await shoot(browser, 'markdown', `<pre class="mermaid">${escaped(diagram)}</pre>`, 'svg', MERMAID);
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function shoot(browser, name, body, element, script) {
  const file = join(folder, `${name}.html`);
  writeFileSync(file, `<!doctype html><meta charset="utf-8"><body style="background:#fff">${body}`);
  const tab = await browser.newPage({ viewport: SIZE, offline: true });
  await tab.goto(pathToFileURL(file).href);
  if (script !== undefined) {
    await tab.addScriptTag({ path: script });
    await tab.evaluate(() => globalThis.mermaid.run());
  }
  await tab
    .locator(element)
    .first()
    .screenshot({ path: join(FOLDER, `${name}.png`) });
}

function terminal(text) {
  const style =
    'background:#1b1b1b;color:#ddd;font:14px/1.2 "DejaVu Sans Mono",monospace;padding:12px;display:inline-block;margin:0';
  const [plain = '', ...painted] = escaped(text).split('\u001b[');
  const coloured = painted.map((part) => {
    const end = part.indexOf('m');
    const tag = part.startsWith('0m') ? '</span>' : `<span style="color:${COLOURS[part.slice(0, end)]}">`;
    return tag + part.slice(end + 1);
  });
  return `<pre style='${style}'>${plain}${coloured.join('')}</pre>`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
