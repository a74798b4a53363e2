import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Segment } from '../../src/decode/index.ts';
import { FlowTable } from '../../src/tcp/flow-table.ts';
import { FLOW_DOUBLES, FLOW_INTS, NONE } from '../../src/tcp/flow-columns.ts';
import { runs } from '../build/runs.ts';

/** A 4-tuple from a small number, as its opener sends it, or as the other side does. */
function tuple(number: number, turned = false): Segment {
  const here = { ip: number & 3, port: 100 + (number >> 2) };
  const there = { ip: 7, port: 80 };
  const [from, to] = turned ? [there, here] : [here, there];
  return Object.assign(new Segment(), {
    ipVersion: 4,
    src2: 0xffff,
    src3: from.ip,
    dst2: 0xffff,
    dst3: to.ip,
    srcPort: from.port,
    dstPort: to.port,
  });
}

const TUPLES = 24;
const ROWS = 10;

type Step =
  | { readonly do: 'add'; readonly tuple: number; readonly turned: boolean }
  | { readonly do: 'remove'; readonly nth: number };

describe('a table whose rows are used again', () => {
  const step: fc.Arbitrary<Step> = fc.oneof(
    fc.record({ do: fc.constant('add' as const), tuple: fc.nat(TUPLES - 1), turned: fc.boolean() }),
    fc.record({ do: fc.constant('remove' as const), nth: fc.nat(ROWS - 1) }),
  );

  test('property: it finds the newest incarnation of each 4-tuple, whatever was removed in between', () => {
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 120 }), (steps) => {
        const table = new FlowTable(ROWS);
        // By 4-tuple: connection numbers, oldest first, with the side that the opener of the tuple is.
        const model = new Map<number, { connection: number; turned: boolean }[]>();
        const live = (): number[] => [...model.values()].flat().map(({ connection }) => connection);
        for (const each of steps) {
          if (each.do === 'add') {
            const segment = tuple(each.tuple, each.turned);
            const flow = table.add(segment, table.find(segment));
            expect(flow === NONE).toBe(live().length === ROWS);
            if (flow === NONE) continue;
            expect(live()).not.toContain(flow >> 1);
            model.set(each.tuple, [...(model.get(each.tuple) ?? []), { connection: flow >> 1, turned: each.turned }]);
          } else {
            const connection = live()[each.nth];
            if (connection === undefined) continue;
            table.remove(connection);
            for (const [key, all] of model) {
              model.set(
                key,
                all.filter((one) => one.connection !== connection),
              );
            }
          }
          const ways = Array.from({ length: 2 * TUPLES }, (_, n) => ({ number: n >> 1, turned: n % 2 === 1 }));
          const expected = ways.map(({ number, turned }) => {
            const newest = model.get(number)?.at(-1);
            return newest === undefined ? NONE : newest.connection * 2 + (newest.turned === turned ? 0 : 1);
          });
          expect(ways.map(({ number, turned }) => table.find(tuple(number, turned)))).toEqual(expected);
        }
      }),
      { numRuns: runs(100) },
    );
  });

  test('a row that is used again has nothing of the connection before', () => {
    const table = new FlowTable(1);
    const fresh = new FlowTable(1);
    table.add(tuple(1), NONE);
    table.flows.fill(9);
    table.doubles.fill(9);
    table.remove(0);
    expect(table.add(tuple(2), NONE)).toBe(0);
    fresh.add(tuple(2), NONE);
    expect(table.flows.slice(0, 2 * FLOW_INTS)).toEqual(fresh.flows.slice(0, 2 * FLOW_INTS));
    expect(table.doubles.slice(0, 2 * FLOW_DOUBLES)).toEqual(fresh.doubles.slice(0, 2 * FLOW_DOUBLES));
    expect(table.connections.slice(0, 16)).toEqual(fresh.connections.slice(0, 16));
  });
});
