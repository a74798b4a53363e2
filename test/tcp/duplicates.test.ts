import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { DIRECTION, FLAG, Segment } from '../../src/decode/index.ts';
import { LABEL, type Side, TcpPass, type TcpOptions } from '../../src/tcp/index.ts';

const MS = 1_000_000;
const BYTES = 'abcdefghij';

/** One packet of a node's capture. What is left out stands as in the packet before it of the same side. */
interface Packet {
  readonly atMs?: number;
  readonly flags?: number;
  readonly seq?: number;
  readonly ack?: number;
  readonly bytes?: number;
  readonly window?: number;
  readonly id?: number;
  /** Of the client. */
  readonly port?: number;
  /** Timestamps, TSval; without one, a millisecond clock. Null: the option is absent. */
  readonly ts?: number | null;
  readonly ttl?: number;
  readonly on?: number;
  readonly vantage?: number;
  readonly file?: number;
  readonly direction?: 'toUs' | 'fromUs';
  /** The network of the tunnel that it came in; 0: none. */
  readonly network?: number;
}

const DEFAULTS: Required<Packet> = {
  atMs: 0,
  flags: FLAG.ack,
  seq: 0,
  ack: 0,
  bytes: 0,
  window: 500,
  id: 0,
  port: 40_000,
  ts: null,
  ttl: 64,
  on: 0,
  vantage: 0,
  file: 0,
  direction: 'toUs',
  network: 0,
};

/** A capture of one connection, told packet by packet; each gives its labels, or `copy`. */
class Wire {
  readonly told: string[] = [];
  stream = '';
  readonly pass: TcpPass;
  readonly #moment = new Moment();
  readonly #segment = new Segment();
  readonly #view = new DataView(new TextEncoder().encode(BYTES.repeat(10)).buffer);
  readonly #last: [Required<Packet>, Required<Packet>] = [DEFAULTS, DEFAULTS];

  constructor(options: TcpOptions = {}) {
    const told = (text: string) => this.told.push(text);
    const addBytes = (text: string) => (this.stream += text);
    this.pass = new TcpPass(
      this.#moment,
      {
        opened: () => {},
        segment: (_connection, _side, labels) => told(namesOf(labels)),
        copy: () => told('copy'),
        bytes: (_connection, side: Side, view, at, end) => {
          if (side === 0) addBytes(new TextDecoder().decode(new Uint8Array(view.buffer, at, end - at)));
        },
        gap: () => addBytes('[gap]'),
      },
      options,
    );
  }

  client(packet: Packet): this {
    return this.#send(0, packet);
  }

  server(packet: Packet): this {
    return this.#send(1, packet);
  }

  /** A handshake whose packets have identifications as `id` says. */
  open(id: 'moving' | 'standing' | 'none', ts: number | null = null): this {
    const ids = id === 'moving' ? [40, 41] : id === 'standing' ? [1, 1] : [0, 0];
    this.client({ flags: FLAG.syn, seq: 1000, id: ids[0] ?? 0, ts });
    this.server({ flags: FLAG.syn | FLAG.ack, seq: 9000, ack: 1001, id: 0, ts, atMs: 10 });
    return this.client({ flags: FLAG.ack, seq: 1001, ack: 9001, id: ids[1] ?? 0, atMs: 20 });
  }

  /** So many SYNs of other connections go by. */
  strangers(count: number): this {
    const last = this.#last[0];
    for (let nth = 0; nth < count; nth++) this.#send(0, { ...DEFAULTS, flags: FLAG.syn, port: nth });
    this.#last[0] = last;
    return this;
  }

  get last(): string | undefined {
    return this.told.at(-1);
  }

  #send(side: Side, changes: Packet): this {
    const packet = { ...this.#last[side], ...changes };
    this.#last[side] = packet;
    const segment = this.#segment;
    segment.ipVersion = 4;
    [segment.src3, segment.srcPort] = side === 0 ? [1, packet.port] : [2, 80];
    [segment.dst3, segment.dstPort] = side === 0 ? [2, 80] : [1, packet.port];
    segment.seq = packet.seq;
    segment.ack = packet.ack;
    segment.flags = packet.flags;
    segment.window = packet.window;
    segment.payloadAt = packet.bytes === 0 ? 0 : (packet.seq - 1001) % 10;
    segment.payloadEnd = segment.payloadAt + packet.bytes;
    segment.payloadBytes = packet.bytes;
    segment.ipId = packet.id;
    segment.hasTimestamps = packet.ts === null ? 0 : 1;
    segment.tsVal = packet.ts ?? 0;
    segment.ttl = packet.ttl;
    segment.interfaceIndex = packet.on;
    segment.tunnels = packet.network === 0 ? 0 : 1;
    segment.tunnelId = packet.network;
    segment.direction = DIRECTION[packet.direction];
    this.#moment.packet++;
    this.#moment.ns[0] = packet.atMs * MS;
    this.#moment.vantage = packet.vantage;
    this.#moment.file = packet.file;
    this.pass.segment(segment, this.#view);
    return this;
  }
}

function namesOf(labels: number): string {
  return Object.entries(LABEL)
    .filter(([, bit]) => (labels & bit) !== 0)
    .map(([name]) => name)
    .join(' ');
}

const DATA: Packet = { flags: FLAG.ack | FLAG.psh, seq: 1001, ack: 9001, bytes: 5 };

describe('a packet with the identification of one before it', () => {
  const sent = (id: 'moving' | 'standing' | 'none') => new Wire().open(id).client({ ...DATA, id: 42, atMs: 30 });

  test('is a copy: it has no other label, counts nowhere, and its bytes are delivered once', () => {
    const wire = sent('moving').client({ atMs: 30.1 });
    expect(wire.told).toEqual(['', '', '', '', 'copy']);
    expect(wire.pass.duplicates).toBe(1);
    expect(wire.pass.connections.retransmissions(0, 0)).toBe(0);
    expect(wire.pass.connections.packets(0, 0)).toBe(3);
    expect(wire.stream).toBe('abcde');
  });

  test('whatever changed on its way: TTL, interface, direction', () => {
    for (const change of [{ ttl: 63 }, { on: 7 }, { direction: 'fromUs' }, { vantage: 1 }, { file: 1 }] as const)
      expect(sent('moving').client({ ...change, atMs: 30.1 }).last).toBe('copy');
  });

  test('up to 100 ms later, and where the file has it before its time', () => {
    expect(sent('moving').client({ atMs: 130 }).last).toBe('copy');
    expect(sent('moving').client({ atMs: 29 }).last).toBe('copy');
    expect(sent('moving').client({ atMs: 130.1 }).last).toBe('retransmission');
  });

  test('is not known for one once so many others came at the same time that it had to be forgotten, which is told', () => {
    const crowded = (others: number, hasCopies: boolean, last: Packet = {}): Wire => {
      const wire = new Wire().open('moving').client({ ...DATA, id: 42, atMs: 30 });
      if (hasCopies) wire.client({ atMs: 30.1 });
      const answer = { flags: FLAG.ack, seq: 9001, ack: 1001 };
      for (let nth = 0; nth < others; nth++) wire.server({ ...answer, id: 100 + nth, atMs: 31 + nth / 50 });
      return wire.client({ ...DATA, id: 42, atMs: 60, ...last });
    };
    const [few, many] = [crowded(900, true), crowded(1100, true)];
    expect([few.last, few.pass.limits.uncompared]).toEqual(['copy', 0]);
    expect(many.last).toContain('retransmission');
    expect(many.pass.limits.uncompared).toBe(1);
    expect(crowded(1100, false).pass.limits.uncompared).toBe(0);
    // The oldest that is remembered came at 32.5 ms.
    const uncompared = (last: Packet): number => crowded(1100, true, last).pass.limits.uncompared;
    expect([uncompared({ atMs: 132 }), uncompared({ atMs: 133 })]).toEqual([1, 0]);
    expect([uncompared({ seq: 1006 }), uncompared({ seq: 1010 }), uncompared({ bytes: 0 })]).toEqual([0, 0, 0]);
  });

  test('three times is two copies', () => {
    const wire = sent('moving').client({ on: 2, atMs: 30.1 }).client({ on: 3, atMs: 30.2 });
    expect(wire.told.slice(-2)).toEqual(['copy', 'copy']);
  });

  test('behind others is still a copy', () => {
    const wire = sent('moving')
      .client({ seq: 1006, id: 43 })
      .server({ atMs: 31, ack: 1011, flags: FLAG.ack, seq: 9001 });
    expect(
      wire
        .client({ ...DATA, id: 42, atMs: 31 })
        .client({ seq: 1006, id: 43 })
        .told.slice(-2),
    ).toEqual(['copy', 'copy']);
  });

  test('is a retransmission where its sender gives the same one to every packet', () => {
    const wire = new Wire().open('standing').client({ ...DATA, id: 1, atMs: 30 });
    expect(wire.client({ atMs: 30.1 }).last).toBe('retransmission');
  });

  test('is one where any number of it differs', () => {
    for (const change of [{ id: 43 }, { seq: 1011 }, { ack: 9002 }, { bytes: 4 }, { window: 501 }, { ts: 5 }])
      expect(sent('moving').client({ ...change, atMs: 30.1 }).last).not.toBe('copy');
  });

  test('a bare acknowledgement is a copy, too, and no duplicate ACK', () => {
    const wire = sent('moving').server({ flags: FLAG.ack, seq: 9001, ack: 1006, id: 70, atMs: 31 });
    wire.server({ atMs: 31.05, ttl: 63 });
    expect(wire.told.slice(-2)).toEqual(['', 'copy']);
    expect(wire.server({ atMs: 31.1, id: 71, ttl: 64 }).last).toBe('duplicateAck');
  });

  test('bare acknowledgements one after another, and then their copies: an older one is not what was expected next', () => {
    const wire = new Wire().open('moving');
    for (let nth = 0; nth < 3; nth++) wire.client({ ...DATA, seq: 1001 + nth * 5, id: 42 + nth, atMs: 30 + nth / 100 });
    const acknowledge = (nth: number, file: number): void => {
      wire.server({
        flags: FLAG.ack,
        seq: 9001,
        ack: 1006 + nth * 5,
        id: 70 + nth,
        file,
        atMs: 31 + nth / 100 + file / 10,
      });
    };
    for (const file of [0, 1]) for (let nth = 0; nth < 3; nth++) acknowledge(nth, file);
    expect(wire.told.slice(-6)).toEqual(['', '', '', 'copy', 'copy', 'copy']);
  });

  test('as far back as 16 packets of its flow', () => {
    const after = (count: number) => {
      const wire = sent('moving');
      for (let nth = 1; nth <= count; nth++) wire.client({ seq: 1001 + nth * 5, id: 42 + nth, atMs: 30 + nth / 100 });
      return wire.client({ ...DATA, id: 42, atMs: 31 }).last;
    };
    expect(after(15)).toBe('copy');
    expect(after(16)).toBe('outOfOrder');
  });
});

describe('a SYN is not sent again within 100 ms (RFC 6298 §2.1)', () => {
  const syn = (packet: Packet) => new Wire().client({ flags: FLAG.syn, seq: 1000, ...packet });

  test('with its identification it is a copy', () => {
    expect(syn({ id: 40 }).client({ atMs: 99 }).told).toEqual(['', 'copy']);
    expect(syn({ id: 40 }).client({ atMs: 101 }).last).toBe('retransmission');
  });

  test('with another one it is a retransmission', () => {
    expect(syn({ id: 40 }).client({ id: 41, atMs: 1 }).last).toBe('retransmission');
  });

  test('without one it is a copy below a millisecond', () => {
    expect(syn({}).client({ atMs: 0.9 }).last).toBe('copy');
    expect(syn({}).client({ atMs: 1 }).last).toBe('retransmission');
  });

  test('a new incarnation is none', () => {
    expect(syn({ id: 40 }).client({ seq: 5000, id: 41, atMs: 1 }).last).toBe('reusedPorts');
  });
});

describe('without an identification (Linux with DF on some packets, IPv6)', () => {
  for (const id of [0, -1]) {
    const sent = (ts: number | null) => new Wire().open('none', ts).client({ ...DATA, id, ts, atMs: 30, on: 2 });

    test(`another interface tells a copy, below a millisecond (${id})`, () => {
      expect(sent(null).client({ on: 3, atMs: 30.9 }).last).toBe('copy');
      for (const place of [{ ttl: 63 }, { vantage: 1 }, { file: 1 }, { network: 7 }, { direction: 'fromUs' }] as const)
        expect(sent(null).client({ ...place, atMs: 30.9 }).last).toBe('copy');
      expect(sent(null).client({ on: 3, atMs: 31 }).last).toBe('retransmission');
      expect(sent(null).client({ on: 3, atMs: 30.9 }).client({ on: 4, atMs: 31.7 }).last).toBe('copy');
    });

    test(`so does the same timestamp, where nothing of the peer came between (${id})`, () => {
      expect(sent(700).server({ atMs: 29 }).client({ atMs: 30.1 }).told.slice(-1)).not.toEqual(['copy']);
      const heard = new Wire().open('none', 700).server({ flags: FLAG.ack, seq: 9001, id, atMs: 29 });
      expect(heard.client({ ...DATA, id, atMs: 30 }).client({ atMs: 30.1 }).last).toBe('copy');
    });

    test(`the same timestamp tells nothing where the peer is not in the capture (${id})`, () => {
      const alone = new Wire().client({ ...DATA, id, ts: 700 });
      expect(alone.client({ atMs: 0.1 }).last).toBe('retransmission');
    });

    test(`without timestamps, at one interface, it is a retransmission (${id})`, () => {
      expect(sent(null).client({ atMs: 30.1 }).last).toBe('retransmission');
    });

    test(`a segment that was really sent twice, seen twice at two interfaces, is one retransmission (${id})`, () => {
      const wire = sent(700).client({ on: 3, atMs: 30.1 });
      wire.server({ flags: FLAG.ack, seq: 9001, ack: 1001, id, atMs: 30.2 });
      wire.client({ on: 2, atMs: 30.3 }).client({ on: 3, atMs: 30.4 });
      expect(wire.told.slice(-5)).toEqual(['', 'copy', 'duplicateAck', 'retransmission', 'copy']);
    });
  }

  test('bare acknowledgements at one interface are duplicate ACKs', () => {
    const wire = new Wire().open('none', 700).client({ ...DATA, ts: 700, atMs: 30 });
    wire.server({ flags: FLAG.ack, seq: 9001, ack: 1006, atMs: 31 }).server({ atMs: 31.01 }).server({ atMs: 31.02 });
    expect(wire.told.slice(-2)).toEqual(['duplicateAck', 'duplicateAck']);
  });
});

describe('SYN-ACKs, which Linux sends without an identification', () => {
  const SYN: Packet = { flags: FLAG.syn, seq: 1000, id: 40, ts: 700, atMs: 0 };
  const SYN_ACK: Packet = { flags: FLAG.syn | FLAG.ack, seq: 9000, ack: 1001, ts: 300, atMs: 0.1 };
  /** The SYN comes again after a second: each time it is seen so often, at the places that `placed` gives. */
  const askedAgain = (...places: readonly Packet[]): Wire => {
    const wire = new Wire();
    for (const place of places) wire.client({ ...SYN, ...place });
    for (const place of places) wire.server({ ...SYN_ACK, ...place });
    for (const place of places) wire.client({ ...SYN, id: 41, ts: 1700, atMs: 1000, ...place });
    return wire;
  };
  const answer = (wire: Wire, atMs: number, places: readonly Packet[]): void => {
    for (const place of places) wire.server({ ...SYN_ACK, ts: 1300, atMs, ...place });
  };

  test('two of them a moment after a SYN that was seen once were both sent: the answer to it, and the timer', () => {
    const wire = askedAgain({});
    answer(wire, 1000.1, [{}]);
    answer(wire, 1000.137, [{}]);
    expect(wire.told.slice(-2)).toEqual(['retransmission', 'retransmission']);
    expect(wire.pass.duplicates).toBe(0);
    expect(wire.pass.connections.retransmissions(0, 1)).toBe(2);
  });

  test('where the capture has each packet twice at one place, the second of each two is a copy, and no more', () => {
    const wire = askedAgain({}, {});
    answer(wire, 1000.1, [{}, {}]);
    answer(wire, 1000.137, [{}, {}]);
    expect(wire.told.slice(-4)).toEqual(['retransmission', 'copy', 'retransmission', 'copy']);
  });

  test('a veth, a bridge and a NIC show each three times, two of them alike', () => {
    const inward = [
      { ttl: 64, direction: 'toUs' },
      { ttl: 63, direction: 'fromUs' },
      { ttl: 63, direction: 'fromUs' },
    ] as const;
    const wire = askedAgain({ direction: 'toUs' }, { direction: 'toUs' }, { direction: 'fromUs', ttl: 63 });
    answer(wire, 1000.1, inward);
    answer(wire, 1000.137, inward);
    expect(wire.told.slice(-6)).toEqual(['retransmission', 'copy', 'copy', 'retransmission', 'copy', 'copy']);
  });

  test('where so many packets came in between that the SYN is forgotten, they are taken for copies', () => {
    const after = (strangers: number): string | undefined => {
      const wire = askedAgain({}).strangers(strangers);
      answer(wire, 1000.1, [{}, {}]);
      return wire.last;
    };
    expect([after(1021), after(1023)]).toEqual(['retransmission', 'copy']);
  });
});

test('copies change no result, with or without header prediction', () => {
  const run = (predicts: boolean) => {
    const wire = new Wire({ predicts }).open('moving');
    for (let nth = 0; nth < 8; nth++) {
      const packet = { ...DATA, seq: 1001 + nth * 5, id: 42 + nth, atMs: 30 + nth };
      wire
        .client({ ...packet, on: 2 })
        .client({ ...packet, on: 3 })
        .client({ ...packet, on: 4, ttl: 63 });
      wire.server({ flags: FLAG.ack, seq: 9001, ack: packet.seq + 5, id: 90 + nth, atMs: 30.5 + nth, on: 2 });
      wire.server({ on: 3 });
    }
    return { told: wire.told, stream: wire.stream, copies: wire.pass.duplicates };
  };
  const { told, stream, copies } = run(true);
  expect(run(false)).toEqual({ told, stream, copies });
  expect([copies, stream]).toEqual([8 * 3, 'abcdefghij'.repeat(4)]);
  expect(new Set(told)).toEqual(new Set(['', 'copy']));
});
