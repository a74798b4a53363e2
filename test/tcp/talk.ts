import { tcpPacket } from '../build/packet.ts';
import type { PcapRecord } from '../build/pcap.ts';

type Party = 0 | 1;
type Verb = keyof typeof VERBS;

/** Repeatable chance: a linear congruential generator (Numerical Recipes, §7.1), upper bits only. */
class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  pick<T>(...choices: readonly [T, ...T[]]): T {
    return choices[this.below(choices.length)] ?? choices[0];
  }

  below(bound: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((this.#state / 2 ** 32) * bound);
  }

  /** Once in so many times. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }
}

const WAITS_NS = [0, 1e4, 1e6, 2e6, 5e6, 2e7, 3e7, 2e8, 1e9, 1.5e10] as const;

/** Two ends that talk TCP at random, and mostly as hosts do: lost, repeated, probed, stopped by windows, closed and opened again. */
class Talk {
  readonly records: PcapRecord[] = [];
  readonly dice: Dice;
  isRefused = false;
  ns: number;
  readonly #ends: readonly [string, string];
  readonly #captured: readonly [boolean, boolean];
  readonly #windowShift: number;
  readonly next: [number, number];
  readonly #received: [number, number];
  readonly window: [number, number];
  #ipId = 0;

  constructor(nth: number, startNs: number, dice: Dice) {
    this.dice = dice;
    this.ns = startNs;
    this.#ends = [`10.${nth >> 8}.${nth & 255}.1:40000`, '10.200.0.2:80'];
    this.next = [
      dice.pick(1000, 2 ** 32 - 16, 2 ** 31 - 32, dice.below(2 ** 32)),
      dice.pick(5000, 2 ** 32 - 20, dice.below(2 ** 32)),
    ];
    this.#received = [this.next[1], this.next[0]];
    this.window = [dice.pick(501, 100, 65_535), dice.pick(501, 65_535, 20)];
    this.#windowShift = dice.pick(-1, 0, 2, 7);
    this.#captured = dice.pick([true, true], [true, true], [true, true], [true, false], [false, true]);
    if (!dice.once(4)) this.shake();
    const verbs = Object.keys(VERBS) as [Verb, ...Verb[]];
    for (let step = 5 + dice.below(40); step > 0 && !this.isRefused; step--) {
      this.wait();
      VERBS[dice.pick(...verbs)](this, dice.pick(0, 1), dice.pick(1, 2, 10, 40, 100, 1400));
    }
  }

  wait(ns: number = this.dice.pick(...WAITS_NS)): void {
    this.ns += ns;
  }

  /** @param from  where the segment begins, counted from the next number of its sender */
  send(by: Party, flags: string, from: number, bytes: number, shape: { ack?: number; window?: number } = {}): void {
    this.#ipId = (this.#ipId % 0xffff) + 1;
    if (!this.#captured[by]) return;
    const options = flags.startsWith('SYN') && this.#windowShift >= 0 ? { windowShift: this.#windowShift } : {};
    const bytesOfPacket = tcpPacket({
      from: this.#ends[by],
      to: this.#ends[by === 0 ? 1 : 0],
      flags,
      seq: (this.next[by] + from) >>> 0,
      ack: flags === 'SYN' || flags === 'RST' ? 0 : (shape.ack ?? this.#received[by]) >>> 0,
      window: shape.window ?? this.window[by],
      payload: new Uint8Array(bytes),
      ipId: this.#ipId,
      options,
    });
    this.records.push({ timeNs: this.ns, bytes: bytesOfPacket });
  }

  /** The sender goes on by so many numbers. */
  move(by: Party, bytes: number, arrives = true): void {
    this.next[by] = (this.next[by] + bytes) >>> 0;
    if (arrives) this.#received[by === 0 ? 1 : 0] = this.next[by];
  }

  received(by: Party): number {
    return this.#received[by];
  }

  data(by: Party, bytes: number, arrives = true): void {
    this.send(by, 'PSH,ACK', 0, bytes);
    this.move(by, bytes, arrives);
  }

  /** Wireshark takes a round trip of 0 for none: each step of a handshake takes some time. */
  shake(): void {
    this.#flagged(0, 'SYN');
    this.isRefused = this.dice.once(10);
    if (this.isRefused) {
      this.send(1, 'RST,ACK', -this.next[1], 0, { window: 0 });
      return;
    }
    this.#flagged(1, 'SYN,ACK');
    this.send(0, 'ACK', 0, 0);
  }

  #flagged(by: Party, flags: string): void {
    this.send(by, flags, 0, 0);
    if (this.dice.once(6)) {
      this.wait();
      this.send(by, flags, 0, 0);
    }
    this.move(by, 1);
    this.wait();
    this.wait(1e3);
  }
}

function otherOf(party: Party): Party {
  return party === 0 ? 1 : 0;
}

/** What an end may do next. */
const VERBS = {
  sends: (talk: Talk, by: Party, bytes: number): void => talk.data(by, bytes, !talk.dice.once(10)),
  sendsMore: (talk: Talk, by: Party, bytes: number): void => {
    for (let left = talk.dice.below(6); left >= 0; left--) talk.data(by, bytes);
  },
  sendsUncaptured: (talk: Talk, by: Party, bytes: number): void => talk.move(by, bytes, talk.dice.once(2)),
  acks: (talk: Talk, by: Party): void => talk.send(by, 'ACK', 0, 0),
  resends: (talk: Talk, by: Party, bytes: number): void => talk.send(by, 'PSH,ACK', -bytes, bytes),
  resendsOlder: (talk: Talk, by: Party, bytes: number): void =>
    talk.send(by, 'PSH,ACK', -bytes - talk.dice.pick(0, 1, 10, 100), bytes),
  missesOne: (talk: Talk, by: Party, bytes: number): void => {
    const hole = talk.received(otherOf(by));
    talk.data(by, bytes);
    for (let acks = talk.dice.below(5); acks > 0; acks--) {
      talk.wait(1e5);
      talk.send(otherOf(by), 'ACK', 0, 0, { ack: hole });
    }
    talk.wait(talk.dice.pick(1e6, 2.5e7));
    talk.send(by, 'PSH,ACK', hole - talk.next[by], talk.dice.pick(bytes, 10));
  },
  keepsAlive: (talk: Talk, by: Party): void => {
    for (let probes = 1 + talk.dice.below(5); probes > 0; probes--) {
      talk.send(by, 'ACK', -1, talk.dice.pick(0, 0, 1));
      talk.wait(1e6);
      const peer = otherOf(by);
      if (!talk.dice.once(3)) talk.send(peer, 'ACK', 0, 0, { window: talk.dice.pick(talk.window[peer], 77) });
      talk.wait(1e10);
    }
  },
  isStopped: (talk: Talk, by: Party, bytes: number): void => {
    const peer = otherOf(by);
    talk.send(peer, 'ACK', 0, 0, { window: 0 });
    for (let probes = 1 + talk.dice.below(3); probes > 0; probes--) {
      talk.wait(1e8);
      talk.send(by, 'ACK', 0, 1);
      talk.wait(1e6);
      talk.send(peer, 'ACK', 0, 0, { window: talk.dice.pick(0, 0, talk.window[peer]) });
    }
    talk.send(peer, 'ACK', 0, 0);
    if (talk.dice.once(2)) talk.data(by, bytes);
  },
  opensItsWindow: (talk: Talk, by: Party): void => {
    talk.window[by] = talk.dice.pick(501, 100, 65_535, 20);
    talk.send(by, 'ACK', 0, 0);
  },
  ends: (talk: Talk, by: Party): void => {
    if (!talk.dice.once(4)) return;
    talk.send(by, 'FIN,ACK', 0, 0);
    talk.move(by, 1);
    talk.wait();
    if (talk.dice.once(3)) talk.send(by, 'FIN,ACK', -1, 0);
  },
  resets: (talk: Talk, by: Party): void => {
    if (talk.dice.once(10)) talk.send(by, talk.dice.pick('RST', 'RST,ACK'), 0, 0, { window: 0 });
  },
  opensAgain: (talk: Talk): void => {
    if (!talk.dice.once(8)) return;
    talk.move(0, talk.dice.pick(100_000, 2 ** 30));
    talk.move(1, talk.dice.pick(100_000, 2 ** 30));
    talk.shake();
  },
} as const;

/** Records of so many conversations one after another, each between addresses of its own; the same seed gives the same. */
export function randomTalks(count: number, seed: number): PcapRecord[] {
  const dice = new Dice(seed);
  const records: PcapRecord[] = [];
  let startNs = 0;
  for (let nth = 0; nth < count; nth++) {
    const talk = new Talk(nth, startNs, dice);
    records.push(...talk.records);
    startNs = talk.ns + 1e10;
  }
  return records;
}
