import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HUFFMAN_CODE_BITS, decodeHuffman } from '../../../src/http/hpack/huffman.ts';
import { huffman, latin1 } from '../../build/hpack.ts';

function decode(bytes: readonly number[], room = 4096): { length: number; text: string } {
  const into = new Uint8Array(room);
  const length = decodeHuffman(new DataView(Uint8Array.from(bytes).buffer), 0, bytes.length, into);
  return { length, text: String.fromCharCode(...into.subarray(0, Math.max(0, length))) };
}

describe('Huffman strings (RFC 7541 §5.2)', () => {
  test('the code is complete: with EOS its lengths fill the code space', () => {
    expect(HUFFMAN_CODE_BITS.reduce((sum, bits) => sum + 2 ** -bits, 2 ** -30)).toBe(1);
  });

  test('any octets come back', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (octets) => {
        const text = String.fromCharCode(...octets);
        expect(decode(huffman(text))).toEqual({ length: octets.length, text });
      }),
      { numRuns: 500 },
    );
  });

  test('the length is told beyond the room for the octets', () => {
    expect(decode(huffman('www.example.com'), 3)).toEqual({ length: 15, text: 'www' });
  });

  test.each([
    ['seven bits of padding', [0x07, 0xff], -1],
    ['a code and five ones', [0x07 | 0x18], 1],
    ['zeros as padding', [0x18], -1],
    ['a whole byte of ones after a full byte', [...huffman('www.example.com'), 0xff], -1],
    ['EOS itself', [0xff, 0xff, 0xff, 0xff], -1],
    ['a long code cut short', [0xff, 0xc0], -1],
    ['nothing', [], 0],
  ])('padding: %s', (_name, bytes, length) => {
    expect(decode(bytes).length).toBe(length);
  });

  test('bytes around the string are not read', () => {
    const coded = huffman('/api/v1/pods');
    const view = new DataView(Uint8Array.from([0xff, ...coded, 0x00]).buffer);
    const into = new Uint8Array(12);
    expect(decodeHuffman(view, 1, 1 + coded.length, into)).toBe(12);
    expect(into).toEqual(latin1('/api/v1/pods'));
  });
});
