import { describe, expect, test } from 'vitest';
import { FIELD } from '../../../src/http/headers.ts';
import { DynamicTable, TableBudget, TABLE_DEFAULT_BYTES } from '../../../src/http/hpack/table.ts';

const FIRST_INDEX = 62;
const NAME_BYTES = 5;
/** With its name and the overhead of RFC 7541 §4.1 it fills a table of the default size. */
const VALUE_BYTES: number = TABLE_DEFAULT_BYTES - NAME_BYTES - 32;
const FULL_TABLES = 16 * 1024;

function filled(budget: TableBudget): DynamicTable {
  const table = new DynamicTable(true, budget);
  table.insert(FIELD.path, NAME_BYTES, VALUE_BYTES, '/');
  return table;
}

test('a table that is announced to be larger than what is followed of one is counted, and its oldest entries are unknown', () => {
  const budget = new TableBudget();
  const table = new DynamicTable(true, budget);
  table.resize(64 * 1024);
  expect([budget.long, table.complete]).toEqual([0, true]);
  table.resize(64 * 1024 + 1);
  expect([budget.long, table.complete]).toEqual([1, false]);
});

describe('the bytes of all tables together', () => {
  test('a table that goes beyond is forgotten, and its next entries are known again', () => {
    const budget = new TableBudget();
    const tables = Array.from({ length: FULL_TABLES }, () => filled(budget));
    expect([budget.refused, tables[0]?.find(FIRST_INDEX)]).toEqual([0, 0]);
    const beyond = filled(budget);
    expect([budget.refused, beyond.find(FIRST_INDEX), beyond.complete]).toEqual([1, -1, false]);
    tables[0]?.free();
    beyond.insert(FIELD.path, NAME_BYTES, 100, '/a');
    expect(beyond.value(beyond.find(FIRST_INDEX))).toBe('/a');
  });

  test('eviction, a smaller size and freeing give back what insertion took', () => {
    const budget = new TableBudget();
    const table = filled(budget);
    table.insert(FIELD.path, NAME_BYTES, 100, '/b');
    expect(budget.entryBytes).toBe(table.sizeBytes);
    table.insert(FIELD.path, NAME_BYTES, 200, '/c');
    table.resize(300);
    expect(budget.entryBytes).toBe(table.sizeBytes);
    table.free();
    expect([budget.entryBytes, budget.rows]).toEqual([0, 0]);
  });
});
