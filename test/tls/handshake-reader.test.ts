import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Budget } from '../../src/tls/budget.ts';
import { HandshakeReader } from '../../src/tls/handshake-reader.ts';

const WANTED = 1;
const ROOM = new Budget(2 ** 20);

function message(type: number, body: Uint8Array): Uint8Array {
  return Uint8Array.from([type, body.length >> 16, (body.length >> 8) & 0xff, body.length & 0xff, ...body]);
}

const anyMessage = fc.record({
  type: fc.constantFrom(WANTED, 11),
  body: fc.uint8Array({ maxLength: 300 }),
});

test('however the bytes are cut, the wanted messages that have a body are told whole and in order', () => {
  fc.assert(
    fc.property(fc.array(anyMessage, { maxLength: 6 }), fc.integer({ min: 1, max: 400 }), (messages, pieceBytes) => {
      const bytes = Uint8Array.from(messages.flatMap(({ type, body }) => [...message(type, body)]));
      const told: number[][] = [];
      const reader = new HandshakeReader((type) => type === WANTED, ROOM);
      for (let at = 0; at < bytes.length; at += pieceBytes) {
        reader.read(bytes.subarray(at, at + pieceBytes), (_, body) => told.push([...body]));
      }
      const expected = messages.filter(({ type, body }) => type === WANTED && body.length > 0);
      expect(told).toEqual(expected.map(({ body }) => [...body]));
    }),
  );
});

test('a wanted message longer than any hello is stepped over, and the next one is told', () => {
  const told: number[] = [];
  const reader = new HandshakeReader(() => true, ROOM);
  reader.read(message(WANTED, new Uint8Array(2 ** 14 + 1)), (type) => told.push(type));
  reader.read(message(2, new Uint8Array(1)), (type) => told.push(type));
  expect(told).toEqual([2]);
});

test('after a restart the next byte begins a message', () => {
  const told: number[] = [];
  const reader = new HandshakeReader(() => true, ROOM);
  reader.read(message(WANTED, new Uint8Array(9)).subarray(0, 8), (type) => told.push(type));
  reader.restart();
  reader.read(message(2, new Uint8Array(1)), (type) => told.push(type));
  expect(told).toEqual([2]);
});
