import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hpackInteger, hpackString } from '../../build/hpack.ts';
import { BlockReader } from './blocks.ts';

const INDEX = { authority: 1, path: 4, userAgent: 58 } as const;
/** Names of static entries whose value stands in a literal without indexing (RFC 7541 §6.2.2). */
type Name = keyof typeof INDEX;

function literal(name: Name, value: string, coded: boolean): number[] {
  return [...hpackInteger(INDEX[name], 4), ...hpackString(value, coded)];
}

function block(...parts: readonly number[][]): Uint8Array {
  return Uint8Array.from(parts.flat());
}

describe('values decoded lately', () => {
  test('the same bytes as a path are masked, as another field they are not, in either order', () => {
    const value = '/search?q=secret';
    const path = literal('path', value, true);
    const agent = literal('userAgent', value, true);
    const fields = { path: '/search?q=***', userAgent: value };
    expect(new BlockReader().read(block(path, agent, path))).toEqual(fields);
    expect(new BlockReader().read(block(agent, path, agent))).toEqual(fields);
  });

  test('the same bytes as an authority lose their user, as another field they do not, in either order', () => {
    const value = 'me:secret@api';
    const authority = literal('authority', value, true);
    const agent = literal('userAgent', value, true);
    const fields = { authority: 'api', userAgent: value };
    expect(new BlockReader().read(block(authority, agent, authority))).toEqual(fields);
    expect(new BlockReader().read(block(agent, authority, agent))).toEqual(fields);
  });

  test('the same bytes stand for one value where they are Huffman-coded, for another where they are not', () => {
    const [, ...coded] = hpackString('/api/v1/pods', true);
    const raw = String.fromCharCode(...coded);
    const reader = new BlockReader();
    expect(reader.read(block(literal('authority', '/api/v1/pods', true)))).toEqual({ authority: '/api/v1/pods' });
    expect(reader.read(block(literal('authority', raw, false)))).toEqual({ authority: raw });
    expect(reader.read(block(literal('authority', '/api/v1/pods', true)))).toEqual({ authority: '/api/v1/pods' });
  });

  test('a repeated value that enters the table counts as long as the first time (RFC 7541 §4.1)', () => {
    const insertion = [...hpackInteger(INDEX.path, 6, 0x40), ...hpackString('/api/v1/pods', true)];
    const reader = new BlockReader();
    reader.read(block(insertion, insertion));
    expect(reader.table.sizeBytes).toBe(2 * (':path'.length + '/api/v1/pods'.length + 32));
  });

  test('a malformed value is malformed each time it comes', () => {
    const eos = [...hpackInteger(INDEX.path, 4), 0x84, 0xff, 0xff, 0xff, 0xff];
    const reader = new BlockReader();
    expect(reader.read(block(eos))).toBeNull();
    expect(reader.read(block(eos))).toBeNull();
  });

  test('a decoder that has seen other values decodes as a fresh one does', () => {
    const field = fc.record({
      name: fc.constantFrom<Name[]>('authority', 'path', 'userAgent'),
      // Few letters and lengths around one, two and 64 words, so that values share all but a byte.
      value: fc
        .tuple(fc.constantFrom(0, 1, 3, 4, 5, 8, 11, 12, 254, 256, 300), fc.constantFrom('a', 'b'), fc.nat(3))
        .map(([length, letter, at]) => `${'a'.repeat(Math.max(0, length - at))}${letter}${'a'.repeat(at)}`),
      coded: fc.boolean(),
    });
    const used = new BlockReader();
    fc.assert(
      fc.property(fc.array(field, { maxLength: 20 }), (fields) => {
        for (const { name, value, coded } of fields) {
          expect(used.read(block(literal(name, value, coded)))).toEqual({ [name]: value });
        }
      }),
      { numRuns: 200 },
    );
  });

  test('of more values of one length than are remembered, each is told as it is', () => {
    const reader = new BlockReader();
    const values = Array.from({ length: 5000 }, (_, nth) => `agent-${nth + 10_000}`);
    const told = values.map((value) => reader.read(block(literal('userAgent', value, false)))?.userAgent);
    expect(told).toEqual(values);
  });
});
