import { describe, expect, test } from 'vitest';
import { FIELD, fieldKind } from '../../src/http/headers.ts';
import { latin1 } from '../build/hpack.ts';

describe('the allow-list', () => {
  const kind = (name: string): number => fieldKind(latin1(name), name.length);

  test.each(['authorization', 'cookie', 'set-cookie', 'proxy-authorization', 'x-request-i', 'serve', '', 'Server'])(
    '%s is not on it',
    (name) => expect(kind(name)).toBe(FIELD.other),
  );

  test('names on it have kinds of their own', () => {
    const names = [':method', ':path', ':authority', ':status', ':scheme', 'user-agent', 'x-request-id'];
    const more = ['traceparent', 'grpc-status', 'content-type', 'server'];
    const kinds = [...names, ...more].map(kind);
    expect(kinds).not.toContain(FIELD.other);
    expect(new Set(kinds).size).toBe(11);
  });
});
