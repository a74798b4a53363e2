import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { Segment } from '../../src/decode/index.ts';
import { TcpPass } from '../../src/tcp/index.ts';
import { runs } from '../build/runs.ts';

const VIEW = new DataView(new ArrayBuffer(64));

/** Numbers near each other and near the corners, so that windows overlap and wraps are met. */
const anySeq = fc.oneof(
  fc.integer({ min: -80, max: 80 }),
  fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, 2 ** 30, -(2 ** 30), 2 ** 26, -(2 ** 26)),
  fc.integer(),
);

const anySegment = fc.record({
  src3: fc.constantFrom(1, 2),
  dst3: fc.constantFrom(1, 2),
  srcPort: fc.constantFrom(7, 8),
  dstPort: fc.constantFrom(7, 8),
  flags: fc.integer({ min: 0, max: 255 }),
  seq: anySeq,
  ack: anySeq,
  window: fc.constantFrom(0, 1, 65_535),
  windowShift: fc.constantFrom(-1, 0, 14, 255),
  payloadBytes: fc.constantFrom(0, 1, 2, 40, 70_000),
  captured: fc.integer({ min: 0, max: 64 }),
  ns: fc.integer({ min: -(10 ** 10), max: 10 ** 11 }),
});

test('no segments throw, and what is told stays well formed', () => {
  fc.assert(
    fc.property(fc.array(anySegment, { maxLength: 60 }), (shapes) => {
      const moment = new Moment();
      let told = 0;
      const pass = new TcpPass(
        moment,
        {
          opened: (connection) => expect(connection).toBeLessThan(pass.connections.count),
          segment: () => told++,
          bytes: (_connection, _side, view, at, end) => {
            expect(at).toBeLessThan(end);
            expect(end).toBeLessThanOrEqual(view.byteLength);
          },
          gap: (_connection, _side, lostBytes) => expect(lostBytes).toBeGreaterThan(0),
        },
        { heldNodesMax: 5 },
      );
      for (const { captured, ns, ...shape } of shapes) {
        moment.packet++;
        moment.ns[0] = ns;
        pass.segment(Object.assign(new Segment(), shape, { payloadEnd: Math.min(captured, shape.payloadBytes) }), VIEW);
      }
      pass.finish();
      expect(told).toBe(shapes.length);
      for (let connection = 0; connection < pass.connections.count; connection++)
        for (const side of [0, 1] as const)
          expect(Number.isFinite(pass.connections.bytesInFlight(connection, side))).toBe(true);
    }),
    { numRuns: runs(2000) },
  );
});
