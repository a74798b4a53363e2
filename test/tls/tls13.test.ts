import { describe, expect, test } from 'vitest';
import { KeyLog, TlsPass } from '../../src/tls/index.ts';
import { concat } from '../build/h2.ts';
import { latin1 } from '../build/hpack.ts';
import { liveBytes } from '../build/live-bytes.ts';
import {
  APPLICATION_DATA,
  CHANGE_CIPHER_SPEC,
  clientHello,
  encryptedExtensions,
  END_OF_EARLY_DATA,
  FINISHED,
  HANDSHAKE,
  keyLine,
  retryRequest,
  Sealer,
  serverHello,
} from '../build/tls13.ts';
import { Stage } from './stage.ts';

const RANDOM = new Uint8Array(32).fill(1);
const SECRETS = {
  CLIENT_EARLY_TRAFFIC_SECRET: new Uint8Array(32).fill(0xe0),
  CLIENT_HANDSHAKE_TRAFFIC_SECRET: new Uint8Array(32).fill(0xc1),
  SERVER_HANDSHAKE_TRAFFIC_SECRET: new Uint8Array(32).fill(0xc2),
  CLIENT_TRAFFIC_SECRET_0: new Uint8Array(32).fill(0xc3),
  SERVER_TRAFFIC_SECRET_0: new Uint8Array(32).fill(0xc4),
} as const;
type Label = keyof typeof SECRETS;
const LABELS = Object.keys(SECRETS) as Label[];

function keyLog(...labels: readonly Label[]): string {
  return labels.map((label) => keyLine(label, RANDOM, SECRETS[label])).join('');
}

function says(sealer: Sealer, text: string, padding = 0): Uint8Array {
  return sealer.seal(APPLICATION_DATA, latin1(text), padding);
}

interface Play {
  readonly early?: readonly string[];
  readonly isAccepted?: boolean;
  readonly isRetried?: boolean;
}

/** A handshake up to both Finished. @returns it as bytes of each side, in order, and who seals what comes then */
function handshake({ early = [], isAccepted = false, isRetried = false }: Play = {}): {
  readonly sent: (readonly [0 | 1, Uint8Array])[];
  readonly client: Sealer;
  readonly server: Sealer;
} {
  const before = new Sealer(SECRETS.CLIENT_EARLY_TRAFFIC_SECRET);
  const client = new Sealer(SECRETS.CLIENT_HANDSHAKE_TRAFFIC_SECRET);
  const server = new Sealer(SECRETS.SERVER_HANDSHAKE_TRAFFIC_SECRET);
  const sent: (readonly [0 | 1, Uint8Array])[] = [
    [0, concat(clientHello(RANDOM, early.length > 0), CHANGE_CIPHER_SPEC, ...early.map((text) => says(before, text)))],
  ];
  if (isRetried) {
    sent.push([1, concat(retryRequest(), CHANGE_CIPHER_SPEC)]);
    sent.push([0, clientHello(RANDOM, false)]);
  }
  sent.push([1, concat(serverHello(isAccepted), CHANGE_CIPHER_SPEC)]);
  sent.push([1, server.seal(HANDSHAKE, concat(encryptedExtensions(isAccepted), FINISHED))]);
  if (isAccepted) sent.push([0, before.seal(HANDSHAKE, END_OF_EARLY_DATA)]);
  sent.push([0, client.seal(HANDSHAKE, FINISHED)]);
  return {
    sent,
    client: new Sealer(SECRETS.CLIENT_TRAFFIC_SECRET_0),
    server: new Sealer(SECRETS.SERVER_TRAFFIC_SECRET_0),
  };
}

function play(keys: string, sent: readonly (readonly [0 | 1, Uint8Array])[]): Stage {
  const stage = new Stage(keys);
  for (const [side, bytes] of sent) stage.send(side, bytes);
  return stage;
}

describe('KeyUpdate', () => {
  test('of either side, again and again, and padded records between', () => {
    const { sent, ...sealers } = handshake();
    let { client, server } = sealers;
    for (let round = 0; round < 3; round++) {
      sent.push([0, says(client, `ask ${round} `, 40)], [1, says(server, `answer ${round} `)]);
      const [update, next] = client.updateKeys();
      client = next;
      sent.push([0, update]);
      if (round !== 1) continue;
      const [ofServer, then] = server.updateKeys();
      server = then;
      sent.push([1, ofServer]);
    }
    const stage = play(keyLog(...LABELS), sent);
    expect(stage.said).toEqual(['ask 0 ask 1 ask 2 ', 'answer 0 answer 1 answer 2 ']);
    expect(stage.facts?.keys).toBe('used');
  });
});

test('RFC 8446 §4.6.2: a client that says later who it is sends a Finished that changes no keys', () => {
  const { sent, client, server } = handshake();
  sent.push(
    [0, says(client, 'one ')],
    [0, client.seal(HANDSHAKE, FINISHED)],
    [0, says(client, 'two')],
    [1, says(server, 'yes')],
  );
  const stage = play(keyLog(...LABELS), sent);
  expect([stage.said, stage.gaps, stage.facts?.keys]).toEqual([['one two', 'yes'], [], 'used']);
});

describe('early data', () => {
  const early = ['first ', 'second '];

  test('are read where their secret is given, whatever suite they are under', () => {
    const { sent, client } = handshake({ early, isAccepted: true });
    const stage = play(keyLog(...LABELS), [...sent, [0, says(client, 'third')]]);
    expect([stage.said[0], stage.gaps, stage.facts?.keys]).toEqual(['first second third', [], 'used']);
  });

  test('that the server did not take are followed by a gap: they are said again', () => {
    for (const more of [{ isAccepted: false }, { isRetried: true }]) {
      const { sent, client } = handshake({ early, ...more });
      const stage = play(keyLog(...LABELS), [...sent, [0, says(client, 'again')]]);
      expect([stage.said[0], stage.gaps]).toEqual(['first second again', [0]]);
    }
  });

  test('without their secret are missing, and what follows them is read', () => {
    const { sent, client } = handshake({ early, isAccepted: true });
    const others = LABELS.filter((label) => label !== 'CLIENT_EARLY_TRAFFIC_SECRET');
    const stage = play(keyLog(...others), [...sent, [0, says(client, 'third')]]);
    expect([stage.said[0], stage.gaps]).toEqual(['third', [0]]);
  });
});

describe('a key log that lacks some secrets', () => {
  function playWith(...labels: readonly Label[]): Stage {
    const { sent, client, server } = handshake();
    return play(keyLog(...labels), [...sent, [0, says(client, 'ask')], [1, says(server, 'answer')]]);
  }

  test("the handshake's: what follows the handshake is read", () => {
    const { said, facts } = playWith('CLIENT_TRAFFIC_SECRET_0', 'SERVER_TRAFFIC_SECRET_0');
    expect([said, facts?.keys]).toEqual([['ask', 'answer'], 'used']);
  });

  test("one side's: the other is read, and the keys are partial", () => {
    const { said, gaps, facts } = playWith('SERVER_HANDSHAKE_TRAFFIC_SECRET', 'SERVER_TRAFFIC_SECRET_0');
    expect([said, gaps, facts?.keys]).toEqual([['', 'answer'], [0], 'partial']);
  });

  test('what follows the handshake: nothing is read, and the keys are partial', () => {
    const { said, gaps, facts } = playWith('CLIENT_HANDSHAKE_TRAFFIC_SECRET', 'SERVER_HANDSHAKE_TRAFFIC_SECRET');
    expect([said, gaps.toSorted(), facts?.keys]).toEqual([['', ''], [0, 1], 'partial']);
  });

  test('a wrong secret: nothing is read, and the keys are wrong', () => {
    const { sent, client, server } = handshake();
    const bad = LABELS.map((label) => keyLine(label, RANDOM, new Uint8Array(32).fill(0x55))).join('');
    const stage = play(bad, [...sent, [0, says(client, 'ask')], [1, says(server, 'answer')]]);
    expect([stage.said, stage.facts?.keys]).toEqual([['', ''], 'wrong']);
  });
});

describe('TLS that begins in a conversation', () => {
  const hello = 'CONNECT kubernetes:443 HTTP/1.1\r\n\r\n';
  const agreed = 'HTTP/1.1 200 OK\r\n\r\n';

  test('behind a CONNECT is read with its secrets', () => {
    const { sent, client, server } = handshake();
    const stage = play(keyLog(...LABELS), [
      [0, latin1(hello)],
      [1, latin1(agreed)],
      ...sent,
      [0, says(client, 'ask')],
      [1, says(server, 'answer')],
    ]);
    expect(stage.said).toEqual([`${hello}ask`, `${agreed}answer`]);
    expect(stage.isDecrypted).toBe(true);
  });

  test('without them passes as it is', () => {
    const { sent } = handshake();
    const stage = play(keyLine('CLIENT_RANDOM', new Uint8Array(32), new Uint8Array(48)), [
      [0, latin1(hello)],
      [1, latin1(agreed)],
      ...sent,
    ]);
    const bytes = sent.filter(([side]) => side === 0).flatMap(([, each]) => [...each]);
    expect(stage.said[0]).toBe(hello + String.fromCharCode(...bytes));
  });
});

describe('where the order or a part of the records is not that of the connection', () => {
  test('a KeyUpdate among what is missing is found by trying', () => {
    const { sent, client } = handshake();
    const [update, next] = client.updateKeys();
    const missing = concat(says(client, 'lost'), update, says(next, 'lost'));
    const stage = play(keyLog(...LABELS), [...sent, [0, says(next, 'one')]]);
    expect(stage.said[0]).toBe('');
    stage.pass.gap(0, 0, missing.length);
    const [again, last] = next.updateKeys();
    stage.send(0, concat(says(next, 'two'), again, says(last, 'three')));
    expect(stage.said[0]).toBe('twothree');
  });

  test('what a client says is read on where some of it was captured before the hello that it answers', () => {
    const { sent, client, server } = handshake();
    const ofClient = [...sent.slice(-1), [0, says(client, 'ask')] as const];
    const stage = play(keyLog(...LABELS), [...sent.slice(0, 1), ...ofClient, ...sent.slice(1, -1)]);
    stage.send(1, says(server, 'yes')).send(0, says(client, 'more'));
    expect(stage.said).toEqual(['more', 'yes']);
    expect(stage.gaps).toEqual([0]);
  });

  test('an alert in clear behind the hellos is no record that does not open (RFC 8446 §5.2)', () => {
    const { sent, server } = handshake();
    const alert = Uint8Array.of(21, 3, 3, 0, 2, 2, 70);
    const stage = play(keyLog(...LABELS), [...sent.slice(0, -1), [0, alert], [1, says(server, 'yes')]]);
    expect([stage.said, stage.gaps, stage.facts?.keys]).toEqual([['', 'yes'], [], 'used']);
  });
});

test('records behind many gaps cost a bounded number of trials, and cost what lies behind them after that', () => {
  const { sent, client } = handshake();
  const stage = play(keyLog(...LABELS), [...sent, [0, says(client, 'ask')]]);
  const garbage = concat(Uint8Array.of(APPLICATION_DATA, 3, 3, 0, 17), new Uint8Array(17));
  for (let i = 0; i < 600; i++) {
    stage.pass.gap(0, 0, 100);
    stage.send(0, garbage).send(0, garbage).send(0, says(client, '.'));
  }
  expect(stage.said[0]).toBe(`ask${'.'.repeat(600)}`);
  expect([stage.pass.refused, stage.pass.refusedTrials > 0]).toEqual([0, true]);
  says(client, 'lost');
  stage.pass.gap(0, 0, 100);
  expect(stage.send(0, says(client, 'behind')).said[0]).not.toContain('behind');
});

test('connections that begin like a hello and never end it take no more than their share', () => {
  const keys = new KeyLog();
  keys.add(keyLog(...LABELS));
  let told = 0;
  const pass = new TlsPass(keys, {
    bytes: (_connection, _side, _view, at, end) => (told += end - at),
    gap: () => undefined,
    decrypted: () => undefined,
  });
  const start = Uint8Array.of(22, 3, 1, 0x20, 0, 1, 0, 0x1f, 0xfc, 3, 3, ...new Uint8Array(4000));
  const count = 60_000;
  const before = liveBytes();
  for (let connection = 0; connection < count; connection++) {
    pass.opened(connection);
    pass.bytes(connection, 0, new DataView(start.buffer), 0, start.length);
  }
  expect(pass.refused).toBeGreaterThan(1000);
  // What found no room is passed on.
  expect(told).toBeGreaterThan(1000 * start.length);
  expect(count * start.length - told).toBeLessThanOrEqual(32 * 2 ** 20);
  // All of them would be 230 MiB, besides what each connection takes.
  expect(liveBytes() - before).toBeLessThan(180 * 2 ** 20);
  for (let connection = 0; connection < count; connection++) pass.closed(connection);
  const { refused } = pass;
  pass.opened(0);
  pass.bytes(0, 0, new DataView(start.buffer), 0, start.length);
  expect(pass.refused).toBe(refused);
});
