import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { concat } from '../build/h2.ts';
import { latin1 } from '../build/hpack.ts';
import { reportOn } from '../build/reports.ts';
import { Wire } from '../build/wire.ts';
import { watchpcap } from './command.ts';

/** A gateway behind a load balancer, which names the client that it speaks for by a PROXY header. */
const GATEWAY = '10.9.0.2';
const BALANCER = '10.9.1.77';
const REQUEST = 'GET /api/v1/pods?watch=1 HTTP/1.1\r\nhost: kubernetes\r\n\r\n';
const RESPONSE = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n';
const EVENT = '13\r\n{"type":"BOOKMARK"}\r\n';

const VERSION_1 = latin1('PROXY TCP4 203.0.113.7 10.9.0.2 5555 80\r\n');
/** `PROXY UNKNOWN`: the balancer's own health check. */
const NOBODY = latin1('PROXY UNKNOWN\r\n');
/** Version 2, TCP over IPv6, with a balancer's own id (type 0xea) behind the addresses. */
const VERSION_2 = concat(
  latin1('\r\n\r\n\0\r\nQUIT\n\x21\x21\0\x2a'),
  latin1('\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\x07'),
  latin1('\xfd\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x02'),
  latin1('\x15\xb3\0\x50\xea\0\x03vpc'),
);

let folder = '';

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'watchpcap-'));
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function captured(header: Uint8Array): string {
  const wire = new Wire(GATEWAY);
  wire.connect(`${BALANCER}:40001`, `${GATEWAY}:80`, 0).asks(1, header, REQUEST).answers(1.02, RESPONSE, EVENT);
  wire
    .connect(`${GATEWAY}:40002`, '10.9.2.1:8080', 0.5)
    .asks(1.005, REQUEST)
    .answers(1.015, RESPONSE, EVENT)
    .inVain(1, EVENT, 20, 20.2, 20.6, 21.4, 23, 26.2, 32.6);
  const path = join(folder, 'gateway.pcap');
  writeFileSync(path, wire.pcap(120));
  return path;
}

describe('the client for whom a load balancer opened a connection', () => {
  test.each([
    ['version 1', VERSION_1, { ip: '203.0.113.7', port: 5555 }],
    ['version 2', VERSION_2, { ip: '2001:db8::7', port: 5555 }],
    ['that names nobody', NOBODY, null],
  ] as const)('a PROXY header of %s', async (_, header, proxiedFor) => {
    const { connections, windows } = await reportOn(captured(header));
    expect(connections.slice(0, 2).map(({ id, client, proxiedFor: told }) => [id, client.ip, told])).toEqual([
      ['c1', BALANCER, proxiedFor],
      ['u1', GATEWAY, null],
    ]);
    expect(windows).toMatchObject([{ client: 'c1', upstream: 'u1' }]);
  });

  test('is named beside the balancer in the text, and has a stand-in where the report is anonymised', async () => {
    const path = captured(VERSION_1);
    const { stdout } = await watchpcap(['analyze', path]);
    expect(stdout.replaceAll(/\s+/g, ' ')).toContain(`kept client ${BALANCER}:40001 for 203.0.113.7:5555 connected`);
    for (const format of ['text', 'json', 'html'])
      expect((await watchpcap(['analyze', path, '--anonymize', '--format', format])).stdout).not.toContain('203.0.113');
  });
});
