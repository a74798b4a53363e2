import type { ErrorReason } from '../../src/http/index.ts';
import type {
  Close,
  Debt,
  Endpoint,
  Flow,
  Goaway,
  IcmpError,
  Join,
  JoinMethod,
  Mark,
  MarkKind,
  Pause,
  Ref,
  RequestFields,
  Silence,
  SlowPing,
  Stall,
  Trace,
  TraceConnection,
  TraceStream,
} from '../../src/trace/index.ts';

/**
 * A trace written by hand, in seconds, so that the model is tested without a packet. It reads like the ticket:
 *
 *     trace()
 *       .client('c1').watch(7, { at: 1 })
 *       .upstream('u1').carries(7, 3).answers(3, 200, 1.1).retransmits(10, 20, 40).closes('rst', 'gateway', 92)
 *       .upstream('u2')
 *       .end(600)
 *
 * Verbs speak of the connection named last. Packet numbers, silences and what was heard last are worked out from what was said.
 */
export function trace(): TraceBuilder {
  return new TraceBuilder();
}

export type Speaker = 'client' | 'gateway' | 'upstream';

export interface LegOptions {
  /** `ip:port` of the end that connects, and of the end that accepts. */
  readonly from?: string;
  readonly to?: string;
  /** When it was opened. */
  readonly at?: number;
  /** It was open when the capture began: no handshake is seen. */
  readonly midway?: boolean;
}

export interface RequestOptions extends Partial<RequestFields> {
  readonly at?: number;
}

export interface CarryOptions {
  /** The client connection; the one named last where absent. */
  readonly of?: string;
  /** When the gateway passed it on; at once where absent. */
  readonly at?: number;
  readonly method?: JoinMethod;
  readonly matched?: number;
  readonly candidates?: number;
}

type Side = 0 | 1;
type Kind = 'client' | 'upstream';
type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type RefDraft = Mutable<Ref>;
interface PartnerDraft {
  readonly leg: LegDraft;
  readonly streamId: number;
  readonly method: JoinMethod;
  readonly nearerClient: boolean;
  readonly at: Ref;
  readonly matched: number;
  readonly candidates: number;
}
type StreamDraft = Omit<
  Mutable<TraceStream>,
  'index' | 'connection' | 'partners' | 'lastData' | 'longestPause' | 'ended' | 'windowSpent'
> & {
  readonly lastData: [Ref | null, Ref | null];
  readonly longestPause: [Pause | null, Pause | null];
  readonly ended: [Ref | null, Ref | null];
  readonly windowSpent: [Stall | null, Stall | null];
  readonly partners: PartnerDraft[];
};

const NS = 1e9;
/** How long anything takes from one connection of the gateway to the other. */
const HOP_SECONDS = 0.001;
/** Linux sends again for the first time after this. */
const FIRST_RTO_SECONDS = 0.2;
const SILENCE_NS = 10 * NS;
const FRAME_BYTES = 100;
const GATEWAY = '10.9.0.2';
const ICMP_PACKET = 9999;

const NO_FIELDS = {
  method: 'GET',
  path: '/',
  authority: 'kubernetes',
  userAgent: 'kubectl/v1.31',
  requestId: undefined,
  traceparent: undefined,
};

/** Numbers the packets of all connections in the order of their times, once all are known. */
class Clock {
  readonly #refs = new Map<string, RefDraft>();

  at(leg: LegDraft, side: Side, seconds: number): Ref {
    const timeNs = Math.round(seconds * NS);
    const key = `${leg.name} ${side} ${timeNs}`;
    const known = this.#refs.get(key);
    if (known !== undefined) return known;
    const ref = { file: 0, packet: 0, timeNs };
    this.#refs.set(key, ref);
    leg.packets.push({ side, ref });
    return ref;
  }

  number(): readonly Ref[] {
    const refs = [...this.#refs.values()].toSorted((a, b) => a.timeNs - b.timeNs);
    for (const [index, ref] of refs.entries()) ref.packet = index + 1;
    return refs;
  }
}

class LegDraft {
  readonly name: string;
  readonly kind: Kind;
  readonly endpoints: readonly [Endpoint, Endpoint];
  readonly packets: { readonly side: Side; readonly ref: Ref }[] = [];
  readonly streams: StreamDraft[] = [];
  readonly debts: Mutable<Debt>[] = [];
  readonly closes: Close[] = [];
  readonly goaways: Goaway[] = [];
  readonly slowPings: SlowPing[] = [];
  readonly icmpErrors: IcmpError[] = [];
  readonly marks: Mark[] = [];
  readonly flows: [Partial<Mutable<Flow>>, Partial<Mutable<Flow>>] = [{}, {}];
  readonly bytes: [number, number] = [0, 0];
  readonly pings: [number, number] = [0, 0];
  readonly pingsAnswered: [number, number] = [0, 0];
  openedAt = 0;
  syn: Ref | null = null;
  synAck: Ref | null = null;
  folded: TraceConnection['folded'] = { count: 0, byStatus: new Map() };
  changes: Partial<TraceConnection> = {};
  missing: Side | null = null;
  id = 0;

  constructor(name: string, kind: Kind, from: string, to: string) {
    this.name = name;
    this.kind = kind;
    this.endpoints = [endpoint(from), endpoint(to)];
  }

  side(who: Speaker): Side {
    if (who === 'gateway') return this.kind === 'client' ? 1 : 0;
    if (who !== this.kind) throw new Error(`${this.name} has no ${who}`);
    return who === 'client' ? 0 : 1;
  }

  get gateway(): Side {
    return this.side('gateway');
  }

  stream(id: number): StreamDraft {
    const found = this.streams.find((stream) => stream.id === id);
    if (found === undefined) throw new Error(`${this.name} has no stream ${id}`);
    return found;
  }

  mark(kind: MarkKind, by: Side, at: Ref): void {
    this.marks.push({ kind, by, from: at, to: at, count: 1 });
  }

  freeze(endNs: number): TraceConnection {
    const seen = this.packets
      .filter(({ side }) => side !== this.missing)
      .toSorted((a, b) => a.ref.timeNs - b.ref.timeNs);
    const first = seen[0]?.ref ?? { file: 0, packet: 0, timeNs: 0 };
    const { syn, synAck } = this;
    return {
      id: this.id,
      nth: this.id,
      endpoints: this.endpoints,
      first,
      last: seen.at(-1)?.ref ?? first,
      initialSeqs: [null, null],
      initialStamps: [null, null],
      isDecrypted: false,
      isBlanked: false,
      proxiedFor: null,
      tunnels: [],
      tls: null,
      inferred: null,
      asks: [],
      handshake: { by: syn === null && synAck === null ? null : 0, syn, synAck },
      localSide: null,
      closes: this.closes.filter(({ by }) => by !== this.missing).toSorted(byTime(({ at }) => at)),
      protocol: this.bytes[0] + this.bytes[1] > 0 ? 'h2' : 'unknown',
      flows: [this.#flow(0), this.#flow(1)],
      debts: this.debts.map((debt) => this.#debt(debt)).toSorted(byTime(({ firstElicit }) => firstElicit)),
      silences: silencesOf(
        seen.map(({ ref }) => ref),
        endNs,
      ),
      goaways: this.goaways,
      tlsAlerts: [],
      slowPings: this.slowPings,
      icmpErrors: this.icmpErrors,
      marks: this.marks.toSorted(byTime(({ from }) => from)),
      folded: this.folded,
      initialRttNs: null,
      ...this.changes,
    };
  }

  #flow(side: Side): Flow {
    const mine = this.packets.filter((packet) => packet.side === side && side !== this.missing);
    const refs = mine.map(({ ref }) => ref).toSorted(byTime((ref) => ref));
    const owed = this.debts.filter(({ owedBy }) => owedBy !== side);
    return {
      packets: refs.length,
      bytes: side === this.missing ? 0 : this.bytes[side],
      retransmissions: owed.reduce((sum, { elicits }) => sum + elicits.retransmissions, 0),
      keepAliveProbes: owed.reduce((sum, { elicits }) => sum + elicits.probes, 0),
      keepAliveAnswered: 0,
      keepAlive: null,
      roundTrips: null,
      pings: this.pings[side],
      pingsAnswered: this.pingsAnswered[side],
      lostByCapture: 0,
      gapBytes: 0,
      differingOverlaps: 0,
      snaplenBytes: 0,
      unread: [],
      first: refs[0] ?? null,
      last: refs.at(-1) ?? null,
      ttl: refs.length === 0 ? null : { min: 64, max: 64 },
      heardGaps: [],
      lastBurst: null,
      inFlightBytes: 0,
      windowProbes: 0,
      zeroWindowSince: null,
      windowSpent: null,
      ...this.flows[side],
    };
  }

  /** What the debtor was heard of, before and during the debt, follows from its packets. */
  #debt(debt: Debt): Debt {
    const { firstElicit, endAt, owedBy, attempts } = debt;
    const heard = this.packets
      .filter(({ side }) => side === owedBy && side !== this.missing)
      .map(({ ref }) => ref)
      .toSorted(byTime((ref) => ref));
    const endNs = endAt?.timeNs ?? Infinity;
    const during = heard.filter(({ timeNs }) => timeNs > firstElicit.timeNs && timeNs < endNs);
    return {
      ...debt,
      lastHeard: heard.findLast(({ timeNs }) => timeNs < firstElicit.timeNs) ?? null,
      heard: during.length,
      firstHeardDuring: during[0] ?? null,
      lastHeardDuring: during.at(-1) ?? null,
      triesAfterHeard: attempts.filter(({ timeNs }) => timeNs > (during[0]?.timeNs ?? Infinity)).length,
    };
  }
}

export class TraceBuilder {
  readonly #clock = new Clock();
  readonly #legs: LegDraft[] = [];
  #current: LegDraft | undefined;
  #client: LegDraft | undefined;

  /** A connection of a client to the gateway. */
  client(name: string, options: LegOptions = {}): this {
    const count = this.#count('client');
    const from = options.from ?? `10.9.1.2:${50_001 + count}`;
    const leg = this.#open(new LegDraft(name, 'client', from, options.to ?? `${GATEWAY}:80`), options);
    this.#client = leg;
    return this;
  }

  /** A connection of the gateway to an upstream; each to a server of its own where `to` does not say else. */
  upstream(name: string, options: LegOptions = {}): this {
    this.#open(this.#upstreamDraft(name, options), options);
    return this;
  }

  /** A SYN of the gateway to an upstream, and nothing else yet: `refused` or `sendsSynAgain` say what became of it. */
  attempt(name: string, options: LegOptions = {}): this {
    const leg = this.#add(this.#upstreamDraft(name, options), options.at ?? 0);
    leg.syn = this.#at(0, leg.openedAt);
    leg.mark('syn', 0, leg.syn);
    return this;
  }

  /** The connection named last is spoken of again. */
  on(name: string): this {
    const leg = this.#named(name);
    this.#current = leg;
    if (leg.kind === 'client') this.#client = leg;
    return this;
  }

  request(id: number, { at, ...fields }: RequestOptions = {}): this {
    const leg = this.#leg;
    const opened = this.#at(0, at ?? leg.openedAt + 0.1);
    leg.streams.push(streamDraft(id, opened, { ...NO_FIELDS, ...fields }));
    leg.mark('request', 0, opened);
    leg.bytes[0] += FRAME_BYTES;
    return this;
  }

  watch(id: number, options: RequestOptions = {}): this {
    return this.request(id, { path: '/api/v1/pods?watch=true', ...options });
  }

  list(id: number, options: RequestOptions = {}): this {
    return this.request(id, { path: '/api/v1/pods?limit=500', ...options });
  }

  exec(id: number, options: RequestOptions = {}): this {
    return this.request(id, { method: 'POST', path: '/api/v1/namespaces/default/pods/shell/exec', ...options });
  }

  /** A stream that was open when the capture began: nobody knows what it asked. */
  openStream(id: number, at: number): this {
    this.#leg.streams.push({ ...streamDraft(id, this.#at(1, at), null), sawRequest: false, askedBy: 0 });
    this.#leg.bytes[1] += FRAME_BYTES;
    return this;
  }

  /** Stream `far` of this upstream connection carries stream `near` of a client connection. */
  carries(near: number, far: number, options: CarryOptions = {}): this {
    const upstream = this.#leg;
    const client = options.of === undefined ? this.#client : this.#named(options.of);
    if (client === undefined || client === upstream) throw new Error('no client connection was named before');
    const asked = client.stream(near);
    const { method = 'request', matched = 1, candidates = 1 } = options;
    const at = this.#at(0, options.at ?? Math.max(asked.opened.timeNs / NS, upstream.openedAt) + HOP_SECONDS);
    const passedOn = streamDraft(far, at, asked.request);
    passedOn.sawRequest = asked.sawRequest;
    upstream.streams.push(passedOn);
    upstream.mark('request', 0, at);
    upstream.bytes[0] += FRAME_BYTES;
    const common = { method, at, matched, candidates };
    asked.partners.push({ ...common, leg: upstream, streamId: far, nearerClient: true });
    passedOn.partners.push({ ...common, leg: client, streamId: near, nearerClient: false });
    return this;
  }

  /** A CONNECT stream (RFC 9113 §8.5), and those that run in its tunnel: none where what runs there cannot be read. */
  connects(carrier: number, at: number, ...inner: readonly number[]): this {
    this.request(carrier, { method: 'CONNECT', path: null, at });
    for (const id of inner) this.#leg.stream(id).tunnel = carrier;
    this.#leg.stream(carrier).carries = inner.length > 0;
    return this;
  }

  /** Response headers; what an upstream answers, the gateway passes on. */
  answers(id: number, status: number | null, at: number): this {
    return this.#relayed(id, at, (leg, stream, ref) => {
      stream.status = status;
      stream.statusAt = ref;
      leg.mark('response', 1, ref);
    });
  }

  /** What the body of its error response says; passed on likewise. */
  says(id: number, reason: ErrorReason, at: number): this {
    return this.#relayed(id, at, (_leg, stream) => {
      stream.reason = reason;
    });
  }

  /** Response DATA at these times, passed on likewise. */
  events(id: number, ...times: readonly number[]): this {
    for (const at of times) {
      this.#relayed(id, at, (leg, stream, ref) => {
        stream.longestPause[1] = longerPause(stream.longestPause[1], stream.lastData[1], ref);
        stream.lastData[1] = ref;
        leg.mark('data', 1, ref);
      });
    }
    return this;
  }

  /** Request DATA of ten bytes at these times, on this connection only. */
  types(id: number, ...times: readonly number[]): this {
    const leg = this.#leg;
    const stream = leg.stream(id);
    for (const at of times) {
      const ref = this.#at(0, at);
      stream.longestPause[0] = longerPause(stream.longestPause[0], stream.lastData[0], ref);
      stream.lastData[0] = ref;
      stream.dataBytes = [stream.dataBytes[0] + 10, stream.dataBytes[1]];
      leg.bytes[0] += FRAME_BYTES;
      leg.mark('data', 0, ref);
    }
    return this;
  }

  /** The server ends the response, passed on likewise. */
  ends(id: number, at: number): this {
    return this.#relayed(id, at, (_leg, stream, ref) => {
      stream.ended[1] = ref;
    });
  }

  /** Headers 200, and the end: a complete response. */
  serves(id: number, at: number): this {
    return this.answers(id, 200, at).ends(id, at);
  }

  resetsStream(id: number, by: Speaker, at: number, errorCode = 2): this {
    const leg = this.#leg;
    const ref = this.#at(leg.side(by), at);
    leg.stream(id).reset = { by: leg.side(by), at: ref, errorCode };
    leg.mark('rst-stream', leg.side(by), ref);
    return this;
  }

  grpcStatus(id: number, status: string): this {
    this.#leg.stream(id).grpcStatus = status;
    return this;
  }

  /** Packets that say nothing but that their sender is there. */
  speaks(who: Speaker, ...times: readonly number[]): this {
    for (const at of times) this.#at(this.#leg.side(who), at);
    return this;
  }

  /** `who` leaves the other side without an answer: what was first sent at `since` is sent again at `tries`. */
  mute(who: Speaker, since: number, ...tries: readonly number[]): this {
    return this.#owes(who, since, tries, { data: 1, retransmissions: tries.length });
  }

  /** The gateway sends the same again and again, first 0.2 s after it was first sent. */
  retransmits(...tries: readonly number[]): this {
    return this.mute(this.#leg.kind, (tries[0] ?? 0) - FIRST_RTO_SECONDS, ...tries);
  }

  /** The gateway's keep-alive probes go unanswered. */
  probes(...times: readonly number[]): this {
    return this.#owes(this.#leg.kind, times[0] ?? 0, times, { probes: times.length });
  }

  /** The SYN of an attempt is sent again, in vain. */
  sendsSynAgain(...times: readonly number[]): this {
    const tries = [this.#leg.openedAt, ...times];
    for (const at of times) this.#leg.mark('syn', 0, this.#at(0, at));
    return this.#owes('upstream', this.#leg.openedAt, tries, { syns: tries.length });
  }

  /** The debt written last was answered. */
  answered(at: number): this {
    const debt = this.#lastDebt;
    debt.end = 'answered';
    debt.endAt = this.#at(debt.owedBy, at);
    return this;
  }

  /** The debt written last is of bytes that the capture shows acknowledged. */
  inVain(): this {
    this.#lastDebt.acknowledgedInVain = true;
    return this;
  }

  /** The attempt is answered by RST. */
  refused(at: number): this {
    const leg = this.#leg;
    const ref = this.#at(1, at);
    leg.closes.push({ kind: 'rst', by: 1, at: ref, accepted: true, answersSyn: true, ttl: 64 });
    leg.mark('rst', 1, ref);
    return this;
  }

  closes(kind: 'fin' | 'rst', by: Speaker, at: number, changes: Partial<Close> = {}): this {
    const leg = this.#leg;
    const ref = this.#at(leg.side(by), at);
    const close = { kind, by: leg.side(by), at: ref, accepted: true, answersSyn: false, ttl: 64, ...changes };
    leg.closes.push(close);
    leg.mark(kind, close.by, ref);
    if (kind === 'fin' || !close.accepted) return this;
    for (const debt of leg.debts) {
      if (debt.end === 'open' && debt.firstElicit.timeNs < ref.timeNs) Object.assign(debt, { end: 'rst', endAt: ref });
    }
    return this;
  }

  /** An ICMP error about a segment that `by` had sent; destination unreachable where nothing else is said. */
  icmpError(by: Speaker, at: number, type = 3, code = 1): this {
    // A packet of nobody on this connection, so that it is no sign of life.
    const ref = { file: 0, packet: ICMP_PACKET, timeNs: Math.round(at * NS) };
    this.#leg.icmpErrors.push({ about: this.#leg.side(by), at: ref, ipVersion: 4, type, code });
    return this;
  }

  goaway(by: Speaker, at: number, lastStreamId: number, errorCode = 0, debug = ''): this {
    const side = this.#leg.side(by);
    const ref = this.#at(side, at);
    this.#leg.goaways.push({ by: side, at: ref, lastStreamId, errorCode, debug });
    this.#leg.mark('goaway', side, ref);
    return this;
  }

  /** PINGs of the connection's client end, each answered at once. */
  pings(...times: readonly number[]): this {
    return this.#pingsOf(0, times);
  }

  /** The same of whom one likes. */
  pingsBy(who: Speaker, ...times: readonly number[]): this {
    return this.#pingsOf(this.#leg.side(who), times);
  }

  #pingsOf(side: Side, times: readonly number[]): this {
    const leg = this.#leg;
    const other = side === 0 ? 1 : 0;
    for (const at of times) {
      leg.mark('ping', side, this.#at(side, at));
      leg.mark('ping-ack', other, this.#at(other, at + HOP_SECONDS));
      leg.pings[side]++;
      leg.pingsAnswered[side]++;
    }
    return this;
  }

  /** A PING that is answered late. */
  pingAnsweredLate(by: Speaker, at: number, answered: number): this {
    const side = this.#leg.side(by);
    const sent = this.#at(side, at);
    this.#leg.slowPings.push({ by: side, sent, answered: this.#at(side === 0 ? 1 : 0, answered) });
    return this;
  }

  /** PINGs that are never answered. */
  pingsInVain(by: Speaker, ...times: readonly number[]): this {
    const side = this.#leg.side(by);
    for (const at of times) {
      const sent = this.#at(side, at);
      this.#leg.slowPings.push({ by: side, sent, answered: null });
      this.#leg.mark('ping', side, sent);
      this.#leg.pings[side]++;
    }
    return this;
  }

  /** Counters of one direction that no verb sets. */
  flow(who: Speaker, changes: Partial<Omit<Flow, 'zeroWindowSince'>> & { readonly zeroWindowAt?: number }): this {
    const { zeroWindowAt, ...rest } = changes;
    const side = this.#leg.side(who);
    const since = zeroWindowAt === undefined ? {} : { zeroWindowSince: this.#at(side, zeroWindowAt) };
    Object.assign(this.#leg.flows[side], { ...rest, ...since });
    return this;
  }

  /** Of what `who` said in that time the capture lacks some. */
  unread(who: Speaker, from: number, until: number): this {
    const side = this.#leg.side(who);
    const stretch = { fromNs: this.#at(side, from).timeNs, toNs: this.#at(side, until).timeNs };
    const { unread = [] } = this.#leg.flows[side];
    Object.assign(this.#leg.flows[side], { gapBytes: FRAME_BYTES, unread: [...unread, stretch] });
    return this;
  }

  /** `by` had spent the window of that stream, or of the whole connection, from `at` on, and until `until` if it was opened again. */
  spendsWindow(
    by: Speaker,
    at: number,
    { stream, until }: { readonly stream?: number; readonly until?: number },
  ): this {
    const leg = this.#leg;
    const side = leg.side(by);
    const reader = side === 0 ? 1 : 0;
    const stall = { from: this.#at(side, at), to: until === undefined ? null : this.#at(reader, until) };
    if (stream === undefined) leg.flows[side].windowSpent = stall;
    else leg.stream(stream).windowSpent[side] = stall;
    return this;
  }

  /** Finished requests that are no longer kept: one run from the first to the last. */
  folded(count: number, from: number, to: number): this {
    const leg = this.#leg;
    leg.folded = { count, byStatus: new Map([[200, count]]) };
    leg.marks.push({ kind: 'request', by: 0, from: this.#at(0, from), to: this.#at(0, to), count });
    leg.bytes[0] += count * FRAME_BYTES;
    return this;
  }

  /** The capture has no packet of that side. */
  unseen(who: Speaker): this {
    this.#leg.missing = this.#leg.side(who);
    return this;
  }

  /** Whatever no verb sets. */
  with(changes: Partial<TraceConnection>): this {
    this.#leg.changes = { ...this.#leg.changes, ...changes };
    return this;
  }

  /** The capture ends at this second. */
  end(seconds: number): Trace {
    const endNs = Math.round(seconds * NS);
    const refs = this.#clock.number();
    this.#legs.sort((a, b) => firstNs(a) - firstNs(b));
    for (const [id, leg] of this.#legs.entries()) leg.id = id;
    const packet = refs.filter(({ timeNs }) => timeNs <= endNs).length + 1;
    return {
      connections: this.#legs.map((leg) => leg.freeze(endNs)),
      streams: this.#legs
        .flatMap((leg) => leg.streams.map((stream) => ({ leg, stream })))
        .toSorted(byTime(({ stream }) => stream.opened))
        .map(({ leg, stream }, index) => frozenStream(index, leg, stream)),
      joins: joinsOf(this.#legs),
      first: refs[0] ?? null,
      last: refs.length === 0 ? null : { file: 0, packet, timeNs: endNs },
      files: [],
      undecoded: new Map(),
      unknownLinkTypes: new Map(),
      duplicates: 0,
      givenUp: { connections: 0, packets: 0, streams: 0, floods: [] },
      limits: [],
      askJoins: [],
      burstJoins: [],
      hasBareAcks: true,
      clockSteps: { count: 0, first: null },
    };
  }

  get #leg(): LegDraft {
    if (this.#current === undefined) throw new Error('no connection was named before');
    return this.#current;
  }

  get #lastDebt(): Mutable<Debt> {
    const debt = this.#leg.debts.at(-1);
    if (debt === undefined) throw new Error(`${this.#leg.name} owes nothing`);
    return debt;
  }

  #named(name: string): LegDraft {
    const leg = this.#legs.find((candidate) => candidate.name === name);
    if (leg === undefined) throw new Error(`no connection is called ${name}`);
    return leg;
  }

  #count(kind: Kind): number {
    return this.#legs.filter((leg) => leg.kind === kind).length;
  }

  #upstreamDraft(name: string, options: LegOptions): LegDraft {
    const count = this.#count('upstream');
    const from = options.from ?? `${GATEWAY}:${40_001 + count}`;
    return new LegDraft(name, 'upstream', from, options.to ?? `10.9.2.${2 + count}:8080`);
  }

  #add(leg: LegDraft, openedAt: number): LegDraft {
    leg.openedAt = openedAt;
    this.#legs.push(leg);
    this.#current = leg;
    return leg;
  }

  #open(draft: LegDraft, { at = 0, midway = false }: LegOptions): LegDraft {
    const leg = this.#add(draft, at);
    const first = this.#at(0, at);
    const second = this.#at(1, at + HOP_SECONDS);
    leg.bytes[0] += FRAME_BYTES;
    leg.bytes[1] += FRAME_BYTES;
    if (midway) return leg;
    leg.syn = first;
    leg.synAck = second;
    leg.mark('syn', 0, first);
    leg.mark('syn-ack', 1, second);
    return leg;
  }

  #at(side: Side, seconds: number): Ref {
    return this.#clock.at(this.#leg, side, seconds);
  }

  #owes(who: Speaker, since: number, tries: readonly number[], counts: Partial<Debt['elicits']>): this {
    const leg = this.#leg;
    const owedBy = leg.side(who);
    const by = owedBy === 0 ? 1 : 0;
    const firstElicit = this.#at(by, since);
    const attempts = tries.map((at) => this.#at(by, at));
    if (counts.probes === undefined && counts.syns === undefined)
      for (const attempt of attempts) leg.mark('retransmission', by, attempt);
    if (counts.probes !== undefined) for (const attempt of attempts) leg.mark('keep-alive', by, attempt);
    leg.debts.push({
      owedBy,
      lastHeard: null,
      firstElicit,
      lastElicit: attempts.at(-1) ?? firstElicit,
      elicits: { data: 0, retransmissions: 0, probes: 0, windowProbes: 0, syns: 0, fins: 0, ...counts },
      tries: tries.length,
      attempts: attempts.slice(0, 16),
      heard: 0,
      firstHeardDuring: null,
      lastHeardDuring: null,
      triesAfterHeard: 0,
      acknowledgedInVain: false,
      end: 'open',
      endAt: null,
    });
    return this;
  }

  /** Does it on the connection, and a hop later on the client connections whose streams this one carries. */
  #relayed(id: number, at: number, does: (leg: LegDraft, stream: StreamDraft, ref: Ref) => void): this {
    const leg = this.#leg;
    const stream = leg.stream(id);
    leg.bytes[1] += FRAME_BYTES;
    does(leg, stream, this.#at(1, at));
    for (const partner of stream.partners.filter(({ nearerClient }) => !nearerClient)) {
      const ref = this.#clock.at(partner.leg, 1, at + HOP_SECONDS);
      partner.leg.bytes[1] += FRAME_BYTES;
      does(partner.leg, partner.leg.stream(partner.streamId), ref);
    }
    return this;
  }
}

function streamDraft(id: number, opened: Ref, request: RequestFields | null): StreamDraft {
  return {
    tunnel: null,
    id,
    carries: false,
    askedBy: 0,
    request,
    opened,
    sawRequest: true,
    status: undefined,
    statusAt: null,
    reason: null,
    grpcStatus: undefined,
    dataBytes: [0, 0],
    lastData: [null, null],
    longestPause: [null, null],
    ended: [null, null],
    reset: null,
    windowSpent: [null, null],
    partners: [],
    timed: [],
  };
}

function longerPause(known: Pause | null, from: Ref | null, { timeNs: toNs }: Ref): Pause | null {
  if (from === null || (known !== null && known.toNs - known.from.timeNs >= toNs - from.timeNs)) return known;
  return { from, toNs };
}

function frozenStream(index: number, leg: LegDraft, { partners, ...stream }: StreamDraft): TraceStream {
  return {
    ...stream,
    index,
    connection: leg.id,
    partners: partners.map(({ leg: other, ...partner }) => ({
      ...partner,
      tunnel: other.stream(partner.streamId).tunnel,
      connection: other.id,
    })),
  };
}

function joinsOf(legs: readonly LegDraft[]): Join[] {
  const tallies = new Map<string, Mutable<Join>>();
  for (const near of legs) {
    for (const stream of near.streams) {
      for (const { leg: far, streamId, method, nearerClient, at, candidates } of stream.partners) {
        if (!nearerClient) continue;
        const key = `${near.id} ${far.id} ${method}`;
        const tally = tallies.get(key) ?? {
          near: near.id,
          far: far.id,
          method,
          streams: 0,
          unambiguous: 0,
          samples: [],
          first: at,
          last: at,
        };
        tally.streams++;
        if (candidates === 1) tally.unambiguous++;
        tally.samples = [...tally.samples, [stream.id, streamId]];
        tally.last = at;
        tallies.set(key, tally);
      }
    }
  }
  return [...tallies.values()];
}

function silencesOf(seen: readonly Ref[], endNs: number): Silence[] {
  const silences: Silence[] = [];
  for (const [index, from] of seen.entries()) {
    const to = seen[index + 1] ?? null;
    if ((to?.timeNs ?? endNs) - from.timeNs > SILENCE_NS) silences.push({ from, to });
  }
  return silences;
}

function firstNs(leg: LegDraft): number {
  return Math.min(...leg.packets.map(({ ref }) => ref.timeNs));
}

function byTime<T>(at: (item: T) => Ref): (a: T, b: T) => number {
  return (a, b) => at(a).timeNs - at(b).timeNs;
}

function endpoint(text: string): Endpoint {
  const colon = text.lastIndexOf(':');
  return { ip: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}
