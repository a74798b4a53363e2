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
const JSON_LINES = 30;
const NDJSON_LINES = 3;
const COLUMNS = 110;
/** Colours of a dark terminal, by the SGR parameters that the text uses. */
const COLOURS = {
  '1;91': '#ff6b6b;font-weight:bold',
  1: '#fff;font-weight:bold',
  2: '#999',
  33: '#d7ba7d',
  36: '#5fd7d7',
};
/** Colours of a connection's states. */
const SLICES = {
  alive: '#7cb342',
  idle: '#b0bec5',
  unanswered: '#ffb300',
  dead: '#e53935',
  closing: '#8d6e63',
  closed: '#cfd8dc',
};

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-pictures-'));
const files = ['html', 'md', 'json', 'ndjson', 'perfetto.json'].map((end) => join(folder, `report.${end}`));
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
  const json = readFileSync(files[2], 'utf8').split('\n');
  const from = json.findIndex((line) => line.startsWith('  "windows": ['));
  await shoot(browser, 'json', terminal(json.slice(from, from + JSON_LINES).join('\n')), 'pre');
  const rows = readFileSync(files[3], 'utf8').split('\n').slice(0, NDJSON_LINES);
  await shoot(browser, 'ndjson', terminal(rows.map(folded).join('\n')), 'pre');
  await shoot(browser, 'perfetto', tracks(JSON.parse(readFileSync(files[4], 'utf8'))), 'main');
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

/** A line as a terminal breaks it. */
function folded(line) {
  return line.match(new RegExp(`.{1,${COLUMNS}}`, 'gu')).join('\n');
}

/** What the trace says, drawn here: the viewer itself is a page of somebody else's, and is not asked. */
function tracks({ traceEvents }) {
  const end = Math.max(...traceEvents.map(({ ts = 0, dur = 0 }) => ts + dur));
  const named = (kind) => traceEvents.filter(({ ph, name }) => ph === 'M' && name === kind);
  const order = new Map(named('thread_sort_index').map(({ tid, args }) => [tid, args.sort_index]));
  const rows = named('thread_name').toSorted((a, b) => order.get(a.tid) - order.get(b.tid));
  const place = (us) => `${(us / end) * 100}%`;
  const drawn = rows.map(({ tid, args }) => {
    const own = traceEvents.filter((event) => event.tid === tid);
    const slices = own.filter(({ ph }) => ph === 'X');
    const instants = own.filter(({ ph }) => ph === 'i');
    const bar = ({ name, cat, ts, dur }) =>
      `<b style="left:${place(ts)};width:${place(dur)};background:${SLICES[name] ?? '#8e24aa'}">${cat === 'window' || dur > end / 8 ? escaped(name) : ''}</b>`;
    const tip = ({ ts }) => `<i style="left:${place(ts)}"></i>`;
    return `<dt>${escaped(args.name)}</dt><dd>${slices.map(bar).join('')}${instants.map(tip).join('')}</dd>`;
  });
  const style =
    'main{display:block;width:960px;font:13px sans-serif;padding:8px}dt{margin-top:6px;color:#444}dd{position:relative;height:20px;margin:0;background:#f5f5f5}' +
    'b{position:absolute;height:14px;overflow:hidden;color:#fff;font-size:11px;white-space:nowrap;padding-left:2px;box-sizing:border-box}i{position:absolute;top:14px;width:2px;height:6px;background:#222}';
  return `<style>${style}</style><main><dl>${drawn.join('')}</dl></main>`;
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
