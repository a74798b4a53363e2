import { describe, expect, test } from 'vitest';
import { readManifest, renderFilters, renderManifest, type Report } from '../../../src/report/index.ts';
import { composed, gatewayMute, healthy } from '../scenarios.ts';

const mute = composed(gatewayMute());

function paragraphs(report: Report, numberOf: (file: number, packet: number) => number | undefined): string[] {
  return renderFilters(report, numberOf).trimEnd().split('\n\n');
}

describe('the display filters of a bundle', () => {
  test('name each window, its two connections, and each finding, under the sentence that they show', () => {
    const [head, ...shown] = paragraphs(mute, (_file, packet) => packet);
    expect(head).toMatch(/^Display filters for Wireshark, on evidence\.pcapng\.gz: half-dead/);
    expect(shown).toHaveLength(3 * mute.windows.length + mute.findings.length);
    for (const { code, title, filter } of mute.findings) expect(shown).toContain(`${code}: ${title}\n  ${filter}`);
    expect(shown.filter((each) => each.includes('frame.comment contains "w1: "'))).toHaveLength(1);
  });

  test('have the extract’s numbers, and those of the capture beside them where they differ', () => {
    const finding = mute.findings.find(({ packets }) => packets.length > 0);
    const text = renderFilters(mute, (_file, packet) => packet - 1);
    expect(text).toContain(`  as captured: ${finding?.filter}\n`);
    expect(text).toContain(`frame.number in {${(finding?.packets[0] ?? 0) - 1}`);
  });

  test('have no frame numbers where the extract has none of the packets', () => {
    const [, ...shown] = paragraphs(mute, () => undefined);
    const filters = shown.flatMap((each) => each.split('\n').slice(1, 2));
    expect(filters.filter((filter) => filter.includes('frame.number'))).toEqual([]);
  });

  test('are not more than a person reads; how many are left out is said', () => {
    const windows = Array.from({ length: 70 }, () => mute.windows).flat();
    const findings = Array.from({ length: 300 }, () => mute.findings.slice(0, 1)).flat();
    const text = renderFilters({ ...mute, windows, findings }, (_file, packet) => packet);
    expect(text).toMatch(/\nand 20 more windows and 100 more findings: report\.json has all\n$/);
  });

  test('of a healthy capture without findings are none', () => {
    expect(paragraphs({ ...composed(healthy()), findings: [] }, () => 1)).toHaveLength(1);
  });
});

describe('a manifest', () => {
  const entries = [
    { name: 'summary.md', bytes: 12, hash: 'a'.repeat(64) },
    { name: 'report.json', bytes: 12_345_678, hash: '0'.repeat(64) },
  ] as const;

  test('is read again as it was written; sizes and meanings are comments', () => {
    const text = renderManifest(mute, entries);
    expect([...readManifest(text)]).toEqual(entries.map(({ name, hash }) => [name, hash]));
    const lines = text.trimEnd().split('\n');
    expect(lines.filter((line) => !line.startsWith('# '))).toEqual(entries.map(({ name, hash }) => `${hash}  ${name}`));
  });

  test('cannot be faked by the name of a capture', () => {
    const path = `a\n${'b'.repeat(64)}  summary.md\n.pcap`;
    const files = mute.capture.files.map((file) => ({ ...file, path }));
    const text = renderManifest({ ...mute, capture: { ...mute.capture, files } }, entries);
    expect(readManifest(text).get('summary.md')).toBe('a'.repeat(64));
  });

  test('of something else has no hashes', () => {
    expect(readManifest('Manifest-Version: 1.0\n').size).toBe(0);
  });
});
