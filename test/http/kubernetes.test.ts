import { describe, expect, test } from 'vitest';
import { describeRequest, describeUserAgent } from '../../src/http/index.ts';

describe('what a request does', () => {
  test.each([
    ['GET', '/api/v1/pods', 'list', 'pods'],
    ['GET', '/api/v1/namespaces/default/pods', 'list', 'pods'],
    ['GET', '/api/v1/namespaces/default/pods?limit=500&watch=false', 'list', 'pods'],
    ['GET', '/api/v1/namespaces/default/pods?watch=0', 'list', 'pods'],
    ['GET', '/api/v1/namespaces/default/pods/web-0', 'get', 'pods'],
    ['HEAD', '/api/v1/namespaces/default/pods/web-0', 'get', 'pods'],
    ['GET', '/api/v1/namespaces/default/pods/web-0/status', 'get', 'pods/status'],
    ['GET', '/api/v1/namespaces', 'list', 'namespaces'],
    ['GET', '/api/v1/namespaces/default', 'get', 'namespaces'],
    ['PUT', '/api/v1/namespaces/default/finalize', 'update', 'namespaces/finalize'],
    ['GET', '/api/v1/pods?watch=1', 'watch', 'pods'],
    ['GET', '/api/v1/pods?watch=true&resourceVersion=5', 'watch', 'pods'],
    ['GET', '/api/v1/pods?watch', 'watch', 'pods'],
    ['GET', '/api/v1/pods?fieldSelector=metadata.name%3Dx&watch=1', 'watch', 'pods'],
    ['GET', '/api/v1/pods?notwatch=1', 'list', 'pods'],
    ['GET', '/api/v1/watch/namespaces/default/pods', 'watch', 'pods'],
    ['GET', '/api/v1/watch/namespaces/default/pods/web-0', 'watch', 'pods'],
    ['GET', '/api/v1/namespaces/default/pods/web-0?watch=true', 'get', 'pods'],
    ['GET', '/api/v1/namespaces/default/pods/web-0/status?watch=true', 'get', 'pods/status'],
    ['GET', '/apis/apps/v1/deployments?watch=1', 'watch', 'deployments'],
    ['GET', '/apis/apps/v1/namespaces/default/deployments/web/scale', 'get', 'deployments/scale'],
    ['GET', '/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kcm', 'get', 'leases'],
    ['POST', '/api/v1/namespaces/default/pods', 'create', 'pods'],
    ['PUT', '/api/v1/namespaces/default/pods/web-0', 'update', 'pods'],
    ['PATCH', '/api/v1/nodes/n1/status', 'patch', 'nodes/status'],
    ['DELETE', '/api/v1/namespaces/default/pods/web-0', 'delete', 'pods'],
    ['DELETE', '/api/v1/namespaces/default/pods', 'delete', 'pods'],
    ['POST', '/api/v1/namespaces/default/pods/web-0/exec?command=***&stdin=true', 'exec', 'pods/exec'],
    ['GET', '/api/v1/namespaces/default/pods/web-0/exec?command=***', 'exec', 'pods/exec'],
    ['POST', '/api/v1/namespaces/default/pods/web-0/attach', 'attach', 'pods/attach'],
    ['POST', '/api/v1/namespaces/default/pods/web-0/portforward', 'portforward', 'pods/portforward'],
    ['GET', '/api/v1/namespaces/default/pods/web-0/log?follow=true', 'log', 'pods/log'],
    ['GET', '/api/v1/nodes/n1/proxy/metrics', 'proxy', 'nodes/proxy'],
    ['GET', '/api/v1/namespaces/default/services/web:80/proxy/', 'proxy', 'services/proxy'],
    ['GET', '/apis/example.org/v1/namespaces/default/books/b1/log', 'get', 'books/log'],
    ['BREW', '/api/v1/pods', 'other', 'pods'],
  ] as const)('%s %s is %s of %s', (method, path, kind, resource) => {
    expect(describeRequest(method, path)).toMatchObject({ kind, resource });
  });

  test.each(['/healthz', '/version', '/', '/api', '/api/v1', '/apis/apps/v1', '/openapi/v2?timeout=32s', '*', ''])(
    '%s is no resource',
    (path) => {
      expect(describeRequest('GET', path)).toMatchObject({ kind: 'other', resource: null });
    },
  );

  test('group, namespace and name', () => {
    expect(describeRequest('GET', '/apis/apps/v1/namespaces/web/deployments/front')).toMatchObject({
      group: 'apps',
      namespace: 'web',
      name: 'front',
    });
    expect(describeRequest('GET', '/api/v1/nodes')).toMatchObject({ group: '', namespace: null, name: null });
  });

  test.each([
    ['metadata.name%3Dweb-0', 'web-0'],
    ['metadata.name=web-0', 'web-0'],
    ['metadata.name%3d%3Da.b', 'a.b'],
    ['spec.nodeName%3Dn1%2Cmetadata.name%3Dweb-0', 'web-0'],
    ['metadata.name%3Dweb-0,spec.nodeName%3Dn1', 'web-0'],
    ['spec.nodeName%3Dn1', null],
    ['metadata.name%21%3Dweb-0', null],
    ['xmetadata.name%3Dweb-0', null],
    ['', null],
  ])('a field selector %s picks %s', (selector, name) => {
    const path = `/api/v1/namespaces/default/pods?watch=true&fieldSelector=${selector}`;
    expect(describeRequest('GET', path)).toMatchObject({ kind: 'watch', resource: 'pods', name });
  });

  test('without its path a request is unknown; without its method the resource is still told', () => {
    for (const path of [null, undefined]) expect(describeRequest('GET', path)).toMatchObject({ kind: 'unknown' });
    expect(describeRequest(null, '/api/v1/pods?watch=1')).toMatchObject({ kind: 'unknown', resource: 'pods' });
    expect(describeRequest(undefined, '/healthz')).toMatchObject({ kind: 'other' });
  });
});

describe('how long a watch may last', () => {
  test.each([
    ['/api/v1/pods?watch=1&timeoutSeconds=300', 300],
    ['/api/v1/pods?timeoutSeconds=0', 0],
    ['/api/v1/pods?watch=1', null],
    ['/api/v1/pods?watch=1&timeoutSeconds=', null],
    ['/api/v1/pods?watch=1&timeoutSeconds=5m', null],
    ['/api/v1/pods?watch=1&timeoutSeconds=-1', null],
    ['/api/v1/pods?watch=1&timeoutSeconds=99999999999999999999', null],
    ['/api/v1/namespaces/default/pods/web-0?timeoutSeconds=5', null],
  ])('%s: %s', (path, timeoutSeconds) => {
    expect(describeRequest('GET', path).timeoutSeconds).toBe(timeoutSeconds);
  });

  test('bookmarks count on a watch only', () => {
    expect(describeRequest('GET', '/api/v1/pods?watch=1&allowWatchBookmarks=true').bookmarks).toBe(true);
    expect(describeRequest('GET', '/api/v1/pods?watch=1&allowWatchBookmarks=false').bookmarks).toBe(false);
    expect(describeRequest('GET', '/api/v1/pods?allowWatchBookmarks=true').bookmarks).toBe(false);
  });
});

describe('where a list or watch begins', () => {
  test.each([
    ['/api/v1/pods?watch=1&resourceVersion=4711', '4711'],
    ['/api/v1/pods?resourceVersion=0', '0'],
    ['/api/v1/pods?watch=1&resourceVersion=', null],
    ['/api/v1/pods?watch=1', null],
    ['/api/v1/namespaces/default/pods/web-0?resourceVersion=1', null],
  ])('%s: %s', (path, resourceVersion) => {
    expect(describeRequest('GET', path).resourceVersion).toBe(resourceVersion);
  });
});

test('a log is followed where it says so, and nothing else is', () => {
  const log = '/api/v1/namespaces/default/pods/web-0/log';
  expect(describeRequest('GET', `${log}?follow=true`).follows).toBe(true);
  expect(describeRequest('GET', `${log}?follow`).follows).toBe(true);
  expect(describeRequest('GET', `${log}?follow=false`).follows).toBe(false);
  expect(describeRequest('GET', log).follows).toBe(false);
  expect(describeRequest('GET', '/api/v1/pods?follow=true').follows).toBe(false);
});

describe('who asks', () => {
  test.each([
    ['kubelet/v1.31.0 (linux/amd64) kubernetes/9edcffc', 'kubelet', 'v1.31.0', null],
    [
      'kube-controller-manager/v1.30.2 (linux/arm64) kubernetes/3968350/leader-election',
      'kube-controller-manager',
      'v1.30.2',
      'leader-election',
    ],
    [
      'kcm/v1.30.2 (linux/arm64) kubernetes/3968350/system:serviceaccount:kube-system:job-controller',
      'kcm',
      'v1.30.2',
      'system:serviceaccount:kube-system:job-controller',
    ],
    ['Go-http-client/2.0', 'Go-http-client', '2.0', null],
    ['envoy', 'envoy', null, null],
    ['curl/8.5.0', 'curl', '8.5.0', null],
    ['manager(x)', 'manager', null, null],
  ])('%s', (userAgent, component, version, part) => {
    expect(describeUserAgent(userAgent)).toEqual({ component, version, part });
  });

  test.each([null, undefined, '', '  ', '(x)', '/v1'])('%j names nobody', (userAgent) => {
    expect(describeUserAgent(userAgent)).toBeNull();
  });
});
