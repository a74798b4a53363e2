import { expect, test } from 'vitest';
import { communityId } from '../../src/report/community-id.ts';
import { composed, gatewayMute } from './scenarios.ts';

const A = { ip: '128.232.110.120', port: 34855 };
const B = { ip: '66.35.250.204', port: 80 };

/** TCP rows of corelight/community-id-spec, baseline/baseline_deflt.json; the last is what Zeek's test of community_id_v1 expects. */
const PUBLISHED = [
  ['IPv4', A, B, '1:LQU9qZlK+B5F3KDmev6m5PMibrg='],
  [
    'IPv6',
    { ip: '2001:470:e5bf:dead:4957:2174:e82c:4887', port: 63943 },
    { ip: '2607:f8b0:400c:c03::1a', port: 25 },
    '1:/qFaeAR+gFe1KYjMzVDsMv+wgU4=',
  ],
  ['of Zeek', { ip: '1.2.3.4', port: 1122 }, { ip: '5.6.7.8', port: 3344 }, '1:wCb3OG7yAFWelaUydu0D+125CLM='],
] as const;

test.each(PUBLISHED)('is the published one, whichever end is named first: %s', (_, a, b, id) => {
  expect(communityId(a, b)).toBe(id);
  expect(communityId(b, a)).toBe(id);
});

test('is told apart by ports alone, and by which end has which', () => {
  const ids = [
    communityId({ ip: '10.0.0.1', port: 1 }, { ip: '10.0.0.1', port: 2 }),
    communityId({ ip: '10.0.0.1', port: 1 }, { ip: '10.0.0.2', port: 2 }),
    communityId({ ip: '10.0.0.1', port: 2 }, { ip: '10.0.0.2', port: 1 }),
  ];
  expect(new Set(ids).size).toBe(3);
});

test('an IPv6 address counts by its bytes, however it is written', () => {
  const far = { ip: '2001:db8::2:3', port: 443 };
  const written = ['2001:db8::1', '2001:db8:0:0:0:0:0:1', '2001:db8::0.0.0.1'];
  expect(new Set(written.map((ip) => communityId({ ip, port: 5 }, far))).size).toBe(1);
  expect(communityId({ ip: '::', port: 5 }, far)).not.toBe(communityId({ ip: '::1', port: 5 }, far));
});

test('every connection of a report has one', () => {
  for (const { communityId: id } of composed(gatewayMute()).connections) expect(id).toMatch(/^1:[\w+/]{27}=$/);
});
