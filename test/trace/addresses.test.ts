import { describe, expect, test } from 'vitest';
import { Recording } from './recording.ts';

function textOf(groups: string): string | undefined {
  const recording = new Recording();
  recording.connect(`${groups}:443`, '2001:db8:0:0:0:0:0:1:80', 0);
  return recording.finish().connections[0]?.endpoints[0].ip;
}

describe('addresses as text', () => {
  test.each([
    ['2001:db8:0:0:0:0:2:1', '2001:db8::2:1', 'RFC 5952 §4.2.1: shorten as much as possible'],
    ['2001:db8:0:1:1:1:1:1', '2001:db8:0:1:1:1:1:1', 'RFC 5952 §4.2.2: no :: for one zero group'],
    ['2001:0:0:1:0:0:0:1', '2001:0:0:1::1', 'RFC 5952 §4.2.3: the longest run'],
    ['2001:db8:0:0:1:0:0:1', '2001:db8::1:0:0:1', 'RFC 5952 §4.2.3: the first of equal runs'],
    ['2001:DB8:0:AAAA:0:0:0:0', '2001:db8:0:aaaa::', 'RFC 5952 §4.3: lower case'],
    ['0:0:0:0:0:0:0:1', '::1', 'loopback'],
    ['0:0:0:0:0:0:0:0', '::', 'the unspecified address'],
    ['fe80:0:0:0:0123:4567:89ab:cdef', 'fe80::123:4567:89ab:cdef', 'RFC 5952 §4.1: no leading zeros'],
  ])('%s is %s (%s)', (groups, expected) => {
    expect(textOf(groups)).toBe(expected);
  });

  test('IPv4 in dotted decimals, high bit and all', () => {
    const recording = new Recording();
    recording.connect('255.1.0.9:50001', '10.9.0.2:80', 0);
    expect(recording.finish().connections[0]?.endpoints).toEqual([
      { ip: '255.1.0.9', port: 50_001 },
      { ip: '10.9.0.2', port: 80 },
    ]);
  });
});
