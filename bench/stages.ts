import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'rolldown';
import { compare, type Result } from './compare.ts';
import type { Figure } from './figures.ts';
import type { Capture } from './generate.ts';
import { CAPINFOS, isInstalled, NODE_EMPTY, type Program } from './programs.ts';
import { renderFigures, renderResults } from './table.ts';

const FOLDER = fileURLToPath(new URL('.data/stages/', import.meta.url));
const ROUNDS = 5;

/** What a stage of the pipeline may take, with all stages to its left, as ratios to `capinfos` in the same run; NaN: no goal. */
interface Goals {
  readonly full: number;
  readonly fourfold: number;
  readonly slope: number;
}

const NO_GOAL: Goals = { full: Number.NaN, fourfold: Number.NaN, slope: Number.NaN };
const STAGES: readonly (readonly [stage: string, name: string, goals: Goals])[] = [
  ['read', 'reading only', NO_GOAL],
  ['walk', '.. and records', { full: 1.3, fourfold: 0.7, slope: Number.NaN }],
  ['decode', '.. and decode', NO_GOAL],
  ['tcp', '.. and tcp', { full: 1.5, fourfold: 1, slope: Number.NaN }],
  ['http', '.. and http', NO_GOAL],
  ['least', 'the least, with fields', NO_GOAL],
  ['wire', '.. and trace', { full: Number.NaN, fourfold: Number.NaN, slope: 1.5 }],
];

/**
 * Prints what each stage of the wire pass costs with those to its left, as programs of their own. They are bundled as the command is: run
 * from their sources by a loader that rewrites them, the same stages were up to twice as slow.
 */
export async function printStages(full: Capture, fourfold: Capture): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  await build({
    input: fileURLToPath(new URL('stage.ts', import.meta.url)),
    platform: 'node',
    logLevel: 'warn',
    output: { dir: FOLDER, format: 'esm', entryFileNames: 'stage.mjs' },
  });
  const programs = STAGES.map(([stage, name]) => stageProgram(stage, name));
  const rivals = isInstalled(CAPINFOS) ? [NODE_EMPTY, CAPINFOS] : [NODE_EMPTY];
  const pairs = [full, fourfold].flatMap((capture) =>
    [...rivals, ...programs].map((program) => ({ program, capture })),
  );
  const results = await compare(pairs, ROUNDS);
  process.stdout.write(`${renderResults(results)}\n`);
  process.stdout.write(`${renderFigures(figuresOf(results, programs, full, fourfold))}\n`);
}

function stageProgram(stage: string, name: string): Program {
  return { name, command: (file) => [process.execPath, `${FOLDER}stage.mjs`, stage, file] };
}

function figuresOf(
  results: readonly Result[],
  programs: readonly Program[],
  full: Capture,
  fourfold: Capture,
): Figure[] {
  const ms = (program: Program, capture: Capture): number =>
    results.find((result) => result.program === program && result.capture === capture)?.ms ?? Number.NaN;
  const slope = (program: Program): number => ms(program, fourfold) - ms(program, full);
  return programs.flatMap((program, nth) => {
    const goals = STAGES[nth]?.[2] ?? NO_GOAL;
    const figure = (name: string, value: number, most: number): Figure => ({
      name: `${program.name}: ${name}, to capinfos`,
      value,
      unit: 'x',
      most,
      isLater: false,
    });
    return [
      figure('time on 500 MB', ms(program, full) / ms(CAPINFOS, full), goals.full),
      figure('time on 2 GB', ms(program, fourfold) / ms(CAPINFOS, fourfold), goals.fourfold),
      figure('slope', slope(program) / slope(CAPINFOS), goals.slope),
    ];
  });
}
