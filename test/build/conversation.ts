import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { DID, GAP, LABEL, otherSide, TcpPass, type Side, type TcpOptions, type TcpSink } from '../../src/tcp/index.ts';

/**
 * A TCP conversation written as it happens, fed to a TcpPass segment by segment:
 * `conversation().handshake().client.sends('abc').at(1.2)`. Both ends keep their own numbers; `seq` and `ack` can be forced.
 * What the pass tells comes back as `told` (one entry a segment) and `stream` (the delivered bytes of a side).
 */
export interface Shape {
  readonly seq?: number;
  readonly ack?: number;
  readonly window?: number;
  readonly windowShift?: number;
  /** Captured payload bytes, where the snap length cut the packet. */
  readonly captured?: number;
  /** Not captured: both ends go on as if it had been sent. */
  readonly hidden?: boolean;
  readonly ttl?: number;
}

export interface Told {
  readonly connection: number;
  readonly side: Side;
  readonly labels: readonly string[];
  readonly did: readonly string[];
}

interface Start {
  readonly clientIsn?: number;
  readonly serverIsn?: number;
  readonly bounds?: TcpOptions;
}

const CLIENT = { address: 0x0a090102, port: 49_739 };
const SERVER = { address: 0x0a090002, port: 80 };
const DEFAULT_STEP_SECONDS = 0.001;
const NS = 1e9;

/** Everything the tcp stage tells, as text: `gap` entries read `[gap 5 lost]`. */
class Listener implements TcpSink {
  readonly told: Told[] = [];
  readonly opened_: number[] = [];
  readonly parts = new Map<string, string[]>();

  opened(connection: number): void {
    this.opened_.push(connection);
  }

  segment(connection: number, side: Side, labels: number, did: number): void {
    this.told.push({ connection, side, labels: names(LABEL, labels), did: names(DID, did) });
  }

  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    let text = '';
    for (let byte = at; byte < end; byte++) text += String.fromCodePoint(view.getUint8(byte));
    this.#add(connection, side, text);
  }

  gap(connection: number, side: Side, lostBytes: number, reason: number): void {
    const name = Object.entries(GAP).find(([, code]) => code === reason)?.[0] ?? '?';
    this.#add(connection, side, `[gap ${lostBytes} ${name}]`);
  }

  #add(connection: number, side: Side, text: string): void {
    const key = `${connection}/${side}`;
    this.parts.set(key, [...(this.parts.get(key) ?? []), text]);
  }
}

function names(bits: Readonly<Record<string, number>>, value: number): string[] {
  return Object.entries(bits)
    .filter(([, bit]) => (value & bit) !== 0)
    .map(([name]) => name);
}

/** One end of the conversation. Every verb sends one segment and returns the conversation. */
export class End {
  /** SND.NXT and RCV.NXT of this end. */
  sndNxt: number;
  rcvNxt = 0;
  window = 65_535;
  readonly #conversation: Conversation;
  readonly #isClient: boolean;

  constructor(conversation: Conversation, isClient: boolean, isn: number) {
    this.#conversation = conversation;
    this.#isClient = isClient;
    this.sndNxt = isn | 0;
  }

  syn(shape: Shape = {}): Conversation {
    return this.#send(FLAG.syn, '', shape);
  }

  synAck(shape: Shape = {}): Conversation {
    return this.#send(FLAG.syn | FLAG.ack, '', shape);
  }

  sends(text: string, shape: Shape = {}): Conversation {
    return this.#send(FLAG.ack | FLAG.psh, text, shape);
  }

  acks(shape: Shape = {}): Conversation {
    return this.#send(FLAG.ack, '', shape);
  }

  /** The last `text` once more; this end's numbers stay. */
  resends(text: string, shape: Shape = {}): Conversation {
    return this.#send(FLAG.ack | FLAG.psh, text, { seq: this.sndNxt - text.length, ...shape });
  }

  /** RFC 9293 §3.8.4: a segment one number before the next. */
  probes(garbage = '', shape: Shape = {}): Conversation {
    return this.#send(FLAG.ack, garbage, { seq: this.sndNxt - 1, ...shape });
  }

  fin(shape: Shape = {}): Conversation {
    return this.#send(FLAG.fin | FLAG.ack, '', shape);
  }

  rst(shape: Shape = {}): Conversation {
    return this.#send(FLAG.rst, '', shape);
  }

  rstAck(shape: Shape = {}): Conversation {
    return this.#send(FLAG.rst | FLAG.ack, '', shape);
  }

  #send(flags: number, text: string, shape: Shape): Conversation {
    const conversation = this.#conversation;
    const peer = this.#isClient ? conversation.server : conversation.client;
    const seq = (shape.seq ?? this.sndNxt) | 0;
    if (shape.seq === undefined) {
      this.sndNxt = (seq + text.length + ((flags & (FLAG.syn | FLAG.fin)) === 0 ? 0 : 1)) | 0;
      if ((flags & FLAG.rst) === 0) peer.rcvNxt = this.sndNxt;
    }
    if (shape.window !== undefined) this.window = shape.window;
    conversation.feed(this.#isClient, { ...shape, seq, ack: shape.ack ?? this.rcvNxt }, flags, text, this.window);
    return conversation;
  }
}

export class Conversation {
  readonly client: End;
  readonly server: End;
  readonly pass: TcpPass;
  readonly #moment = new Moment();
  readonly #listener = new Listener();
  #seconds = 0;
  #next: number | null = null;
  #clientPort = CLIENT.port;

  constructor(start: Start = {}) {
    this.client = new End(this, true, start.clientIsn ?? 1000);
    this.server = new End(this, false, start.serverIsn ?? 5000);
    this.pass = new TcpPass(this.#moment, this.#listener, start.bounds ?? {});
  }

  /** The next segment is sent at this second; without it, 1 ms after the one before. */
  at(seconds: number): this {
    this.#next = seconds;
    return this;
  }

  /** The next segments come from another client port. */
  fromPort(port: number): this {
    this.#clientPort = port;
    return this;
  }

  handshake(shape: Shape = {}): this {
    this.client.syn(shape);
    this.server.synAck(shape);
    this.client.acks();
    return this;
  }

  /** Both ends know each other's numbers without a captured handshake. */
  established(): this {
    this.client.rcvNxt = this.server.sndNxt;
    this.server.rcvNxt = this.client.sndNxt;
    return this;
  }

  finish(): this {
    this.pass.finish();
    return this;
  }

  feed(isClient: boolean, shape: Shape, flags: number, text: string, window: number): void {
    this.#seconds = this.#next ?? this.#seconds + DEFAULT_STEP_SECONDS;
    this.#next = null;
    if (shape.hidden === true) return;
    const view = new DataView(new ArrayBuffer(text.length));
    for (let at = 0; at < text.length; at++) view.setUint8(at, text.codePointAt(at) ?? 0);
    this.#moment.packet++;
    this.#moment.ns[0] = Math.round(this.#seconds * NS);
    this.pass.segment(this.#segment(isClient, shape, flags, text, window), view);
  }

  #segment(isClient: boolean, shape: Shape, flags: number, text: string, window: number): Segment {
    const segment = new Segment();
    const from = isClient ? { ...CLIENT, port: this.#clientPort } : SERVER;
    const to = isClient ? SERVER : { ...CLIENT, port: this.#clientPort };
    return Object.assign(segment, {
      ipVersion: 4,
      src2: 0xffff,
      src3: from.address,
      dst2: 0xffff,
      dst3: to.address,
      srcPort: from.port,
      dstPort: to.port,
      seq: (shape.seq ?? 0) | 0,
      ack: (flags & FLAG.ack) === 0 ? 0 : (shape.ack ?? 0) | 0,
      flags,
      window,
      payloadEnd: shape.captured ?? text.length,
      payloadBytes: text.length,
      windowShift: shape.windowShift ?? -1,
      ttl: shape.ttl ?? 64,
    });
  }

  get told(): readonly Told[] {
    return this.#listener.told;
  }

  /** What the pass told of the newest segment. */
  get last(): Told {
    const last = this.#listener.told.at(-1);
    if (last === undefined) throw new Error('nothing was told');
    return last;
  }

  get labels(): readonly string[] {
    return this.last.labels;
  }

  get did(): readonly string[] {
    return this.last.did;
  }

  /** Numbers of the connections opened so far. */
  get opened(): readonly number[] {
    return this.#listener.opened_;
  }

  /** The delivered bytes of a side, gaps as `[gap 5 lost]`. Side 0 is whoever spoke first. */
  stream(side: Side, connection = 0): string {
    return (this.#listener.parts.get(`${connection}/${side}`) ?? []).join('');
  }

  /** How many calls delivered them. */
  pieces(side: Side, connection = 0): number {
    return (this.#listener.parts.get(`${connection}/${side}`) ?? []).length;
  }

  peerStream(side: Side, connection = 0): string {
    return this.stream(otherSide(side), connection);
  }
}

export function conversation(start: Start = {}): Conversation {
  return new Conversation(start);
}
