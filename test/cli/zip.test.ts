import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { zipped } from '../../src/cli/zip.ts';

const hasUnzip = spawnSync('unzip', ['-v']).status === 0;
const AT = Date.UTC(2026, 10, 23, 23, 4, 31) / 1000;
const FILES = [
  { name: 'empty', bytes: new Uint8Array(0) },
  { name: 'text.txt', bytes: new TextEncoder().encode('häß\n'.repeat(1000)) },
  { name: 'noise', bytes: Uint8Array.from({ length: 100_000 }, (_, i) => (i * i * 31 + (i >> 3)) & 255) },
];

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

describe('an archive', () => {
  test.skipIf(!hasUnzip)('is one to other programs, each file as it was (needs unzip)', () => {
    const path = join(folder, 'a.zip');
    writeFileSync(path, zipped(FILES, AT));
    expect(execFileSync('unzip', ['-t', path], { encoding: 'utf8' })).toContain('No errors detected');
    execFileSync('unzip', ['-q', '-o', path, '-d', folder]);
    for (const { name, bytes } of FILES) expect(new Uint8Array(readFileSync(join(folder, name)))).toEqual(bytes);
    // Six columns of `unzip -Z`: permissions, version, system, size, …, date.
    const list = execFileSync('unzip', ['-Z', '-T', path], { encoding: 'utf8' });
    expect(list).toMatch(/-rw-r--r-- {2}2\.0 unx +6000 .* 20261123\.230430 text\.txt/);
  });

  test('has the CRC-32 that everybody has (ITU-T V.42: 123456789 gives CBF43926)', () => {
    const bytes = zipped([{ name: 'a', bytes: new TextEncoder().encode('123456789') }], AT);
    expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(14, true)).toBe(0xcbf43926);
  });

  test('is the same wherever it is made: time zones do not count', () => {
    const before = process.env['TZ'];
    const made = ['UTC', 'America/New_York', 'Asia/Kolkata'].map((zone) => {
      process.env['TZ'] = zone;
      return zipped(FILES, AT);
    });
    expect(new Date(AT * 1000).getTimezoneOffset()).toBe(-330);
    if (before === undefined) delete process.env['TZ'];
    else process.env['TZ'] = before;
    expect(made[1]).toEqual(made[0]);
    expect(made[2]).toEqual(made[0]);
  });

  test('a time that it cannot say becomes the first that it can', () => {
    for (const seconds of [0, -1e9, 1e12, Number.NaN]) {
      const view = new DataView(zipped([], AT).buffer);
      expect(view.getUint32(0, true)).toBe(0x06054b50);
      const bytes = zipped([{ name: 'a', bytes: new Uint8Array(0) }], seconds);
      expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(10, true)).toBe(0x0021_0000);
    }
  });
});
