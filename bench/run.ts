import { parseArgs } from 'node:util';
import { compare, type Pair } from './compare.ts';
import { bundleWalk } from './bundled.ts';
import { type Captures, type Figure, figuresOf } from './figures.ts';
import { formatFigures, formatPairs, keptOf } from './formats.ts';
import { ensureCapture, type Plan } from './generate.ts';
import { printGrowth } from './growth.ts';
import { MEMORY_METHOD } from './measure.ts';
import { memoryMissed } from './memory.ts';
import { REAL_PLANS, SMOKE_PLANS, type Plans } from './plans.ts';
import {
  CAPINFOS,
  isInstalled,
  NODE_EMPTY,
  PCAP_PARSER_READ,
  TCPTRACE,
  TSHARK,
  WATCHPCAP_ANALYZE,
  type Program,
} from './programs.ts';
import { faultsOf } from './smoke.ts';
import { renderFigures, renderResults } from './table.ts';

const ROUNDS = 5;
const OPTIONS = {
  smoke: { type: 'boolean', default: false },
  quick: { type: 'boolean', default: false },
  stages: { type: 'boolean', default: false },
  memory: { type: 'boolean', default: false },
  growth: { type: 'boolean', default: false },
  tls: { type: 'boolean', default: false },
  formats: { type: 'boolean', default: false },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: OPTIONS });
  if (values.stages) {
    const { printStages } = await import('./stages.ts');
    await printStages(captureOf(REAL_PLANS.full), captureOf(REAL_PLANS.fourfold));
    return;
  }
  if (values.growth) {
    await printGrowth();
    return;
  }
  if (values.tls) {
    const { printTls } = await import('./tls.ts');
    printTls();
    return;
  }
  if (values.memory) {
    await memoryMissed(false);
    return;
  }
  const { smoke = false, quick = false, formats = false } = values;
  const captures = capturesOf(smoke ? SMOKE_PLANS : REAL_PLANS);
  const rounds = smoke ? 1 : ROUNDS;
  const figures = [
    ...(formats ? [] : await ofPrograms(captures, quick, rounds)),
    ...(await ofFormats(captures, rounds)),
  ];
  say(`Wall time: median of ${smoke ? 'one run' : `${ROUNDS} interleaved runs`}, files in the page cache.`);
  say(`Memory: ${MEMORY_METHOD}.\n`);
  if (smoke) await checkMemory();
  if (smoke) say('Smoke run: everything ran and said what was generated; its times mean nothing.');
  else say(renderFigures(figures));
}

/** The program beside its rivals. */
async function ofPrograms(captures: Captures, isQuick: boolean, rounds: number): Promise<Figure[]> {
  const programs = installed(isQuick ? [CAPINFOS, TCPTRACE] : [CAPINFOS, TCPTRACE, TSHARK]);
  await checkAnswers(captures, programs);
  const results = await compare(pairsOf(captures, programs), rounds);
  say(renderResults(results));
  return figuresOf(results, captures);
}

/** Reading alone, and the full capture in what else users bring. */
async function ofFormats(captures: Captures, rounds: number): Promise<Figure[]> {
  await bundleWalk();
  const kept = await keptOf(captures);
  const pairs = formatPairs(captures, kept, isInstalled);
  await checkPairs(pairs);
  const results = await compare(pairs, rounds);
  say(renderResults(results));
  return formatFigures(results, captures, kept);
}

/** In short: enough to see memory that grows with connections, streams or SYNs. */
async function checkMemory(): Promise<void> {
  const missed = await memoryMissed(true);
  if (missed.length > 0) throw new Error(`too much memory: ${missed.join('; ')}`);
}

/** The capture with its name on standard output: generating takes a while. */
function captureOf(plan: Plan): Captures['full'] {
  const capture = ensureCapture(plan);
  const { bytes, packets, connections, fieldBlocks } = capture;
  const sizes = `${(bytes / 1e6).toFixed(2)} MB, ${packets} packets of ${(bytes / packets).toFixed(0)} bytes`;
  say(`${plan.name}: ${sizes}, ${connections} connections, ${fieldBlocks} header blocks`);
  return capture;
}

function capturesOf({ tiny, small, full, fourfold }: Plans): Captures {
  return { tiny: captureOf(tiny), small: captureOf(small), full: captureOf(full), fourfold: captureOf(fourfold) };
}

function installed(optional: readonly Program[]): Program[] {
  return optional.filter((program) => {
    const isThere = isInstalled(program);
    if (!isThere) say(`skipped: ${program.name} is not installed`);
    return isThere;
  });
}

function pairsOf({ tiny, small, full, fourfold }: Captures, optional: readonly Program[]): Pair[] {
  const counting = optional.filter((program) => program === CAPINFOS);
  const on = (capture: Captures['full'], ...programs: readonly Program[]): Pair[] =>
    programs.map((program) => ({ program, capture }));
  return [
    ...on(tiny, NODE_EMPTY, WATCHPCAP_ANALYZE),
    ...on(small, ...counting, WATCHPCAP_ANALYZE),
    ...on(full, ...counting, WATCHPCAP_ANALYZE, PCAP_PARSER_READ),
    ...on(full, ...optional.filter((program) => program !== CAPINFOS)),
    ...on(fourfold, ...counting, WATCHPCAP_ANALYZE),
  ];
}

async function checkPairs(pairs: readonly Pair[]): Promise<void> {
  const faults: string[] = [];
  for (const { program, capture } of pairs) faults.push(...(await faultsOf(program, capture)));
  if (faults.length > 0) throw new Error(`wrong answers:\n${faults.join('\n')}`);
}

/** A time counts only with a right answer: a program that does nothing would meet every goal. */
async function checkAnswers({ tiny, small, full, fourfold }: Captures, optional: readonly Program[]): Promise<void> {
  const faults: string[] = [];
  for (const capture of [tiny, small, full, fourfold]) {
    const programs = [WATCHPCAP_ANALYZE, ...(capture === fourfold ? [] : [PCAP_PARSER_READ]), ...optional];
    for (const program of programs) {
      if (program.isSlow !== true || capture === tiny) faults.push(...(await faultsOf(program, capture)));
    }
  }
  if (faults.length > 0) throw new Error(`wrong answers:\n${faults.join('\n')}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
