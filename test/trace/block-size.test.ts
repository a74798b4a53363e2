import fc from 'fast-check';
import { expect, test } from 'vitest';
import { openSource, readCapture } from '../../src/capture/index.ts';
import { WirePass } from '../../src/cli/wire-pass.ts';
import type { Trace } from '../../src/trace/index.ts';

const MIB = 1024 * 1024;
const SAMPLES = ['samples/gateway.pcap', 'samples/gateway-keepalive.pcap', 'samples/gateway-healthy.pcap'];

/** A trace as plain data, marks included. */
function traceOf(path: string, blockBytes: number): unknown {
  const pass = new WirePass();
  readCapture(openSource(path), (batch) => pass.consume(batch), { blockBytes });
  const trace: Trace = pass.finish();
  return { ...trace, connections: trace.connections.map((connection) => ({ ...connection, marks: connection.marks })) };
}

test.each(SAMPLES)('%s gives the same trace whatever is read at once, from one byte to 16 MB', (path) => {
  const whole = traceOf(path, 16 * MIB);
  for (const blockBytes of [1, 2, 3, 17, 1000, 4096, 65_536, MIB]) expect(traceOf(path, blockBytes)).toEqual(whole);
});

test('property: any block size gives the same trace', () => {
  const path = 'samples/gateway.pcap';
  const whole = traceOf(path, MIB);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 30_000 }), (blockBytes) => {
      expect(traceOf(path, blockBytes)).toEqual(whole);
    }),
    { numRuns: 40 },
  );
});
