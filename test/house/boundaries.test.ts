import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/**
 * The linter's configuration is what keeps the folders apart, so it is tested like code: a copy of it lints planted
 * violations, and each guard taken out alone must silence its own plants and no others. A later override replaces an
 * earlier one of the same rule for the same file without a word; that mistake shows here.
 */

const PIPELINE = ['capture', 'decode', 'tcp', 'tls', 'http', 'trace', 'incident', 'report', 'cli'] as const;
type Folder = (typeof PIPELINE)[number];

/** Folders that may know neither file system nor clock (design §3). */
const INNER: readonly Folder[] = PIPELINE.filter((folder) => folder !== 'capture' && folder !== 'cli');
const CLOCK_GLOBALS = ['Date', 'performance', 'setTimeout', 'setInterval', 'setImmediate'];
const GLOBALS = [...CLOCK_GLOBALS, 'console', 'process', 'fetch', 'globalThis'];

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OXLINT = join(ROOT, 'node_modules/.bin/oxlint');
const run = promisify(execFile);

interface Pattern {
  readonly group: readonly string[];
  readonly message: string;
}
interface RestrictedGlobal {
  readonly name: string;
  readonly message: string;
}
interface Rules {
  'no-restricted-imports'?: readonly ['error', { readonly patterns: readonly Pattern[] }];
  'no-restricted-globals'?: readonly ['error', ...RestrictedGlobal[]];
  [rule: string]: unknown;
}
interface Config {
  readonly rules: Rules;
  readonly overrides: readonly { readonly files: readonly string[]; readonly rules: Rules }[];
}

/** One thing in the configuration that forbids something: its name, and the configuration without it. */
interface Guard {
  readonly name: string;
  readonly without: (config: Config) => Config;
}
interface Plant {
  readonly file: string;
  readonly text: string;
  /** Part of what the linter must say of the file. */
  readonly says: string;
  readonly guard: string;
}

function mapRules(config: Config, change: (rules: Rules) => Rules): Config {
  const overrides = config.overrides.map((block) => ({ ...block, rules: change(block.rules) }));
  return { ...config, rules: change(config.rules), overrides };
}

function ruleGuard(rule: string): Guard {
  return {
    name: rule,
    without: (config) => mapRules(config, (rules) => (rule in rules ? { ...rules, [rule]: 'off' } : rules)),
  };
}

function importGuard(name: string, message: RegExp): Guard {
  const change = (rules: Rules): Rules => {
    const rule = rules['no-restricted-imports'];
    if (rule === undefined) return rules;
    const patterns = rule[1].patterns.filter((pattern) => !message.test(pattern.message));
    return { ...rules, 'no-restricted-imports': ['error', { patterns }] };
  };
  return { name, without: (config) => mapRules(config, change) };
}

function globalGuard(global: string): Guard {
  const change = (rules: Rules): Rules => {
    const rule = rules['no-restricted-globals'];
    if (rule === undefined) return rules;
    const [severity, ...entries] = rule;
    return { ...rules, 'no-restricted-globals': [severity, ...entries.filter((entry) => entry.name !== global)] };
  };
  return { name: `global ${global}`, without: (config) => mapRules(config, change) };
}

const GUARDS: readonly Guard[] = [
  importGuard('left only', /only from its left$/),
  importGuard('by the door', /entered by its index\.ts$/),
  importGuard('no outside world', /^no outside world/),
  importGuard('reports by the schema', /^tests take reports from/),
  ...GLOBALS.map(globalGuard),
  ruleGuard('unicorn/prefer-node-protocol'),
  ruleGuard('import/no-cycle'),
  ruleGuard('typescript/no-explicit-any'),
  ruleGuard('typescript/no-non-null-assertion'),
  ruleGuard('max-lines-per-function'),
];

/** The files that the planted imports name; nothing in them offends. */
function targets(): Plant[] {
  const empty = { text: 'export const here = 1;\n', says: '', guard: '' };
  return PIPELINE.flatMap((folder) => [
    { ...empty, file: `src/${folder}/index.ts` },
    { ...empty, file: `src/${folder}/inner.ts` },
    { ...empty, file: `src/${folder}/deep/inner.ts` },
  ]);
}

function importing(path: string): string {
  return `import { here } from '${path}';\nexport const seen = here;\n`;
}

function importPlants(): Plant[] {
  return PIPELINE.flatMap((folder, at) => {
    const rightwards = PIPELINE.slice(at + 1).flatMap((right) => [
      {
        file: `src/${folder}/right-${right}.ts`,
        text: importing(`../${right}/index.ts`),
        says: `${folder} imports only from its left`,
        guard: 'left only',
      },
      {
        file: `src/${folder}/part/right-${right}.ts`,
        text: `export { here } from '../../${right}/index.ts';\n`,
        says: `${folder} imports only from its left`,
        guard: 'left only',
      },
    ]);
    const pastDoor = PIPELINE.slice(0, at).flatMap((left) =>
      ['inner.ts', 'deep/inner.ts'].map((inner) => ({
        file: `src/${folder}/door-${left}-${dirname(inner) === '.' ? 'inner' : 'deep'}.ts`,
        text: importing(`../${left}/${inner}`),
        says: 'another folder is entered by its index.ts',
        guard: 'by the door',
      })),
    );
    return [...rightwards, ...pastDoor];
  });
}

function outsidePlants(): Plant[] {
  return INNER.flatMap((folder) => [
    ...['node:fs', 'node:fs/promises', 'node:process', 'node:timers/promises'].map((module) => ({
      file: `src/${folder}/outside-${module.replace(/[:/]/g, '-')}.ts`,
      text: `import * as outside from '${module}';\nexport const seen: unknown = outside;\n`,
      says: `no outside world in ${folder}`,
      guard: 'no outside world',
    })),
    ...GLOBALS.map((global) => ({
      file: `src/${folder}/global-${global}.ts`,
      text: `export const seen: unknown = ${global === 'Date' ? 'Date.now()' : global};\n`,
      says: `no outside world in ${folder}`,
      guard: `global ${global}`,
    })),
  ]);
}

function codePlants(): Plant[] {
  const index = 'src/index-past-door.ts';
  return [
    { file: index, text: importing('./tcp/inner.ts'), says: 'entered by its index.ts', guard: 'by the door' },
    {
      // Without `node:` the pattern that keeps the outside world out would not see it.
      file: 'src/decode/bare-fs.ts',
      text: `import { openSync } from 'fs';\nexport const seen: unknown = openSync;\n`,
      says: 'node:',
      guard: 'unicorn/prefer-node-protocol',
    },
    {
      file: 'src/decode/outside-lazily.ts',
      text: `export const seen: unknown = import('node:fs');\n`,
      says: 'no outside world in decode',
      guard: 'no outside world',
    },
    {
      file: 'src/tcp/cycle-a.ts',
      text: `import { b } from './cycle-b.ts';\nexport const a = (): number => b();\n`,
      says: 'ependency cycle',
      guard: 'import/no-cycle',
    },
    {
      file: 'src/tcp/cycle-b.ts',
      text: `import { a } from './cycle-a.ts';\nexport const b = (): number => a();\n`,
      says: 'ependency cycle',
      guard: 'import/no-cycle',
    },
    {
      file: 'src/http/any.ts',
      text: 'export const seen: any = 1;\n',
      says: 'any',
      guard: 'typescript/no-explicit-any',
    },
    {
      file: 'test/tcp/any.test.ts',
      text: 'export const seen: any = 1;\n',
      says: 'any',
      guard: 'typescript/no-explicit-any',
    },
    ...['report', 'cli'].map((from) => ({
      file: `test/${from}/unchecked.test.ts`,
      text: `import { ${from === 'cli' ? 'reportOn' : 'composeReport'} as make } from '../../src/${from}/index.ts';\nexport const seen: unknown = make;\n`,
      says: 'tests take reports from build/reports.ts',
      guard: 'reports by the schema',
    })),
    {
      file: 'src/decode/bang.ts',
      text: 'export const first = (rows: readonly number[]): number => rows[0]!;\n',
      says: 'non-null',
      guard: 'typescript/no-non-null-assertion',
    },
    {
      file: 'src/report/long.ts',
      text: `export function long(): number {\n${'  // a line\n'.repeat(119)}  return 1;\n}\n`,
      says: 'too many lines',
      guard: 'max-lines-per-function',
    },
  ];
}

/** What every folder is allowed to do, so that a rule which forbids everything fails too. */
function legal(): Plant[] {
  const quiet = { says: '', guard: '' };
  const leftwards = PIPELINE.flatMap((folder, at) => [
    { ...quiet, file: `src/${folder}/own.ts`, text: importing('./inner.ts') },
    { ...quiet, file: `src/${folder}/part/own.ts`, text: importing('../deep/inner.ts') },
    ...PIPELINE.slice(0, at).flatMap((left) => [
      { ...quiet, file: `src/${folder}/left-${left}.ts`, text: importing(`../${left}/index.ts`) },
      { ...quiet, file: `src/${folder}/part/left-${left}.ts`, text: importing(`../../${left}/index.ts`) },
    ]),
  ]);
  const outside = ['capture', 'cli'].map((folder) => ({
    ...quiet,
    file: `src/${folder}/file-system.ts`,
    text: `import { openSync } from 'node:fs';\nexport const seen: unknown = [openSync, Date.now(), process.argv];\n`,
  }));
  const index = { ...quiet, file: 'src/index-by-door.ts', text: importing('./tcp/index.ts') };
  const tested = { ...quiet, file: 'test/tcp/inner.test.ts', text: importing('../../src/tcp/inner.ts') };
  const checking = {
    ...quiet,
    file: 'test/build/reports.ts',
    text: `import { composeReport } from '../../src/report/index.ts';\nexport const seen: unknown = composeReport;\n`,
  };
  return [...leftwards, ...outside, index, tested, checking];
}

const PLANTS: readonly Plant[] = [...importPlants(), ...outsidePlants(), ...codePlants()];
const LEGAL: readonly Plant[] = [...targets(), ...legal()];

/** What the linter said, by file; several complaints of one file are joined. */
type Said = ReadonlyMap<string, string>;

let folder = '';

async function lint(config: Config, name: string): Promise<Said> {
  const file = join(folder, `${name}.json`);
  writeFileSync(file, JSON.stringify(config));
  // Status 1 means complaints; whether it linted at all is seen from its answer.
  const args = ['--config', file, '--format', 'json', '--disable-nested-config', 'src', 'test'];
  const answer = await run(OXLINT, args, { cwd: folder, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { readonly stdout: string }) => error,
  );
  const { diagnostics, number_of_files: files } = JSON.parse(answer.stdout) as {
    readonly number_of_files: number;
    readonly diagnostics: readonly { readonly filename: string; readonly message: string; readonly help?: string }[];
  };
  expect(files, answer.stdout.slice(0, 2000)).toBe(PLANTS.length + LEGAL.length);
  const said = new Map<string, string>();
  for (const { filename, message, help } of diagnostics) {
    said.set(filename, `${said.get(filename) ?? ''}${message} ${help ?? ''}\n`);
  }
  return said;
}

describe('the linter guards the borders between the folders', () => {
  const config = JSON.parse(readFileSync(join(ROOT, '.oxlintrc.json'), 'utf8')) as Config;
  let said: Said = new Map();

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'watchpcap-boundaries-'));
    for (const { file, text } of [...PLANTS, ...LEGAL]) {
      mkdirSync(join(folder, dirname(file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    said = await lint(config, 'whole');
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  test.each(PLANTS.map(({ file, text, says }) => ({ file, what: text.split('\n', 1).join(), says })))(
    '$file is reported: $what',
    ({ file, says }) => {
      expect(said.get(file) ?? 'nothing was reported').toContain(says);
    },
  );

  test('what the folders may do is not reported', () => {
    expect(LEGAL.map(({ file }) => file).filter((file) => said.has(file))).toEqual([]);
  });

  test.each(GUARDS)('without "$name" its plants pass, and only they', async ({ name, without }) => {
    const reported = await lint(without(config), name.replace(/\W/g, '-'));
    const silent = PLANTS.filter(({ file, says }) => !(reported.get(file) ?? '').includes(says));
    const own = PLANTS.filter(({ guard }) => guard === name);
    expect(own.length).toBeGreaterThan(0);
    expect(silent.map(({ file }) => file)).toEqual(own.map(({ file }) => file));
  });
});
