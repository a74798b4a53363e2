import { expect, test } from 'vitest';
import { LABEL } from '../../src/tcp/index.ts';
import { conversation, type Conversation } from '../build/conversation.ts';

/** Bytes that each side sends in all; every segment has a multiple of four. */
const SENT_BYTES = 44;

/** Most of what TCP does, with numbers counted from each side's initial one. */
function talk(clientIsn: number, serverIsn: number): Conversation {
  const c = conversation({ clientIsn, serverIsn });
  const [mine, theirs] = [clientIsn + 1, serverIsn + 1];
  c.client.syn({ windowShift: 2 }).server.synAck({ windowShift: 2 }).client.acks();
  c.client.sends('abcdefgh').server.acks().server.sends('ABCDEFGH').client.acks();
  // Lost before the capture, asked for three times, and sent again.
  c.at(1).client.sends('ijkl', { hidden: true }).client.sends('mnop').client.sends('qrst');
  for (let n = 0; n < 3; n++) c.server.acks({ ack: mine + 8 });
  c.client.sends('ijkl', { seq: mine + 8 }).server.acks({ ack: mine + 20 });
  // Swapped, sent twice, and overlapping what was sent.
  c.at(2)
    .server.sends('MNOP', { seq: theirs + 12 })
    .server.sends('IJKL', { seq: theirs + 8 });
  c.server.sndNxt = theirs + 16;
  c.client
    .acks({ ack: theirs + 16 })
    .at(3)
    .server.resends('MNOP');
  c.server.sends('EFGHIJKLMNOPQRST', { seq: theirs + 4 });
  c.server.sndNxt = theirs + 20;
  c.client.acks({ ack: theirs + 20 });
  // A window that fills, shuts and is asked for; a keep-alive; bytes that the capture lost.
  c.at(4).server.acks({ window: 2 }).client.sends('uvwxyz01').server.acks({ window: 0 });
  c.client
    .sends('2', { seq: mine + 28 })
    .server.acks()
    .server.acks({ window: 99 });
  c.at(60).client.probes().server.acks();
  c.at(61).server.sends('UVWXYZ01', { hidden: true }).server.sends('2345').client.acks().at(61.1).client.acks();
  c.client.sends('2345').client.sends('6789').client.sends('abcd', { hidden: true }).server.acks();
  c.server.sends('6789abcd').client.acks().server.sends('efgh').client.acks();
  // Half closed, closed, and opened again.
  c.client
    .fin()
    .server.acks()
    .server.fin()
    .client.acks()
    .server.fin({ seq: theirs + SENT_BYTES });
  c.at(70)
    .client.syn({ seq: mine + 100_000 })
    .server.rstAck({ seq: 0, ack: mine + 100_001 });
  return c.finish();
}

const outcome = (c: Conversation) => ({
  told: c.told,
  streams: [c.stream(0), c.stream(1)],
  sent: ([0, 1] as const).map((side) => [
    c.pass.connections.sentOffset(0, side),
    c.pass.connections.ackedOffset(0, side),
    c.pass.connections.retransmissions(0, side),
    c.pass.connections.payloadBytes(0, side),
  ]),
});

const everyBoundary = Array.from({ length: SENT_BYTES + 4 }, (_, n) => n);

test('what is told does not depend on where the numbers begin: 2^31 is crossed at every boundary of either side', () => {
  const plain = outcome(talk(1000, 5000));
  expect(new Set(plain.told.flatMap(({ labels }) => labels)).size).toBe(Object.keys(LABEL).length);
  expect(plain.streams).toEqual([
    'abcdefghijklmnopqrstuvwxyz0123456789',
    'ABCDEFGHIJKLMNOPQRST[gap 8 lost]23456789abcdefgh',
  ]);
  for (const bytes of everyBoundary) {
    expect(outcome(talk(2 ** 31 - bytes, 5000)), `client, ${bytes}`).toEqual(plain);
    expect(outcome(talk(1000, 2 ** 31 - bytes)), `server, ${bytes}`).toEqual(plain);
  }
});

test('2^32 is crossed within every segment of either side; only the number 0 itself means unknown, as it does to Wireshark', () => {
  const plain = outcome(talk(1000, 5000));
  // SYN, FIN, a probe and segments of four bytes: nothing begins or ends there.
  for (const bytes of everyBoundary.filter((n) => n % 4 === 3)) {
    expect(outcome(talk(2 ** 32 - bytes, 5000)), `client, ${bytes}`).toEqual(plain);
    expect(outcome(talk(1000, 2 ** 32 - bytes)), `server, ${bytes}`).toEqual(plain);
    expect(outcome(talk(2 ** 32 - bytes, 2 ** 32 - bytes)), `both, ${bytes}`).toEqual(plain);
  }
});
