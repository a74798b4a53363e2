import { describe, expect, test } from 'vitest';
import {
  buildIncident,
  DEFAULT_THRESHOLDS,
  NO_HINTS,
  type Incident,
  type RoleHints,
} from '../../src/incident/index.ts';
import type { Trace } from '../../src/trace/index.ts';
import { trace } from '../build/trace.ts';
import { told, watching } from './stories.ts';

function cast(incident: Incident): Record<string, string> {
  return Object.fromEntries(
    incident.connections.map(({ id, trace: { endpoints } }) => [
      id,
      endpoints.map(({ ip, port }) => `${ip}:${port}`).join(' > '),
    ]),
  );
}

describe('who is the gateway', () => {
  test('the host that accepts connections and opens others', () => {
    const incident = buildIncident(watching().end(600));
    expect(incident.gateways).toEqual([{ addresses: ['10.9.0.2'], how: 'both-sides' }]);
    expect(cast(incident)).toEqual({ c1: '10.9.1.2:50001 > 10.9.0.2:80', u1: '10.9.0.2:40001 > 10.9.2.2:8080' });
  });

  test('two addresses are one gateway where requests received on one leave by the other', () => {
    const built = trace()
      .client('c1', { to: '10.9.0.2:80' })
      .watch(7, { at: 1 })
      .upstream('u1', { from: '10.9.5.2:40001' })
      .carries(7, 3, { method: 'request-id' })
      .end(600);
    expect(buildIncident(built).gateways).toEqual([{ addresses: ['10.9.0.2', '10.9.5.2'], how: 'joins' }]);
  });

  test('a single like request is chance, a second one is not', () => {
    const one = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .list(9, { at: 2 })
      .upstream('u1', { from: '10.9.5.2:40001' })
      .carries(7, 3);
    expect(buildIncident(one.end(600)).gateways).toEqual([]);
    const two = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .list(9, { at: 2 })
      .upstream('u1', { from: '10.9.5.2:40001' })
      .carries(7, 3)
      .carries(9, 5);
    expect(buildIncident(two.end(600)).gateways).toMatchObject([{ how: 'joins' }]);
  });

  test('what one host asks of two others is passed on by neither', () => {
    const built = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .list(9, { at: 2 })
      .upstream('u1', { from: '10.9.1.2:40001', to: '10.9.2.2:8080' })
      .carries(7, 3)
      .carries(9, 5);
    expect(buildIncident(built.end(600)).gateways).toEqual([]);
  });

  test('of what two connections seem to pass on to each other, what fewer streams say is no sign of a gateway', () => {
    const built = trace()
      .client('c1')
      .watch(7, { at: 1 })
      .list(9, { at: 2 })
      .list(11, { at: 3 })
      .upstream('u1', { from: '10.9.5.2:40001' })
      .carries(7, 3)
      .carries(9, 5)
      .carries(11, 7)
      .end(600);
    const [join] = built.joins;
    if (join === undefined) throw new Error('nothing was passed on');
    const back = (streams: number): Trace => ({
      ...built,
      joins: [join, { ...join, near: join.far, far: join.near, streams, unambiguous: streams }],
    });
    const gateways = (told: Trace): readonly string[][] =>
      buildIncident(told).gateways.map(({ addresses }) => [...addresses]);
    expect(gateways(back(2))).toEqual([['10.9.0.2', '10.9.5.2']]);
    expect(gateways(back(4))).toEqual([['10.9.1.2', '10.9.2.2']]);
  });

  test('two addresses are one where the capture says that both are its own host', () => {
    const built = trace()
      .client('c1', { to: '10.9.0.2:80' })
      .watch(7, { at: 1 })
      .with({ localSide: 1 })
      .upstream('u1', { from: '10.9.5.2:40001' })
      .with({ localSide: 0 })
      .end(600);
    expect(buildIncident(built).gateways).toEqual([{ addresses: ['10.9.0.2', '10.9.5.2'], how: 'capturing-host' }]);
  });

  test('the addresses of clients and upstreams are never a gateway’s', () => {
    const built = trace().client('c1').watch(7, { at: 1 }).client('c2', { from: '10.9.1.3:50002' }).end(600);
    const incident = buildIncident(built);
    expect(incident.gateways).toEqual([]);
    expect(incident.connections.map(({ role }) => role)).toEqual(['other', 'other']);
  });

  test('an ssh session from the same host makes nobody a gateway', () => {
    const built = trace()
      .client('c1', { from: '10.9.1.2:50001', to: '10.9.0.2:22' })
      .with({ protocol: 'unknown' })
      .upstream('u1')
      .end(600);
    expect(buildIncident(built).gateways).toEqual([]);
  });

  test('a connection that was joined in its middle may be a leg though nothing in it could be read', () => {
    const built = trace()
      .client('c1', { midway: true })
      .with({ protocol: 'unknown' })
      .upstream('u1', { midway: true })
      .with({ protocol: 'unknown' })
      .end(600);
    expect(buildIncident(built).connections.map(({ role }) => role)).toEqual(['client', 'upstream']);
  });
});

describe('gateways in a row', () => {
  /** client > edge > inner > apiserver */
  const chain = trace()
    .client('c1', { from: '10.9.1.2:50001', to: '10.9.0.2:80' })
    .watch(1, { at: 1 })
    .upstream('edge', { from: '10.9.0.2:40001', to: '10.9.0.3:80' })
    .carries(1, 3)
    .upstream('inner', { from: '10.9.0.3:40002', to: '10.9.2.2:8080' })
    .carries(3, 5, { of: 'edge' });

  test('a connection between two of them is named for the one that opened it', () => {
    expect(buildIncident(chain.end(600)).connections.map(({ role }) => role)).toEqual([
      'client',
      'upstream',
      'upstream',
    ]);
  });

  test('a death behind the second hurts the connection between the two', () => {
    const incident = buildIncident(chain.on('inner').retransmits(10, 20, 40).end(600));
    expect(incident.gateways.map(({ addresses }) => addresses)).toEqual([['10.9.0.2'], ['10.9.0.3']]);
    expect(incident.windows).toMatchObject([{ client: 'u1', upstream: 'u2', cause: 'peer-silent' }]);
  });
});

test('a sidecar: client, gateway and upstream are one host, and only what was passed on tells the legs apart', () => {
  const built = trace()
    .client('c1', { from: '127.0.0.1:50001', to: '127.0.0.1:15001' })
    .watch(7, { at: 1 })
    .upstream('u1', { from: '127.0.0.1:40001', to: '127.0.0.1:8080' })
    .carries(7, 3)
    .retransmits(10, 20, 40)
    .end(600);
  const incident = buildIncident(built);
  expect(incident.connections.map(({ role }) => role)).toEqual(['client', 'upstream']);
  expect(incident.windows).toHaveLength(1);
});

test('a client beside its gateway asks it over loopback, which is the capturing host’s own address', () => {
  const built = trace()
    .client('c1', { from: '127.0.0.1:50001', to: '127.0.0.1:80' })
    .watch(7, { at: 1 })
    .upstream('u1', { from: '10.9.2.1:40001', to: '10.9.2.2:8080' })
    .with({ localSide: 0 })
    .carries(7, 3)
    .retransmits(10, 20, 40);
  const incident = buildIncident(built.end(600));
  expect(incident.gateways.map(({ addresses }) => addresses)).toEqual([['10.9.2.1', '127.0.0.1']]);
  expect(told(incident)).toEqual(['c1/u1 peer-silent 9.8- capture-end']);
});

test('servers beside the gateway are asked at loopback addresses that are not its own', () => {
  const built = trace()
    .client('c1', { from: '10.9.1.2:50001', to: '10.9.2.1:80' })
    .with({ localSide: 1 })
    .watch(7, { at: 1 })
    .upstream('u1', { from: '127.0.0.1:40001', to: '127.0.0.2:8081' })
    .carries(7, 3)
    .retransmits(10, 20, 40);
  const incident = buildIncident(built.end(600));
  expect(incident.gateways.map(({ addresses }) => addresses)).toEqual([['10.9.2.1', '127.0.0.1']]);
  expect(told(incident)).toEqual(['c1/u1 peer-silent 9.8- capture-end']);
});

describe('one side of the gateway is all there is', () => {
  const upstreamOnly = (): Trace =>
    trace().upstream('u1').request(3).answers(3, 200, 1).events(3, 5).retransmits(10, 20, 40).end(600);

  test('without a word about it nobody is the gateway', () => {
    const incident = buildIncident(upstreamOnly());
    expect(incident.gateways).toEqual([]);
    expect(incident.verdict).toMatchObject({ state: 'inconclusive', reason: { kind: 'no-gateway' } });
  });

  test.each([
    ["the upstreams' port", { upstreamPort: 8080 }],
    ['its address', { gateways: ['10.9.0.2'] }],
  ])('told %s, the death of an upstream is found, and that whom it hurt is not', (_, hint) => {
    const incident = buildIncident(upstreamOnly(), DEFAULT_THRESHOLDS, { ...NO_HINTS, ...hint });
    expect(incident.gateways).toEqual([{ addresses: ['10.9.0.2'], how: 'told' }]);
    expect(cast(incident)).toEqual({ u1: '10.9.0.2:40001 > 10.9.2.2:8080' });
    expect(incident.verdict).toMatchObject({
      state: 'suspect',
      reason: { kind: 'dead-upstream-unlinked', connection: 'u1' },
    });
  });

  test("told the clients' port, the missing upstreams are the reason", () => {
    const built = trace().client('c1').watch(7, { at: 1 }).answers(7, 200, 1.1).end(600);
    const incident = buildIncident(built, DEFAULT_THRESHOLDS, { ...NO_HINTS, clientPort: 80 });
    expect(cast(incident)).toEqual({ c1: '10.9.1.2:50001 > 10.9.0.2:80' });
    expect(incident.verdict).toMatchObject({ state: 'inconclusive', reason: { kind: 'no-upstream-leg' } });
  });

  test('what is told of another port changes nothing', () => {
    const incident = buildIncident(upstreamOnly(), DEFAULT_THRESHOLDS, { ...NO_HINTS, upstreamPort: 9090 });
    expect(incident.gateways).toEqual([]);
  });
});

describe('what is said of a gateway that the capture shows whole', () => {
  const whole = trace().client('c1').watch(7, { at: 1 }).upstream('u1').carries(7, 3).events(3, 5, 15, 25).end(30);
  const reasonWith = (hints: Partial<RoleHints>): unknown =>
    buildIncident(whole, DEFAULT_THRESHOLDS, { ...NO_HINTS, ...hints }).verdict.reason;

  test.each([
    ['another address', { gateways: ['10.9.9.9'] }, 0, 0],
    ["an upstream's address", { gateways: ['10.9.2.2'] }, 0, 0],
    ["a client's address", { gateways: ['10.9.1.2'] }, 0, 0],
    ["another port of the clients'", { clientPort: 81 }, 0, 1],
    ["another port of the upstreams'", { upstreamPort: 9090 }, 1, 0],
  ])('and is not so, %s, is the reason why nothing can be told', (_, hints, clients, upstreams) => {
    expect(reasonWith(hints)).toEqual({ kind: 'hints-unfit', clients, upstreams });
  });

  test.each([{}, { gateways: ['10.9.0.2'] }, { clientPort: 80, upstreamPort: 8080 }])(
    'and is so, is none: %o',
    (hints) => {
      expect(reasonWith(hints)).toMatchObject({ kind: 'no-window' });
    },
  );
});

test('a sidecar to which the client is redirected: its requests and their answers have two names, and are one connection', () => {
  const built = trace()
    .client('asks', { from: '10.9.2.1:50001', to: '127.0.0.1:15001' })
    .watch(7, { at: 1 })
    .unseen('gateway')
    .with({ localSide: 'both' })
    .upstream('carries', { from: '10.9.2.1:40001', to: '10.9.2.2:8080' })
    .carries(7, 3, { of: 'asks' })
    .answers(3, 200, 1.1)
    .retransmits(10, 20, 40)
    .with({ localSide: 0 })
    .client('answers', { at: 0.000_01, from: '10.9.2.1:50001', to: '10.9.9.9:9999' })
    .watch(7, { at: 1 })
    .unseen('client');
  const incident = buildIncident(built.end(600));
  expect(told(incident)).toEqual(['c1/u1 peer-silent 9.8- capture-end']);
  const [client] = incident.connections.filter(({ role }) => role === 'client');
  expect(client?.seenAs).toMatchObject([{ endpoints: [{ ip: '10.9.2.1' }, { ip: '10.9.9.9', port: 9999 }] }]);
  expect(incident.connections).toHaveLength(2);
});
