import { createHmac } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { anonymized, standInsFor } from '../../src/report/anonymize.ts';
import { type Digest, FORMATS, type Report } from '../../src/report/index.ts';
import { addressesLeft } from '../../src/report/anonymize/leftovers.ts';
import { parseIpv4, parseIpv6 } from '../../src/report/anonymize/address-text.ts';
import { retold } from '../../src/report/retell.ts';
import { reportOn } from '../build/reports.ts';
import { HOSTILE, MARK, poisoned } from './hostile.ts';
import { at, capture, file, finding } from './incident-builder.ts';
import { composed, gatewayMute } from './scenarios.ts';
import { schemaErrors } from './schema.ts';

const keyed: Digest = (text) => Uint8Array.from(createHmac('sha256', 'a key of this test').update(text).digest());
const anonymous = (report: Report, digest: Digest | null = null): Report =>
  anonymized(report, standInsFor(report, digest));

async function inAllFormats(report: Report): Promise<string[]> {
  const options = { width: 100, color: false, unicode: true, only: [], detail: 'usual' } as const;
  const formats = Object.values(FORMATS).map(async ({ load }) => [...(await load())(report, options)].join(''));
  return Promise.all(formats);
}

/** What is somebody's, wherever a report can have it. The words are in no sentence of ours. */
const PLANTED = {
  client: '172.31.77.4',
  gateway: '172.31.77.1',
  translated: '203.0.113.66',
  upstream: 'fd12:3456:789a::42',
  standBy: 'fd12:3456:789a::43',
  flood: '203.0.113.67',
  path: '/api/v1/namespaces/zq7payments/pods/zq7ledger-0/log?container=zq7db&labelSelector=zq7app%3Dzq7web&zq7token=zq7x',
  debug: 'zq7 closed by admin@zq7.example',
  file: '/home/zq7user/zq7-incident.pcap',
  directory: 'zq7dir',
  skipped: 'zq7notes.txt',
  comment: 'zq7: ask admin@zq7.example',
} as const;

/** The story of the incident with all of that in it. */
function planted(words: Readonly<Record<keyof typeof PLANTED, string>> = PLANTED): Report {
  const told = gatewayMute(words.path);
  const report = composed({
    capture: capture(372, {
      files: [file(words.file, { compression: 'gzip' })],
      warnings: [
        {
          code: 'skipped-files',
          file: null,
          byte: null,
          packet: null,
          args: { directory: words.directory, count: 1, names: [words.skipped] },
        },
      ],
      comments: [{ file: 0, packet: 3, text: words.comment }],
    }),
    incident: {
      ...told.incident,
      floods: [{ to: { ip: words.flood, port: 6443 }, connections: 2, syns: 9, since: at(1, 0), until: at(9, 9) }],
      findings: [
        ...told.incident.findings,
        finding('too-many-pings', 'warning', { debug: words.debug }, 'u1', [at(9, 9)]),
      ],
    },
  });
  const ends = {
    '10.9.1.2': words.client,
    '10.9.1.1': words.gateway,
    '10.9.2.2': words.upstream,
    '10.9.2.1': 'fd12:3456:789a::1',
    '10.9.3.2': words.standBy,
    '10.9.3.1': 'fd12:3456:789a::2',
  };
  const [c1, ...others] = report.connections;
  if (c1 === undefined) throw new Error('the story has connections');
  const translated = { client: { ip: words.translated, port: 1 }, server: c1.server, packets: 2 };
  const goaway = {
    by: 'server',
    at: c1.start,
    packet: 9,
    lastStreamId: 7,
    error: 'NO_ERROR',
    debug: words.debug,
  } as const;
  const [stream] = c1.streams;
  const full = {
    ...report,
    connections: [
      {
        ...c1,
        seenAs: [translated],
        goaways: [goaway],
        streams: stream === undefined ? [] : [{ ...stream, method: 'ZQ7' }],
      },
      ...others,
    ],
  };
  const text = Object.entries(ends).reduce(
    (json, [from, to]) => json.replaceAll(`"${from}"`, `"${to}"`),
    JSON.stringify(full),
  );
  return retold(JSON.parse(text) as Report);
}

describe('what is somebody’s', () => {
  test('is in the report before', async () => {
    const texts = (await inAllFormats(planted())).join('\n');
    for (const word of Object.values(PLANTED).filter((text) => !text.includes('/'))) expect(texts).toContain(word);
    expect(schemaErrors(planted())).toEqual([]);
  });

  test.each([
    ['without a key', null],
    ['with a key', keyed],
  ])('is in no format %s', async (_name, digest) => {
    const told = anonymous(planted(), digest);
    expect(schemaErrors(told)).toEqual([]);
    for (const text of await inAllFormats(told)) {
      expect(text.toLowerCase()).not.toContain('zq7');
      for (const word of [...Object.values(PLANTED), 'fd12:3456:789a', '172.31.77', '203.0.113', 'admin']) {
        expect(text).not.toContain(word);
      }
    }
  });

  test('makes no difference: other names and addresses give the same bytes', async () => {
    const others = Object.fromEntries(
      Object.entries(PLANTED).map(([key, text]) => [
        key,
        text
          .replaceAll('zq7', 'other')
          .replaceAll('admin', 'root')
          .replace('172.31.77', '10.200.3')
          .replace('203.0.113', '9.9.9'),
      ]),
    ) as Record<keyof typeof PLANTED, string>;
    expect(await inAllFormats(anonymous(planted(others)))).toEqual(await inAllFormats(anonymous(planted())));
  });

  test.each(HOSTILE.map((text) => [JSON.stringify(text.slice(0, 40)), text]))(
    'is not let through where any text of a report may be anything: %s',
    async (_name, text) => {
      // Its own name is a constant of the schema, which no report without it passes.
      const told = anonymous({ ...poisoned(text), tool: { name: 'watchpcap', version: text } });
      for (const page of await inAllFormats(told)) expect(page).not.toContain(MARK);
    },
  );

  test('fields that the model does not have are left out', () => {
    const report = planted();
    const [c1] = report.connections;
    const more = {
      ...report,
      owner: 'zq7',
      connections: [{ ...c1, agent: 'zq7/1.0', note: ['zq7'] }],
    } as unknown as Report;
    expect(JSON.stringify(anonymous(more))).not.toContain('zq7');
  });

  test('arguments by names that the model does not have are left out where they are text', () => {
    const report = planted();
    const [first] = report.findings;
    if (first === undefined) throw new Error('the story has findings');
    const args = { owner: 'zq7', 'zq7 key': 1, list: ['zq7'], spanSeconds: 4, by: 'zq7', alternative: 'zq7' };
    const told = anonymous({ ...report, findings: [{ ...first, args: args as unknown as typeof first.args }] });
    expect(JSON.stringify(told)).not.toContain('zq7');
    expect(told.findings[0]?.args).toMatchObject({ spanSeconds: 4 });
  });
});

describe('what is nobody’s stays', () => {
  test('ports, times, packets, counts and every word of the verdict', () => {
    const report = planted();
    const told = anonymous(report);
    expect(told.connections.map(({ client, server }) => [client.port, server.port])).toEqual(
      report.connections.map(({ client, server }) => [client.port, server.port]),
    );
    expect(told.connections.map(({ marks }) => marks)).toEqual(report.connections.map(({ marks }) => marks));
    const spans = ({ windows }: Report): unknown =>
      windows.map(({ from, to, duration, cause, onset, end }) => ({ from, to, duration, cause, onset, end }));
    expect(spans(told)).toEqual(spans(report));
    expect(told.windows[0]?.evidence).toEqual(report.windows[0]?.evidence);
    expect(told.verdict).toMatchObject({ state: 'half-dead', confidence: 'confirmed', reason: 'windows' });
  });

  test('the shape of a request', () => {
    expect(anonymous(planted()).windows[0]?.streams[0]?.path).toBe(
      '/api/v1/namespaces/ns-1/pods/name-1/log?container=name-2&labelSelector=name-3%3Dname-4&key-1=name-5',
    );
  });

  test('files are counted, and keep the ends of their names', () => {
    expect(anonymous(planted()).capture.files[0]?.path).toBe('capture-1.pcap.gz');
  });

  test('one stand-in wherever an original stands', () => {
    const told = anonymous(composed(gatewayMute()));
    const [c1, u1] = told.connections;
    expect(told.gateways[0]?.addresses).toEqual([c1?.server.ip, u1?.client.ip, expect.any(String)]);
    expect(told.verdict.summary).toContain(`client ${c1?.client.ip}:49739`);
    expect(told.findings.map(({ filter }) => filter).join()).toContain(`ip.addr == ${u1?.client.ip} &&`);
  });

  test('says of itself that it is anonymised, once', () => {
    const told = anonymous(anonymous(planted()));
    expect(told.trust.filter(({ code }) => code === 'anonymized')).toHaveLength(1);
    expect(told.trust.at(-1)?.message).toContain('stand-ins');
  });
});

test('the second net finds addresses in any string, however they are written', () => {
  const originals = new Set(['10.9.1.2', 'fd12::42']);
  const left = (text: string): string[] => [...addressesLeft({ a: [{ b: text }] }, originals)];
  for (const text of ['to 10.9.1.2:80.', '[fd12::42]:443', 'FD12:0:0:0:0:0:0:42', 'at fd12::42.'])
    expect(left(text)).toEqual(['a.0.b']);
  for (const text of ['10.9.1.21', '110.9.1.2', '23:05:22.480', 'fd12::421', 'c1: x', '::'])
    expect(left(text)).toEqual([]);
});

/** Where a text of one value is empty in the other. */
function emptied(before: unknown, after: unknown, at = ''): string[] {
  if (typeof before === 'string') return before !== '' && (after === '' || after === undefined) ? [at] : [];
  if (typeof before !== 'object' || before === null || typeof after !== 'object' || after === null) return [];
  const held: ReadonlyMap<string, unknown> = new Map(Object.entries(after));
  return Object.entries(before).flatMap(([key, value]) => emptied(value, held.get(key), `${at}.${key}`));
}

const RECORDINGS = ['samples', 'test/captures'].flatMap((folder) =>
  readdirSync(folder)
    .filter((name) => name.endsWith('.pcap'))
    .map((name) => `${folder}/${name}`),
);

describe.each(RECORDINGS)('%s', (path) => {
  test('has a valid report with addresses of the ranges only, which tells the same', async () => {
    const report = await reportOn(path);
    const told = anonymous(report);
    expect(schemaErrors(told)).toEqual([]);
    const { summary: _, ...verdict } = told.verdict;
    expect(report.verdict).toMatchObject(verdict);
    const text = JSON.stringify(told);
    expect(text).not.toContain(path);
    // A sentence that nobody writes anew would be gone.
    expect(emptied(report, told)).toEqual([]);
    for (const { client, server } of told.connections) {
      for (const { ip } of [client, server]) {
        const ipv4 = parseIpv4(ip);
        expect(ipv4 === null ? parseIpv6(ip)?.network.toString(16).slice(0, 8) : ipv4 >>> 17).toBe(
          ipv4 === null ? '20010db8' : 0xc612 >>> 1,
        );
      }
    }
    for (const { client, server } of report.connections) {
      for (const { ip } of [client, server]) expect(text).not.toContain(`${ip}:`);
    }
  });
});

test('with a key, another report has the same stand-ins for the same', () => {
  const report = composed(gatewayMute());
  const [c1, ...others] = report.connections;
  if (c1 === undefined) throw new Error('the story has connections');
  const backward = anonymous({ ...report, gateways: [], connections: [...others.toReversed(), c1] }, keyed);
  const told = anonymous(report, keyed);
  expect(backward.connections.at(-1)).toEqual(told.connections[0]);
  expect(told.connections[0]).not.toEqual(anonymous(report).connections[0]);
});

describe.each(['gateway', 'gateway-keepalive', 'gateway-healthy'])('the sample %s', (sample) => {
  test('is the golden text', async () => {
    const [text] = await inAllFormats(anonymous(await reportOn(`samples/${sample}.pcap`)));
    await expect(text).toMatchFileSnapshot(`../golden/sample-${sample}-anonymous.txt`);
  });
});

test('what was planted is the golden text', async () => {
  const [text] = await inAllFormats(anonymous(planted()));
  await expect(text).toMatchFileSnapshot('../golden/planted-anonymous.txt');
});
