import { describe, expect, test } from 'vitest';
import { FIELD, fieldKind, maskPath } from '../../src/http/headers.ts';
import { latin1 } from '../build/hpack.ts';

describe('masking of query values', () => {
  test.each([
    ['/api/v1/pods', '/api/v1/pods'],
    ['/api/v1/pods?watch=1&timeoutSeconds=300', '/api/v1/pods?watch=1&timeoutSeconds=300'],
    ['/login?token=secret', '/login?token=***'],
    ['/api/a?watch=1&token=secret&limit=5', '/api/a?watch=1&token=***&limit=5'],
    ['/a?continue=eyJ2', '/a?continue=***'],
    ['/api/exec?command=psql&command=-pSECRET&container=db', '/api/exec?command=***&command=***&container=db'],
    ['/a?c2VjcmV0', '/a?***'],
    ['/a?watch', '/a?watch'],
    ['/a?', '/a?'],
    ['/a?&&', '/a?&&'],
    ['/a?token=x?watch=1', '/a?token=***'],
    ['/a?token=a=b', '/a?token=***'],
    ['/a?Watch=1', '/a?Watch=***'],
    ['/a?wat%63h=1', '/a?wat%63h=***'],
    ['/a?c2VjcmV0Cg==', '/a?***'],
    ['/a?watch=secret', '/a?watch=***'],
    ['/api/a?watch=1;token=SECRET', '/api/a?watch=***'],
    ['/api/a?watch=1%3btoken=SECRET', '/api/a?watch=***'],
    ['/api/a?watch=true?token=SECRET', '/api/a?watch=***'],
    ['/api/a?watch=true%3Ftoken=SECRET&limit=5', '/api/a?watch=***&limit=5'],
    ['/api/a?watch=true=SECRET', '/api/a?watch=***'],
    ['/api/a?watch=%', '/api/a?watch=***'],
    ['/apis/apps/v1/x?fieldSelector=metadata.name%3Da', '/apis/apps/v1/x?fieldSelector=metadata.name%3Da'],
    ['/api/v1/x?labelSelector=a+in+%28b%2Cc%29,d!=e', '/api/v1/x?labelSelector=a+in+%28b%2Cc%29,d!=e'],
    ['/api/v1/services/a/proxy/login?container=SECRET', '/api/v1/services/a/proxy/login?container=***'],
    ['/a;jsessionid=SECRET/b?limit=5', '/a;jsessionid=***/b?limit=***'],
    ['/a#SECRET', '/a#***'],
    ['http://me:SECRET@api/a@b?c=d', 'http://api/a@b?c=***'],
    ['me:SECRET@api:443', 'api:443'],
    ['*', '*'],
  ])('%s is kept as %s', (path, masked) => expect(maskPath(path)).toBe(masked));
});

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
