import type { Report } from './model.ts';

/**
 * The report as JSON text: two spaces, one newline at the end. JSON.stringify escapes all that JSON needs escaped.
 * In parts, one a connection: of ten thousand connections the whole text would take as much memory as all else.
 */
export function* renderJson(report: Report): Generator<string> {
  let before = '{\n';
  for (const [key, value] of Object.entries(report)) {
    yield `${before}  ${JSON.stringify(key)}: `;
    before = ',\n';
    if (Array.isArray(value) && value.length > 0) yield* list(value);
    else yield indented(value, '  ');
  }
  yield '\n}\n';
}

function* list(items: readonly unknown[]): Generator<string> {
  let before = '[\n';
  for (const item of items) {
    yield `${before}    ${indented(item, '    ')}`;
    before = ',\n';
  }
  yield '\n  ]';
}

/** JSON strings hold no line breaks of their own, so that each one there is begins a line. */
function indented(value: unknown, indent: string): string {
  return JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`);
}
