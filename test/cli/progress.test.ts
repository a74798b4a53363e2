import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { progressText, ReadingProgress } from '../../src/cli/progress.ts';

const OF_TOTAL = { bytesRead: 250_000_000, totalBytes: 1_000_000_000 };

describe('progress in words', () => {
  test('share, bytes, rate and time left', () => {
    expect(progressText(OF_TOTAL, 1000, 0.25)).toBe('reading: 25 %, 250 MB of 1000 MB, 250 MB/s, 3 s left');
  });

  test('of a pipe only what was read', () => {
    expect(progressText({ bytesRead: 2_500_000, totalBytes: null }, 500, 0)).toBe('reading: 2.5 MB, 5.0 MB/s');
  });
});

describe('progress on standard error', () => {
  const before = process.stderr.isTTY;
  let nowMs = 0;
  let written = '';

  beforeEach(() => {
    nowMs = 0;
    written = '';
    vi.stubEnv('TERM', 'xterm');
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
      written += String(text);
      return true;
    });
  });

  afterEach(() => {
    process.stderr.isTTY = before;
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  async function shown(isTerminal: boolean, atMs: number): Promise<string> {
    process.stderr.isTTY = isTerminal;
    const progress = new ReadingProgress();
    nowMs = atMs;
    progress.update(OF_TOTAL);
    // The library is loaded first.
    await vi.dynamicImportSettled();
    const text = written;
    progress.stop();
    return text;
  }

  test('is there on a terminal, once reading has taken a second', async () => {
    expect(await shown(true, 1000)).toContain('reading: 25 %, 250 MB of 1000 MB, 250 MB/s, 3 s left');
  });

  test('is not there before', async () => {
    expect(await shown(true, 999)).toBe('');
  });

  test('is not there where standard error is no terminal, or one that cannot move its cursor', async () => {
    expect(await shown(false, 5000)).toBe('');
    vi.stubEnv('TERM', 'dumb');
    expect(await shown(true, 5000)).toBe('');
  });
});
