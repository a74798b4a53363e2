import { describe, expect, test } from 'vitest';
import { buildIncident } from '../../src/incident/index.ts';
import { type FormatName, FORMATS, type Report } from '../../src/report/index.ts';
import { composeReport } from '../build/reports.ts';
import { trace } from '../build/trace.ts';
import { capture } from './incident-builder.ts';

const EDGE_TO_INNER = '10.9.0.2:40001';
const INNER = '10.9.0.3:80';

function literal(text: string): string {
  return text.replaceAll('.', '\\.');
}

/** client > edge > inner > apiserver, which dies: the connection between the two gateways is upstream of one and client of the other. */
function report(): Report {
  const incident = buildIncident(
    trace()
      .client('c1', { from: '10.9.1.2:50001', to: '10.9.0.2:80' })
      .watch(1, { at: 1 })
      .upstream('edge', { from: EDGE_TO_INNER, to: INNER })
      .carries(1, 3)
      .pings(30, 60, 90)
      .upstream('inner', { from: '10.9.0.3:40002', to: '10.9.2.2:8080' })
      .carries(3, 5, { of: 'edge' })
      .retransmits(10, 20, 40)
      .end(600),
  );
  return composeReport(incident, capture(600), '1.0.0');
}

describe('in a row of gateways the client of a window', () => {
  const told = report();

  test('is named by the end that asks, and the other one is the gateway', () => {
    expect(told.windows).toMatchObject([{ client: 'u1', upstream: 'u2' }]);
    expect(told.verdict.summary).toContain(`The gateway kept client ${EDGE_TO_INNER} connected`);
    expect(told.windows[0]?.story).toContain(`the client's connection u1 (${EDGE_TO_INNER}) stayed up`);
    expect(told.nextSteps[0]?.text).toContain(`if ${EDGE_TO_INNER} still hangs`);
    expect(told.findings.find(({ code }) => code === 'ping-answered-by-gateway')?.title).toContain(
      `u1 (${EDGE_TO_INNER}): the gateway answered 3 PINGs of the client`,
    );
    expect(told.windows[0]?.evidence.filter(({ connection }) => connection === 'u1').map(({ text }) => text)).toEqual(
      expect.arrayContaining(['PING by the client', 'PING answered by the gateway']),
    );
  });

  test.each(['text', 'markdown', 'html'] as const)('so in %s, wherever a window names it', async (format) => {
    const written = [...(await render(format))].join('').replace(/[`\\]/g, '');
    expect(written).toMatch(new RegExp(`client u1 [(]?${literal(EDGE_TO_INNER)}`));
    expect(written).not.toMatch(new RegExp(`client u1 [(]?${literal(INNER)}`));
    expect(written).not.toMatch(/PING by the gateway|PING answered by the upstream/);
  });

  test('and under its lane in the picture that the text draws', async () => {
    const lines = [...(await render('text'))].join('').split('\n');
    const lane = lines.findIndex((line) => line.startsWith('  client u1'));
    expect(lines[lane + 1]).toContain(EDGE_TO_INNER);
  });

  async function render(format: FormatName): Promise<Iterable<string>> {
    const written = await FORMATS[format].load();
    return written(told, { width: 200, color: false, unicode: true, only: [], detail: 'usual' });
  }

  test('and is still the upstream of the gateway before it', () => {
    expect(told.connections.find(({ id }) => id === 'u1')).toMatchObject({ role: 'upstream' });
  });
});
