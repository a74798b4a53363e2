// Makes the pictures of docs/reports.md from a sample, with Chromium: node docs/reports/pictures.mjs
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';

const FOLDER = fileURLToPath(new URL('.', import.meta.url));
const SIZE = { width: 1000, height: 760 };

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-pictures-'));
const page = join(folder, 'report.html');
try {
  execFileSync('node', ['dist/watchpcap.js', 'analyze', 'samples/gateway.pcap', '--exit-zero', '--quiet', '-o', page]);
  const executablePath = execFileSync('sh', ['-c', 'command -v chromium']).toString().trim();
  const browser = await chromium.launch({ executablePath, args: ['--no-sandbox'] });
  for (const colorScheme of ['light', 'dark']) {
    const tab = await browser.newPage({ viewport: SIZE, colorScheme, offline: true });
    await tab.goto(pathToFileURL(page).href);
    await tab.screenshot({ path: join(FOLDER, `html-${colorScheme}.png`) });
  }
  await browser.close();
} finally {
  rmSync(folder, { recursive: true, force: true });
}
