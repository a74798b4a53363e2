import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { Agreement } from './agreement.ts';
import { committedLabels, ownCaptures } from './own.ts';

const folder = mkdtempSync(join(tmpdir(), 'watchpcap-labels-'));
afterAll(() => rmSync(folder, { recursive: true }));

test('labels of our own captures agree with Wireshark 4.0.17, but for what a rule explains, and every label is among them', () => {
  const agreement = new Agreement();
  const captures = ownCaptures(folder);
  const unexplained = captures.flatMap((capture) =>
    agreement.add(capture, basename(capture), committedLabels(capture)),
  );
  console.log(`${captures.length} captures of our own\n${agreement.render()}`);
  expect(unexplained).toEqual([]);
  expect(agreement.unseen()).toEqual([]);
});
