import type { Pair, Result } from './compare.ts';
import type { Captures, Figure } from './figures.ts';
import type { Capture } from './generate.ts';
import { median } from './measure.ts';
import { CAPINFOS, GZIP_DC, type Program, WATCHPCAP_ANALYZE, WATCHPCAP_WALK } from './programs.ts';
import { ensureVariant } from './variants.ts';

/** The full capture in what else users bring. */
export interface Kept {
  readonly gzip: Capture;
  readonly pcapng: Capture;
}

export async function keptOf({ full }: Pick<Captures, 'full'>): Promise<Kept> {
  return { gzip: await ensureVariant(full, 'gzip'), pcapng: await ensureVariant(full, 'pcapng') };
}

interface Ratio {
  readonly name: string;
  readonly of: Pair;
  readonly to: Pair;
  readonly most: number;
}

/** Each figure as the two pairs that it compares: they run one after the other in every round, so that they meet the same machine. */
function ratiosOf({ full, fourfold }: Captures, { gzip, pcapng }: Kept): Ratio[] {
  const pair = (program: Program, capture: Capture): Pair => ({ program, capture });
  const walk = (capture: Capture, most: number): Ratio => ({
    name: `reading and walking ${(capture.bytes / 1e6).toFixed(0)} MB, to capinfos`,
    of: pair(WATCHPCAP_WALK, capture),
    to: pair(CAPINFOS, capture),
    most,
  });
  return [
    walk(full, 1.3),
    walk(fourfold, 0.7),
    {
      name: 'whole analysis of gzip, to gzip -dc | wc -c',
      of: pair(WATCHPCAP_ANALYZE, gzip),
      to: pair(GZIP_DC, gzip),
      most: 0.6,
    },
    { name: 'pcapng, to pcap', of: pair(WATCHPCAP_ANALYZE, pcapng), to: pair(WATCHPCAP_ANALYZE, full), most: 1.2 },
  ];
}

/** The pairs of all figures whose programs are there, each once; to be measured by themselves. */
export function formatPairs(captures: Captures, kept: Kept, isThere: (program: Program) => boolean): Pair[] {
  const pairs = ratiosOf(captures, kept).flatMap(({ of, to }) =>
    isThere(of.program) && isThere(to.program) ? [to, of] : [],
  );
  return pairs.filter((pair, nth) => pairs.findIndex((other) => isSame(pair, other)) === nth);
}

/** The medians of the rounds' own ratios: what slows one round down slows both of its runs. */
export function formatFigures(results: readonly Result[], captures: Captures, kept: Kept): Figure[] {
  return ratiosOf(captures, kept).map(({ name, of, to, most }) => {
    const times = timesOf(results, of);
    const rival = timesOf(results, to);
    const ratios = times.map((ms, round) => ms / (rival[round] ?? Number.NaN));
    return { name, value: ratios.length === 0 ? Number.NaN : median(ratios), unit: 'x', most, isLater: false };
  });
}

function timesOf(results: readonly Result[], pair: Pair): readonly number[] {
  return results.find((result) => isSame(result, pair))?.times ?? [];
}

function isSame(a: Pair, b: Pair): boolean {
  return a.program === b.program && a.capture.path === b.capture.path;
}
