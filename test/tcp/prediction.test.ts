import fc from 'fast-check';
import { afterEach, expect, test, vi } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { TcpPass, type Side, type TcpSink } from '../../src/tcp/index.ts';
import { FlowTable } from '../../src/tcp/flow-table.ts';
import { Prediction } from '../../src/tcp/prediction.ts';
import { runs } from '../build/runs.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

/** What one end does next. */
const anyStep = fc.record({
  side: fc.constantFrom<Side>(0, 1),
  kind: fc.oneof(
    { weight: 24, arbitrary: fc.constant('data' as const) },
    { weight: 12, arbitrary: fc.constant('ack' as const) },
    {
      weight: 5,
      arbitrary: fc.constantFrom('probe', 'garbageProbe', 'resend', 'zeroWindow', 'oddNumbers', 'fin', 'rst', 'syn'),
    },
  ),
  bytes: fc.constantFrom(1, 2, 10, 40, 1448),
  /** The share of the payload that the snap length leaves. */
  captured: fc.constantFrom(1, 1, 1, 0.5, 0),
  lateAck: fc.boolean(),
  window: fc.constantFrom(10, 50, 501, 501, 65_535),
  nudge: fc.constantFrom(-2000, -1, 1, 40, 2 ** 29, 2 ** 31),
  waitNs: fc.constantFrom(0, 1e3, 1e6, 1e6, 1e9, -1e6),
  fate: fc.oneof(
    { weight: 24, arbitrary: fc.constant('shown' as const) },
    { weight: 3, arbitrary: fc.constantFrom('hidden', 'swapped', 'twice') },
  ),
});
type Step = typeof anyStep extends fc.Arbitrary<infer T> ? T : never;

const anyTalk = fc.record({
  /** Numbers that wrap soon, and 0, which stands for unknown in some columns. */
  isns: fc.tuple(fc.constantFrom(1000, -1, 2 ** 31 - 30), fc.constantFrom(5000, -20, -1449)),
  opening: fc.constantFrom('handshake', 'midway', 'onlySide0', 'onlySide1'),
  windowShift: fc.constantFrom(-1, 0, 2, 14),
  steps: fc.array(anyStep, { minLength: 10, maxLength: 60, size: 'max' }),
});
type Talk = typeof anyTalk extends fc.Arbitrary<infer T> ? T : never;

interface Shown {
  readonly segment: Segment;
  readonly ns: number;
}

/** Plays a conversation as both ends see it; `shown` is what the capture has of it. */
class Play {
  shown: Shown[] = [];
  readonly #next: [number, number];
  readonly #received: [number, number];
  readonly #acked: [number, number];
  readonly #windowShift: number;
  #ns = 0;

  constructor(talk: Talk) {
    const [client, server] = talk.isns;
    this.#next = [client, server];
    this.#received = [server, client];
    this.#acked = [server, client];
    this.#windowShift = talk.windowShift;
    if (talk.opening !== 'midway') this.#shake();
    for (const step of talk.steps) this.#step(step);
    if (talk.opening === 'onlySide0') this.shown = this.shown.filter(({ segment }) => segment.srcPort === 1);
    if (talk.opening === 'onlySide1') this.shown = this.shown.filter(({ segment }) => segment.srcPort === 2);
  }

  #shake(): void {
    this.#show(0, FLAG.syn, 0, 0, 501);
    this.#move(0, 1);
    this.#show(1, FLAG.syn | FLAG.ack, 0, 0, 501);
    this.#move(1, 1);
    this.#show(0, FLAG.ack, 0, 0, 501);
  }

  #step(step: Step): void {
    const { side, bytes, window } = step;
    this.#ns += step.waitNs;
    if (!step.lateAck) this.#acked[side] = this.#received[side];
    const before = this.shown.length;
    if (step.kind === 'ack') this.#show(side, FLAG.ack, 0, 0, window);
    else if (step.kind === 'zeroWindow') this.#show(side, FLAG.ack, 0, 0, 0);
    else if (step.kind === 'probe') this.#show(side, FLAG.ack, -1, 0, window);
    else if (step.kind === 'garbageProbe') this.#show(side, FLAG.ack, -1, 1, window);
    else if (step.kind === 'resend') this.#show(side, FLAG.ack, -bytes, bytes, window);
    else if (step.kind === 'oddNumbers') this.#show(side, FLAG.ack, step.nudge, bytes, window);
    else if (step.kind === 'rst') this.#show(side, FLAG.rst | FLAG.ack, 0, 0, window);
    else if (step.kind === 'syn') this.#restart(side);
    else if (step.kind === 'fin') {
      this.#show(side, FLAG.fin | FLAG.ack, 0, 0, window);
      this.#move(side, 1);
    } else {
      this.#show(side, FLAG.ack | FLAG.psh, 0, bytes, window, step.captured);
      this.#move(side, bytes);
    }
    if (this.shown.length > before) this.#meet(step.fate);
  }

  #meet(fate: Step['fate']): void {
    const last = this.shown.at(-1);
    if (last === undefined) return;
    if (fate === 'twice') this.shown.push(last);
    if (fate === 'hidden' || fate === 'swapped') this.shown.pop();
    if (fate === 'swapped') this.shown.splice(-1, 0, last);
  }

  /** The 4-tuple again, with other numbers. */
  #restart(side: Side): void {
    this.#next[side] = (this.#next[side] + 100_000) | 0;
    this.#show(side, FLAG.syn, 0, 0, 501);
    this.#move(side, 1);
  }

  #move(side: Side, bytes: number): void {
    this.#next[side] = (this.#next[side] + bytes) | 0;
    this.#received[side === 0 ? 1 : 0] = this.#next[side];
  }

  #show(side: Side, flags: number, from: number, bytes: number, window: number, captured = 1): void {
    const ends = side === 0 ? { srcPort: 1, dstPort: 2 } : { srcPort: 2, dstPort: 1 };
    const segment = Object.assign(new Segment(), ends, {
      flags,
      window,
      windowShift: (flags & FLAG.syn) === 0 ? -1 : this.#windowShift,
      seq: (this.#next[side] + from) | 0,
      ack: this.#acked[side] | 0,
      payloadBytes: bytes,
      payloadEnd: Math.floor(bytes * captured),
    });
    this.shown.push({ segment, ns: this.#ns });
  }
}

const VIEW = new DataView(new ArrayBuffer(2048));
const MEASURES = [
  'packets',
  'payloadBytes',
  'retransmissions',
  'keepAliveProbes',
  'sentOffset',
  'ackedOffset',
] as const;

interface Outcome {
  readonly told: readonly (readonly unknown[])[];
  readonly limits: TcpPass['limits'];
  /** All columns of all flows, byte by byte. */
  readonly columns: readonly string[];
}

/** Everything that the stage tells and keeps, with the facts as they stand at each call. */
function outcomeOf(shown: readonly Shown[], predicts: boolean): Outcome {
  const told: unknown[][] = [];
  const moment = new Moment();
  const sink: TcpSink = {
    opened: (connection) => told.push(['opened', connection]),
    segment: (connection, side, labels, did, { seq }) => {
      const facts = ([0, 1] as const).flatMap((s) => MEASURES.map((name) => pass.connections[name](connection, s)));
      told.push(['segment', connection, side, labels, did, seq, ...facts]);
    },
    bytes: (connection, side, _view, at, end) => told.push(['bytes', connection, side, end - at]),
    gap: (connection, side, lostBytes, reason) => told.push(['gap', connection, side, lostBytes, reason]),
  };
  const find = vi.spyOn(FlowTable.prototype, 'find');
  const pass: TcpPass = new TcpPass(moment, sink, { predicts });
  for (const { segment, ns } of shown) {
    moment.packet++;
    moment.ns[0] = ns;
    pass.segment(segment, VIEW);
  }
  pass.finish();
  const table = find.mock.contexts[0];
  find.mockRestore();
  const columns =
    table instanceof FlowTable ? [table.connections, table.flows, table.doubles, table.connectionDoubles] : [];
  return { told, limits: pass.limits, columns: columns.map(({ buffer }) => Buffer.from(buffer).toString('latin1')) };
}

test('with and without prediction, the same is told and kept', () => {
  const take = vi.spyOn(Prediction.prototype, 'take');
  let segments = 0;
  let taken = 0;
  fc.assert(
    fc.property(anyTalk, (talk) => {
      const { shown } = new Play(talk);
      const predicted = outcomeOf(shown, true);
      taken += take.mock.results.filter(({ value }) => value === true).length;
      segments += shown.length;
      take.mockClear();
      const plain = outcomeOf(shown, false);
      expect(take).not.toHaveBeenCalled();
      expect(predicted.told).toEqual(plain.told);
      expect(predicted.limits).toEqual(plain.limits);
      expect(predicted.columns.every((column, index) => column === plain.columns[index])).toBe(true);
    }),
    { numRuns: runs(1500) },
  );
  // Otherwise nothing was compared.
  expect(taken / segments).toBeGreaterThan(0.1);
});

test('in an orderly download all is predicted but the handshake and the first payload of each side', () => {
  const take = vi.spyOn(Prediction.prototype, 'take');
  const step = { captured: 1, window: 65_535, nudge: 1, waitNs: 1e3, fate: 'shown', lateAck: false } as const;
  const steps = Array.from({ length: 100 }, (_, n): Step => {
    if (n === 0) return { ...step, side: 0, kind: 'data', bytes: 40 };
    return { ...step, side: n % 3 === 0 ? 0 : 1, kind: n % 3 === 0 ? 'ack' : 'data', bytes: 1448 };
  });
  const { shown } = new Play({ isns: [1000, 5000], opening: 'handshake', windowShift: 14, steps });
  outcomeOf(shown, true);
  expect(take.mock.results.filter(({ value }) => value === true).length).toBe(100 - 2);
});
