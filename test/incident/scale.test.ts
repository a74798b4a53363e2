import { expect, test } from 'vitest';
import { buildIncident, type Incident } from '../../src/incident/index.ts';
import type { Trace } from '../../src/trace/index.ts';
import { costRatio, LINEAR_MAX } from '../build/growth.ts';
import { trace } from '../build/trace.ts';

const UPSTREAMS = 50;

/** One upstream and its clients, each with a watch on it. */
function group(clients: number, isDead: boolean): Trace {
  const built = trace().upstream('u1', { from: '10.9.0.2:20000', to: '10.9.2.2:8080' });
  for (let i = 0; i < clients; i++) {
    const name = `c${i}`;
    built
      .client(name, { from: `10.20.${Math.floor(i / 250)}.${i % 250}:30000`, at: 1 })
      .watch(1, { at: 2 + i / 1_000 });
    built.on('u1').carries(1, 1 + 2 * i, { of: name });
  }
  return (isDead ? built.on('u1').retransmits(100, 110, 130) : built).end(600);
}

/** Many such groups behind one gateway, every second one dead. */
function crowd(clients: number): Trace {
  const groups = [group(clients / UPSTREAMS, true), group(clients / UPSTREAMS, false)] as const;
  const each = groups[0].connections.length;
  const copies = Array.from({ length: UPSTREAMS }, (_, i) => moved(groups[i % 2 === 0 ? 0 : 1], i, i * each));
  return {
    ...groups[0],
    connections: copies.flatMap(({ connections }) => connections),
    streams: copies.flatMap(({ streams }) => streams).map((stream, index) => ({ ...stream, index })),
    joins: copies.flatMap(({ joins }) => joins),
  };
}

/** With other addresses, but the gateway's, and ids from `by` on. */
function moved(group: Trace, nth: number, by: number): Trace {
  const ip = (old: string): string => (old === '10.9.0.2' ? old : old.replace(/^10\.\d+/, `10.${20 + nth}`));
  return {
    ...group,
    connections: group.connections.map((connection) => {
      const [a, b] = connection.endpoints;
      const id = connection.id + by;
      return {
        ...connection,
        id,
        nth: id,
        endpoints: [
          { ...a, ip: ip(a.ip) },
          { ...b, ip: ip(b.ip) },
        ] as const,
      };
    }),
    streams: group.streams.map((stream) => ({
      ...stream,
      connection: stream.connection + by,
      partners: stream.partners.map((partner) => ({ ...partner, connection: partner.connection + by })),
    })),
    joins: group.joins.map((join) => ({ ...join, near: join.near + by, far: join.far + by })),
  };
}

const TIMES = 16;

function timed(built: Trace): { incident: Incident; ms: number } {
  // Of this process alone, whatever else the machine does.
  const begun = process.cpuUsage();
  const incident = buildIncident(built);
  const { user, system } = process.cpuUsage(begun);
  return { incident, ms: (user + system) / 1_000 };
}

test('ten thousand clients of fifty upstreams take less than two seconds, and ten times the clients at most twelve times as long', () => {
  const small = crowd(1_000);
  const large = crowd(10_000);
  timed(small);
  const thousand = Math.min(...Array.from({ length: 5 }, () => timed(small).ms));
  const runs = Array.from({ length: 3 }, () => timed(large));
  const tenThousand = Math.min(...runs.map(({ ms }) => ms));
  const [first] = runs;
  expect(first?.incident).toMatchObject({ verdict: { state: 'half-dead' } });
  expect(first?.incident.windows).toHaveLength(5_000);
  expect(first?.incident.outages).toHaveLength(UPSTREAMS / 2);
  expect(first?.incident.outages[0]).toMatchObject({ clients: 200, streams: 200 });
  console.log(`model: 1,000 clients ${thousand.toFixed(0)} ms, 10,000 clients ${tenThousand.toFixed(0)} ms`);
  expect(tenThousand).toBeLessThan(2_000);
  expect(tenThousand / thousand).toBeLessThan(12);
});

/** Clients of a gateway that each ask for something, and for each an attempt to reach the server that is dead. */
function attempts(clients: number): Trace {
  const built = trace();
  for (let i = 0; i < clients; i++) {
    const at = 2 + i / 10_000;
    built.client(`c${i}`, { from: `10.20.${Math.floor(i / 250)}.${i % 250}:30000`, at: 1 }).list(1, { at });
    built.attempt(`u${i}`, { from: `10.9.0.2:${20_000 + i}`, to: '10.9.2.2:8080', at: at + 0.001 });
    built.sendsSynAgain(at + 1, at + 3, at + 7);
  }
  return built.end(100);
}

test('as many attempts as clients that wait for them take time as they are many, and not as their pairs are', () => {
  const small = attempts(250);
  const large = attempts(250 * TIMES);
  const { incident } = timed(large);
  // Each client waits for the first attempt that could have been for it.
  expect(incident.windows).toHaveLength(250 * TIMES);
  expect(incident.links).toHaveLength(250 * TIMES);
  const ratio = costRatio(
    () => buildIncident(large),
    () => buildIncident(small),
  );
  console.log(`model: ${TIMES} times the attempts take ${ratio.toFixed(1)} times as long`);
  expect(ratio).toBeLessThan(LINEAR_MAX);
});

/** One client whose watches hang on a dead upstream, and that asks for each of them again when it was told. */
function relisting(streams: number): Trace {
  const built = trace().client('c1').upstream('u1').on('c1');
  const path = (i: number): string => `/api/v1/namespaces/ns-${i}/pods`;
  for (let i = 0; i < streams; i++)
    built.on('c1').request(1 + 2 * i, { at: 1 + i / streams, path: `${path(i)}?watch=1` });
  for (let i = 0; i < streams; i++) built.on('u1').carries(1 + 2 * i, 1 + 2 * i);
  built.on('u1').retransmits(10, 20, 40).closes('rst', 'gateway', 92);
  for (let i = 0; i < streams; i++) built.on('c1').resetsStream(1 + 2 * i, 'gateway', 92.1);
  for (let i = 0; i < streams; i++) {
    const id = 1 + 2 * (streams + i);
    built.request(id, { at: 93 + i / streams, path: path(i) }).answers(id, 200, 94.5);
  }
  return built.end(600);
}

/** Pairs of connections that cannot be read, and on which bursts leave as they came. */
function bursting(pairs: number): Trace {
  const built = trace();
  for (let i = 0; i < pairs; i++) {
    built.client(`c${i}`, { from: `10.20.${Math.floor(i / 250)}.${i % 250}:30000` }).speaks('client', 2, 3);
    built.upstream(`u${i}`, { from: `10.9.0.2:${1_000 + i}` }).speaks('gateway', 2.001, 3.001);
  }
  const told = built.end(60);
  const [first] = told.connections;
  const at = first?.first ?? { file: 0, packet: 1, timeNs: 0 };
  const burstJoins = Array.from({ length: pairs }, (_, i) => ({
    from: 2 * i,
    to: 2 * i + 1,
    receiver: 1 as const,
    sender: 0 as const,
    matched: 20,
    anew: 20,
    control: 0,
    bursts: 25,
    received: 25,
    first: at,
    last: at,
    events: null,
  }));
  return { ...told, burstJoins };
}

/** Gateways that each accept one connection and open another. */
function gateways(count: number): Trace {
  const built = trace();
  for (let i = 0; i < count; i++) {
    const gateway = `10.30.${Math.floor(i / 250)}.${i % 250}`;
    built.client(`c${i}`, { from: '10.9.1.2:30000', to: `${gateway}:80` }).list(1, { at: 2 });
    built.upstream(`u${i}`, { from: `${gateway}:20000` }).carries(1, 1);
  }
  return built.end(60);
}

test.each([
  ['lost streams and the requests that recovered them', relisting, 250],
  ['pairs linked by bursts', bursting, 250],
  ['gateways', gateways, 250],
] as const)('sixteen times the %s take time as they are many, and not as their pairs are', (name, made, count) => {
  const small = made(count);
  const { incident } = timed(small);
  if (made === relisting) {
    expect(incident.windows[0]?.streams).toHaveLength(count);
    expect(incident.windows[0]?.streams.every(({ id, recoveredBy }) => recoveredBy?.stream.id === id + 2 * count)).toBe(
      true,
    );
  }
  if (made === bursting) expect(incident.links).toHaveLength(count);
  if (made === gateways) expect(incident.gateways).toHaveLength(count);
  const large = made(count * TIMES);
  const ratio = costRatio(
    () => buildIncident(large),
    () => buildIncident(small),
  );
  console.log(`model: ${TIMES} times the ${name} take ${ratio.toFixed(1)} times as long`);
  expect(ratio).toBeLessThan(LINEAR_MAX);
});
