import { describe, expect, test } from 'vitest';
import { HpackEncoder, hpackInteger, hpackString, latin1 } from '../../build/hpack.ts';
import { BlockReader } from './blocks.ts';

const GET = { method: 'GET', path: '/', authority: 'www.example.com' };

/** Of Huffman-coded values that are not kept the table knows a lower bound, not the length. */
function expectSize(reader: BlockReader, bytes: number, exact: boolean, most: number): void {
  if (exact) expect(reader.table.sizeBytes).toBe(bytes);
  else expect(reader.table.sizeBytes).toBeLessThanOrEqual(most);
}

describe('RFC 7541 appendix C', () => {
  test('C.2.1: literal with indexing enters the table', () => {
    const reader = new BlockReader();
    expect(reader.read('400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572')).toEqual({});
    expect(reader.table.sizeBytes).toBe(55);
  });

  test('C.2.2: literal without indexing does not', () => {
    const reader = new BlockReader();
    expect(reader.read('040c 2f73 616d 706c 652f 7061 7468')).toEqual({ path: '/sample/path' });
    expect(reader.table.sizeBytes).toBe(0);
  });

  test('C.2.3: a field that is never indexed is not kept', () => {
    const reader = new BlockReader();
    expect(reader.read('1008 7061 7373 776f 7264 0673 6563 7265 74')).toEqual({});
    expect(reader.table.sizeBytes).toBe(0);
  });

  test('C.2.4: indexed field', () => expect(new BlockReader().read('82')).toEqual({ method: 'GET' }));

  const requests = {
    'C.3': [
      '8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '8286 84be 5808 6e6f 2d63 6163 6865',
      '8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65',
    ],
    'C.4': [
      '8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff',
      '8286 84be 5886 a8eb 1064 9cbf',
      '8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf',
    ],
  };
  const requestSteps = [
    ['first', GET, 57],
    ['second', GET, 110],
    ['third', { ...GET, path: '/index.html' }, 164],
  ] as const;
  for (const [clause, blocks] of Object.entries(requests)) {
    const coding = clause === 'C.3' ? 'plain' : 'Huffman';
    requestSteps.forEach(([name, fields, tableBytes], nth) => {
      test(`${clause}.${nth + 1}: ${name} request, ${coding}`, () => {
        const reader = new BlockReader();
        for (const block of blocks.slice(0, nth)) reader.read(block);
        expect(reader.read(blocks[nth] ?? '')).toEqual(fields);
        expectSize(reader, tableBytes, clause === 'C.3', tableBytes);
      });
    });
  }

  const responses = {
    'C.5': [
      '4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d',
      '4803 3330 37c1 c0bf',
      '88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31',
    ],
    'C.6': [
      '4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3',
      '4883 640e ffc1 c0bf',
      '88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07',
    ],
  };
  const responseSteps = [
    ['first', 302, 222],
    ['second', 307, 222],
    ['third', 200, 215],
  ] as const;
  for (const [clause, blocks] of Object.entries(responses)) {
    const coding = clause === 'C.5' ? 'plain' : 'Huffman';
    responseSteps.forEach(([name, status, tableBytes], nth) => {
      test(`${clause}.${nth + 1}: ${name} response with a table of 256 bytes, ${coding}`, () => {
        const reader = new BlockReader();
        reader.table.resize(256);
        for (const block of blocks.slice(0, nth)) reader.read(block);
        expect(reader.read(blocks[nth] ?? '')).toEqual({ status });
        expectSize(reader, tableBytes, clause === 'C.5', 256);
      });
    });
  }
});

describe('a table whose start was not captured', () => {
  test('entries added since are right, older ones are unknown', () => {
    const encoder = new HpackEncoder();
    encoder.encode([['user-agent', 'old']]);
    const reader = new BlockReader(false);
    expect(reader.read(encoder.encode([['user-agent', 'old']]))).toEqual({ unknownNames: 1 });
    expect(reader.read(encoder.encode([['x-request-id', 'new']]))).toEqual({ requestId: 'new' });
    expect(
      reader.read(
        encoder.encode([
          ['user-agent', 'old'],
          ['x-request-id', 'new'],
        ]),
      ),
    ).toEqual({ requestId: 'new', unknownNames: 1 });
    expect(reader.decoder.badIndices).toBe(0);
  });

  test('an entry that took its name from an unknown one has an unknown name, and later ones keep their place', () => {
    const encoder = new HpackEncoder();
    encoder.encode([['x-request-id', 'first']]);
    const reader = new BlockReader(false);
    const block = encoder.encode([
      ['x-request-id', 'second'],
      ['traceparent', 'mine'],
    ]);
    expect(reader.read(block)).toEqual({ traceparent: 'mine', unknownNames: 1 });
    const again = encoder.encode([
      ['x-request-id', 'second'],
      ['traceparent', 'mine'],
    ]);
    expect(reader.read(again)).toEqual({ traceparent: 'mine', unknownNames: 1 });
  });

  test('an entry too large for the encoder empties its table, and the entries after it are right', () => {
    const reader = new BlockReader(false);
    const big = [0x40, ...hpackString('x-big', false), ...hpackString('b'.repeat(5000), false)];
    reader.read(Uint8Array.from(big));
    expect(reader.read(Uint8Array.from([0x40, ...hpackString('server'), ...hpackString('envoy')]))).toEqual({
      server: 'envoy',
    });
    expect(reader.read(Uint8Array.of(0x80 | 62))).toEqual({ server: 'envoy' });
    expect(reader.read(Uint8Array.of(0x80 | 63))).toEqual({ unknownNames: 1 });
  });

  test('after bytes went missing everything is unknown again', () => {
    const encoder = new HpackEncoder();
    const reader = new BlockReader();
    expect(reader.read(encoder.encode([['server', 'envoy']]))).toEqual({ server: 'envoy' });
    reader.table.forget();
    expect(reader.read(encoder.encode([['server', 'envoy']]))).toEqual({ unknownNames: 1 });
  });

  test('a size update to 0 makes the table known: an index behind it is then an error of the encoder', () => {
    const reader = new BlockReader(false);
    reader.read(Uint8Array.of(0x20));
    expect(reader.table.complete).toBe(true);
    expect(reader.read(Uint8Array.of(0x80 | 62))).toEqual({ unknownNames: 1 });
    expect(reader.decoder.badIndices).toBe(1);
  });
});

describe('size updates (RFC 7541 §4.2, §6.3)', () => {
  test('a smaller table evicts the oldest entries', () => {
    const encoder = new HpackEncoder();
    const reader = new BlockReader();
    reader.read(
      encoder.encode([
        ['server', 'a'],
        ['user-agent', 'b'],
      ]),
    );
    encoder.resize(43);
    expect(reader.read(encoder.encode([['user-agent', 'b']]))).toEqual({ userAgent: 'b' });
    expect(reader.table.sizeBytes).toBe(43);
    expect(reader.read(Uint8Array.of(0x80 | 63))).toEqual({ unknownNames: 1 });
  });

  test('one after a field is malformed', () => expect(new BlockReader().read(Uint8Array.of(0x82, 0x20))).toBeNull());

  test('a larger table than is followed keeps its newest entries', () => {
    const encoder = new HpackEncoder({ tableBytes: 1 << 20 });
    const reader = new BlockReader();
    for (let i = 0; i < 300; i++) reader.read(encoder.encode([['x-request-id', `${i}`.padEnd(400, '-')]]));
    expect(reader.read(encoder.encode([['x-request-id', '299'.padEnd(400, '-')]]))).toEqual({
      requestId: '299'.padEnd(400, '-'),
    });
    expect(reader.read(encoder.encode([['x-request-id', '0'.padEnd(400, '-')]]))).toEqual({ unknownNames: 1 });
    expect(reader.table.sizeBytes).toBeLessThanOrEqual(64 * 1024);
  });
});

describe('hostile blocks', () => {
  test.each([
    ['index 0', [0x80]],
    ['a cut index', [0xff]],
    ['a name longer than the block', [0x40, 0x7f, 0x05, 0x61]],
    ['a value longer than the block', [0x41, 0x0a, 0x61]],
    ['a missing value', [0x41]],
    ['a length beyond any block', [0x41, 0x7f, 0xff, 0xff, 0xff, 0x7f]],
    ['Huffman padding of zeros in a kept value', [0x41, 0x81, 0x18]],
    ['Huffman padding of zeros in a name', [0x40, 0x81, 0x18, 0x00]],
    ['Huffman padding of zeros in an inserted value that is kept', [0x7a, 0x81, 0x18]],
  ])('%s is malformed', (_name, bytes) => expect(new BlockReader().read(Uint8Array.from(bytes))).toBeNull());

  test('a value too long to keep is null, and keeps its size in the table', () => {
    const reader = new BlockReader();
    reader.table.resize(60_000);
    const path = `/${'p'.repeat(9000)}`;
    expect(reader.read(new HpackEncoder({ huffman: false }).encode([[':path', path]]))).toEqual({ path: null });
    expect(reader.table.sizeBytes).toBe(9001 + 5 + 32);
    expect(reader.decoder.longValues).toBe(1);
  });

  test('credentials are not on the allow-list, however they are coded', () => {
    const reader = new BlockReader();
    const fields = reader.read(
      new HpackEncoder().encode([
        ['authorization', 'Bearer secret', 'index'],
        ['cookie', 'secret', 'plain'],
        ['proxy-authorization', 'secret'],
        ['x-request-i', 'prefix'],
        ['x-request-ids', 'longer'],
      ]),
    );
    expect(fields).toEqual({});
  });

  test.each([
    [':path', '/api/v1/pods?watch=1&access_token=secret', { path: '/api/v1/pods?watch=1&access_token=***' }],
    [':authority', 'me:secret@api:6443', { authority: 'api:6443' }],
  ])('a %s is masked before the table keeps it', (name, value, masked) => {
    const encoder = new HpackEncoder();
    const reader = new BlockReader();
    const fields = [[name, value]] as const;
    expect(reader.read(encoder.encode(fields))).toEqual(masked);
    expect(encoder.encode(fields).length).toBe(1);
    expect(reader.read(Uint8Array.of(0x80 | 62))).toEqual(masked);
  });

  test('a repeated size update and empty strings are legal', () => {
    const block = [...hpackInteger(0, 5, 0x20), ...hpackInteger(4096, 5, 0x20), 0x41, 0x00];
    expect(new BlockReader().read(Uint8Array.from(block))).toEqual({ authority: '' });
  });

  test('a :status that is no number is 0', () => {
    for (const text of ['2x0', '20', '2000', '']) {
      expect(new BlockReader().read(Uint8Array.from([0x08, ...hpackInteger(text.length, 7), ...latin1(text)]))).toEqual(
        { status: 0 },
      );
    }
  });
});
