import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, test } from 'vitest';

/** What no linter rule counts: how large functions are, how often types are overruled, how files are called. */

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Casts and `!` together, in 1000 lines. */
const OVERRULED_MOST = 3;
const FUNCTION_LINES = { median: 12, p90: 45, most: 120 };
const FILE_LINES_P90 = 300;

interface Source {
  readonly path: string;
  readonly text: string;
  readonly lines: number;
  readonly tree: ts.SourceFile;
}

const sources: readonly Source[] = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => {
    const text = readFileSync(join(SRC, path), 'utf8');
    const tree = ts.createSourceFile(path, text, ts.ScriptTarget.ES2023, true);
    return { path, text, lines: text.split('\n').length - 1, tree };
  });

function nodesOf(source: Source): ts.Node[] {
  const nodes: ts.Node[] = [];
  const visit = (node: ts.Node): void => {
    nodes.push(node);
    ts.forEachChild(node, visit);
  };
  visit(source.tree);
  return nodes;
}

function isConstAssertion(node: ts.Node): boolean {
  return ts.isAsExpression(node) && ts.isTypeReferenceNode(node.type) && node.type.typeName.getText() === 'const';
}

function overrules(node: ts.Node): boolean {
  if (ts.isNonNullExpression(node) || ts.isTypeAssertionExpression(node)) return true;
  return ts.isAsExpression(node) && !isConstAssertion(node);
}

/** Named functions and methods; an arrow inside of one counts as a part of it. */
function isFunction(node: ts.Node): boolean {
  return ts.isFunctionDeclaration(node) || ts.isMethodDeclaration(node) || ts.isConstructorDeclaration(node);
}

function linesOf(node: ts.Node, { tree }: Source): number {
  const first = tree.getLineAndCharacterOfPosition(node.getStart(tree)).line;
  return tree.getLineAndCharacterOfPosition(node.getEnd()).line - first + 1;
}

/** @param share  0.5 for the median */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

describe('the sources keep to the sizes that the house aims at', () => {
  const functions = sources.flatMap((source) =>
    nodesOf(source)
      .filter(isFunction)
      .map((node) => ({ where: source.path, lines: linesOf(node, source) })),
  );
  const sizes = functions.map(({ lines }) => lines);

  test('functions are short: median, 90th percentile, longest', () => {
    expect(quantile(sizes, 0.5)).toBeLessThanOrEqual(FUNCTION_LINES.median);
    expect(quantile(sizes, 0.9)).toBeLessThanOrEqual(FUNCTION_LINES.p90);
    expect(functions.filter(({ lines }) => lines > FUNCTION_LINES.most)).toEqual([]);
  });

  test('nine of ten files are at most 300 lines long', () => {
    expect(
      quantile(
        sources.map(({ lines }) => lines),
        0.9,
      ),
    ).toBeLessThanOrEqual(FILE_LINES_P90);
  });

  test('casts and non-null assertions are rare', () => {
    const found = sources.flatMap((source) =>
      nodesOf(source)
        .filter(overrules)
        .map((node) => `${source.path}: ${node.getText()}`),
    );
    const total = sources.reduce((sum, { lines }) => sum + lines, 0);
    expect(found.length, found.join('\n')).toBeLessThanOrEqual((total / 1000) * OVERRULED_MOST);
  });
});

describe('the sources are where one looks for them', () => {
  test('no file is a drawer for whatever fits nowhere', () => {
    const drawers = /^(utils?|helpers?|common|misc|shared)\.ts$/;
    expect(sources.map(({ path }) => path).filter((path) => drawers.test(basename(path)))).toEqual([]);
  });

  test('every folder of the pipeline has a door', () => {
    const folders = readdirSync(SRC, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const used = folders.filter(
      ({ name }) => name !== 'cli' && sources.some(({ path }) => path.startsWith(`${name}/`)),
    );
    expect(used.map(({ name }) => name).filter((name) => !existsSync(join(SRC, name, 'index.ts')))).toEqual([]);
  });

  test('nothing is left for later in a comment', () => {
    const marks = /\b(TODO|FIXME|XXX|HACK)\b/;
    expect(sources.filter(({ text }) => marks.test(text)).map(({ path }) => path)).toEqual([]);
  });
});
