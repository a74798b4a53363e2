import type { Moment } from '../../src/capture/index.ts';
import { FLAG, type Segment } from '../../src/decode/index.ts';
import type { KeptFields } from '../../src/http/index.ts';
import { type ConnectionFacts, DID, isResent, LABEL, otherSide, type Side } from '../../src/tcp/index.ts';
import { endpointText } from '../../src/trace/addresses.ts';
import { PARTNERS_MAX } from '../../src/trace/limits.ts';
import type {
  Close,
  Debt,
  Flow,
  Mark,
  MarkKind,
  Partner,
  Pause,
  Ref,
  Silence,
  Step,
  Trace,
  TraceConnection,
  TraceStream,
  Unread,
} from '../../src/trace/index.ts';

const SECOND = 1e9;
const SILENCE_NS = 10 * SECOND;
const KEPT_NS = SECOND;
const KEPT_TRIES = 3;
const LATE_NS = 60 * SECOND;
/** Nobody who was not answered waits for longer: tcp_retries2 gives up after 924.6 s. */
const LAST_NS = 16 * 60 * SECOND;
const SOON_NS = SECOND;
const AT_ONCE_NS = 0.1 * SECOND;

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Packet {
  readonly at: Ref;
  readonly side: Side;
  readonly labels: number;
  readonly did: number;
  readonly flags: number;
  readonly ttl: number;
  readonly seq: number;
  readonly ack: number;
}

interface Frame {
  readonly at: Ref;
  readonly side: Side;
  readonly kind: MarkKind;
}

interface Asked extends Mutable<TraceStream> {
  partners: Partner[];
  open: boolean;
  passedOn: boolean;
  forwarded: boolean;
}

interface Owed {
  kind: 'nothing' | 'any' | 'ack' | 'vain';
  debt: Omit<Mutable<Debt>, 'attempts' | 'elicits'> & { attempts: Ref[]; elicits: Mutable<Debt['elicits']> };
  previousTry: Ref | null;
}

/**
 * The recorder as one would write it without a thought for memory: every packet and every frame is kept, and the trace is worked out
 * from them in the end by going through all of them. The real one must give the same answers.
 */
export class NaiveRecorder {
  readonly #moment: Moment;
  readonly #tcp: ConnectionFacts;
  readonly #packets: Packet[][] = [];
  readonly #frames: Frame[][] = [];
  readonly #streams: Asked[] = [];
  readonly #acknowledging = { bare: 0, withPayload: 0 };
  readonly #all: Ref[] = [];

  constructor(moment: Moment, tcp: ConnectionFacts) {
    this.#moment = moment;
    this.#tcp = tcp;
  }

  packet(): void {
    this.#all.push(this.#now());
  }

  segment(connection: number, side: Side, labels: number, did: number, segment: Segment): void {
    const { flags, ttl, seq, ack, payloadBytes } = segment;
    if (payloadBytes > 0) this.#acknowledging.withPayload++;
    else if ((flags & (FLAG.syn | FLAG.fin | FLAG.rst)) === 0) this.#acknowledging.bare++;
    (this.#packets[connection] ??= []).push({ at: this.#now(), side, labels, did, flags, ttl, seq, ack });
  }

  headers(connection: number, side: Side, id: number, fields: KeptFields, endStream: boolean): void {
    const stream = this.#streamOf(connection, id, fields.method !== undefined, side);
    if (fields.method !== undefined && stream.request === null) this.#ask(stream, side, fields);
    else if (fields.status !== undefined) {
      stream.askedBy ??= otherSide(side);
      stream.status = fields.status;
      stream.statusAt = this.#now();
      this.#frame(connection, side, 'response');
    }
    if (endStream) this.#end(stream, side);
  }

  data(connection: number, side: Side, id: number, dataBytes: number, endStream: boolean): void {
    const stream = this.#streamOf(connection, id, false, side);
    this.#frame(connection, side, 'data');
    if (dataBytes > 0) {
      const last = stream.lastData[side];
      const longest = stream.longestPause[side];
      const now = this.#now();
      const longestNs = longest === null ? 0 : longest.toNs - longest.from.timeNs;
      if (last !== null && now.timeNs - last.timeNs > longestNs)
        stream.longestPause = replaced<Pause | null>(stream.longestPause, side, { from: last, toNs: now.timeNs });
      stream.dataBytes = replaced(stream.dataBytes, side, stream.dataBytes[side] + dataBytes);
      stream.lastData = replaced<Ref | null>(stream.lastData, side, now);
    }
    if (endStream) this.#end(stream, side);
  }

  rstStream(connection: number, side: Side, id: number, errorCode: number): void {
    this.#frame(connection, side, 'rst-stream');
    const stream = this.#streams.find((each) => each.open && each.connection === connection && each.id === id);
    if (stream === undefined) return;
    stream.reset = { by: side, at: this.#now(), errorCode };
    stream.open = false;
  }

  finish(): Trace {
    const endNs = Math.max(...this.#all.map(({ timeNs }) => timeNs));
    const streams = this.#streams.map((stream, index): TraceStream => ({ ...stream, index }));
    return {
      connections: this.#packets.map((packets, id) => this.#connection(id, packets, endNs)),
      streams: streams
        .toSorted((a, b) => a.opened.timeNs - b.opened.timeNs || a.opened.packet - b.opened.packet)
        .map((stream, index) => ({ ...stream, index })),
      joins: this.#joins(),
      first: this.#all.reduce((a, b) => (b.timeNs < a.timeNs ? b : a)),
      last: this.#all.reduce((a, b) => (b.timeNs >= a.timeNs ? b : a)),
      files: [],
      undecoded: new Map(),
      unknownLinkTypes: new Map(),
      duplicates: 0,
      askJoins: [],
      burstJoins: [],
      hasBareAcks: this.#acknowledging.bare > 0 && this.#acknowledging.withPayload <= 64 * this.#acknowledging.bare,
      clockSteps: { count: 0, first: null },
      givenUp: { connections: 0, packets: 0, streams: 0, floods: [] },
      limits: [],
    };
  }

  #now(): Ref {
    return { file: this.#moment.file, packet: this.#moment.packet, timeNs: this.#moment.ns[0] ?? 0 };
  }

  #frame(connection: number, side: Side, kind: MarkKind): void {
    (this.#frames[connection] ??= []).push({ at: this.#now(), side, kind });
  }

  #streamOf(connection: number, id: number, sawRequest: boolean, side: Side): Asked {
    const known = this.#streams.find((each) => each.open && each.connection === connection && each.id === id);
    if (known !== undefined) return known;
    const stream: Asked = {
      index: 0,
      connection,
      tunnel: null,
      id,
      carries: false,
      askedBy: sawRequest ? side : null,
      request: null,
      opened: this.#now(),
      sawRequest,
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
      open: true,
      passedOn: false,
      forwarded: false,
    };
    this.#streams.push(stream);
    return stream;
  }

  #end(stream: Asked, side: Side): void {
    stream.ended = replaced<Ref | null>(stream.ended, side, stream.ended[side] ?? this.#now());
    if (stream.ended[0] !== null && stream.ended[1] !== null) stream.open = false;
  }

  #ask(stream: Asked, side: Side, { method, path, authority, userAgent, requestId, traceparent }: KeptFields): void {
    this.#frame(stream.connection, side, 'request');
    stream.askedBy = side;
    stream.request = { method: method ?? null, path: path ?? null, authority, userAgent, requestId, traceparent };
    if (requestId != null) this.#join(stream, 'request-id');
    if (!stream.forwarded && path != null) this.#join(stream, 'request');
  }

  /** All earlier requests that are still open are looked at: the best of them, the oldest of equals, is the one that is passed on. */
  #join(far: Asked, method: 'request-id' | 'request'): void {
    const ranked = this.#streams
      .filter((near) => near !== far && near.open && near.request !== null)
      .map((near) => ({ near, rank: this.#rank(near, far, method) }))
      .filter(({ rank }) => rank > 0);
    const best = Math.max(0, ...ranked.map(({ rank }) => rank));
    const fitting = ranked.filter(({ rank }) => rank === best);
    const [first] = fitting;
    if (first === undefined) return;
    const { near } = first;
    const common = { method, at: this.#now(), matched: 1, candidates: fitting.length };
    near.passedOn = true;
    far.forwarded = true;
    // A documented bound, which a gateway that tries again and again reaches.
    if (near.partners.length < PARTNERS_MAX)
      near.partners.push({ ...common, connection: far.connection, tunnel: null, streamId: far.id, nearerClient: true });
    far.partners.push({ ...common, connection: near.connection, tunnel: null, streamId: near.id, nearerClient: false });
  }

  #rank(near: Asked, far: Asked, method: 'request-id' | 'request'): number {
    const [a, b] = [near.request, far.request];
    if (a === null || b === null || near.connection === far.connection || a.method !== b.method) return 0;
    if (method === 'request-id' ? a.requestId !== b.requestId : a.path !== b.path || a.userAgent !== b.userAgent)
      return 0;
    const ageNs = (this.#moment.ns[0] ?? 0) - near.opened.timeNs;
    if (ageNs >= (near.status === undefined ? LAST_NS : LATE_NS) && !near.passedOn) return 0;
    const asker = endpointText(this.#tcp, near.connection, near.askedBy ?? 0);
    const receiver = endpointText(this.#tcp, near.connection, otherSide(near.askedBy ?? 0));
    const sender = endpointText(this.#tcp, far.connection, far.askedBy ?? 0);
    const server = endpointText(this.#tcp, far.connection, otherSide(far.askedBy ?? 0));
    const fitting = receiver.ip === sender.ip;
    // Two clients of one socket, or one client of two servers: nobody passed anything on.
    if (receiver.ip === server.ip && receiver.port === server.port) return 0;
    if (!fitting && (asker.ip === sender.ip || near.passedOn || near.forwarded)) return 0;
    return 1 + (near.passedOn ? 0 : 8) + (ageNs < SOON_NS ? 4 : 0) + (fitting ? 2 : 0) + (ageNs < AT_ONCE_NS ? 1 : 0);
  }

  #joins(): Trace['joins'] {
    const pairs = this.#streams.flatMap((near) =>
      near.partners.filter(({ nearerClient }) => nearerClient).map((partner) => ({ near, partner })),
    );
    const keys = new Set(
      pairs.map(({ near, partner }) => `${near.connection} ${partner.connection} ${partner.method}`),
    );
    return [...keys].map((key) => {
      const [near, far, method] = key.split(' ');
      const of = pairs.filter(
        (pair) =>
          pair.near.connection === Number(near) &&
          pair.partner.connection === Number(far) &&
          pair.partner.method === method,
      );
      const ats = of.map(({ partner }) => partner.at);
      const [first] = ats;
      if (first === undefined) throw new Error('a pair that is none');
      return {
        near: Number(near),
        far: Number(far),
        method: method === 'request' ? ('request' as const) : ('request-id' as const),
        streams: of.length,
        unambiguous: of.filter(({ partner }) => partner.candidates === 1).length,
        samples: of.slice(0, 16).map((pair) => [pair.near.id, pair.partner.streamId] as const),
        first,
        last: ats.at(-1) ?? first,
      };
    });
  }

  #connection(id: number, packets: readonly Packet[], endNs: number): TraceConnection {
    const refs = packets.map(({ at }) => at);
    const [first] = refs;
    const last = refs.reduce((a, b) => (b.timeNs >= a.timeNs ? b : a));
    if (first === undefined) throw new Error('a connection without packets');
    const syn = packets.find(({ flags }) => (flags & FLAG.syn) !== 0 && (flags & FLAG.ack) === 0);
    const synAck = packets.find(({ flags }) => (flags & FLAG.syn) !== 0 && (flags & FLAG.ack) !== 0);
    const by = syn?.side ?? (synAck === undefined ? null : otherSide(synAck.side));
    return {
      id,
      nth: id,
      endpoints: [endpointText(this.#tcp, id, 0), endpointText(this.#tcp, id, 1)],
      first,
      last,
      initialSeqs: [null, null],
      initialStamps: [null, null],
      isDecrypted: false,
      isBlanked: false,
      proxiedFor: null,
      tunnels: [],
      tls: null,
      inferred: null,
      asks: [],
      handshake: { by, syn: syn?.at ?? null, synAck: synAck?.at ?? null },
      localSide: null,
      closes: closesOf(packets),
      protocol: 'h2',
      flows: [this.#flow(id, 0, packets, endNs), this.#flow(id, 1, packets, endNs)],
      debts: debtsOf(packets, this.#now()),
      silences: silencesOf(refs, endNs),
      goaways: [],
      tlsAlerts: [],
      slowPings: [],
      icmpErrors: [],
      marks: this.#marks(id, packets),
      folded: { count: 0, byStatus: new Map() },
      initialRttNs: null,
    };
  }

  #marks(id: number, packets: readonly Packet[]): Mark[] {
    const frames = this.#frames[id] ?? [];
    return [...packets.flatMap(framesOf), ...frames]
      .map(({ kind, side, at }): Mark => ({ kind, by: side, from: at, to: at, count: 1 }))
      .toSorted((a, b) => a.from.timeNs - b.from.timeNs || a.from.packet - b.from.packet);
  }

  #flow(id: number, side: Side, packets: readonly Packet[], endNs: number): Flow {
    const own = packets.filter((packet) => packet.side === side);
    const tcp = this.#tcp;
    return {
      packets: own.length,
      bytes: tcp.payloadBytes(id, side),
      retransmissions: tcp.retransmissions(id, side),
      keepAliveProbes: tcp.keepAliveProbes(id, side),
      windowProbes: tcp.windowProbes(id, side),
      keepAliveAnswered: tcp.keepAlivesAnswered(id, side),
      keepAlive: null,
      roundTrips: null,
      pings: 0,
      pingsAnswered: 0,
      lostByCapture: 0,
      gapBytes: 0,
      differingOverlaps: 0,
      snaplenBytes: 0,
      unread: neverSeen(packets, side),
      first: own[0]?.at ?? null,
      last: own.at(-1)?.at ?? null,
      ttl: { min: 64, max: 64 },
      heardGaps: gapsOf(own, endNs),
      lastBurst: null,
      inFlightBytes: tcp.bytesInFlight(id, side),
      zeroWindowSince: null,
      windowSpent: null,
    };
  }
}

function replaced<T>(pair: readonly [T, T], side: Side, value: T): [T, T] {
  return side === 0 ? [value, pair[1]] : [pair[0], value];
}

function framesOf({ at, side, flags, labels, did }: Packet): Frame[] {
  const answer = (flags & FLAG.ack) !== 0;
  if ((flags & FLAG.rst) !== 0) return [{ at, side, kind: 'rst' }];
  if ((flags & FLAG.syn) !== 0) return [{ at, side, kind: answer ? 'syn-ack' : 'syn' }];
  if ((flags & FLAG.fin) !== 0) return [{ at, side, kind: 'fin' }];
  if (isResent(labels, did)) return [{ at, side, kind: 'retransmission' }];
  if ((labels & LABEL.keepAlive) !== 0) return [{ at, side, kind: 'keep-alive' }];
  return (labels & LABEL.keepAliveAck) !== 0 ? [{ at, side, kind: 'keep-alive-ack' }] : [];
}

function closesOf(packets: readonly Packet[]): Close[] {
  const closes: Close[] = [];
  for (const [i, { flags, side, at, did, ttl, seq }] of packets.entries()) {
    const accepted = (did & DID.rstInWindow) !== 0 && !isRefuted(side, seq, at, packets.slice(i + 1));
    if ((flags & FLAG.rst) !== 0) closes.push({ kind: 'rst', by: side, at, accepted, answersSyn: false, ttl });
    else if ((flags & FLAG.fin) !== 0 && !closes.some(({ kind, by }) => kind === 'fin' && by === side))
      closes.push({ kind: 'fin', by: side, at, accepted: true, answersSyn: false, ttl });
  }
  return closes;
}

/** Whether what followed a RST, which stood where the peer expected it, shows that the peer did not accept it. */
function isRefuted(by: Side, seq: number, { timeNs }: Ref, after: readonly Packet[]): boolean {
  const late = (packet: Packet): boolean => (packet.flags & FLAG.rst) === 0 && packet.at.timeNs - timeNs > 1e9;
  const wentOn = after.findIndex((packet) => packet.side === by && late(packet));
  return after.some(
    (packet, i) =>
      packet.side !== by &&
      (packet.flags & (FLAG.rst | FLAG.ack)) === FLAG.ack &&
      (packet.ack - seq > 0 || (late(packet) && wentOn >= 0 && i > wentOn)),
  );
}

function silencesOf(refs: readonly Ref[], endNs: number): Silence[] {
  return refs.flatMap((from, i): Silence[] => {
    const to = refs[i + 1] ?? null;
    return (to?.timeNs ?? endNs) - from.timeNs > SILENCE_NS ? [{ from, to }] : [];
  });
}

/** From this side's last bytes until when the other side acknowledged what is not in the capture, with nothing of this side's after it. */
function neverSeen(packets: readonly Packet[], side: Side): Unread[] {
  const lost = packets.findLastIndex((packet) => packet.side !== side && (packet.labels & LABEL.ackLostSegment) !== 0);
  const isLate = packets.slice(lost + 1).some((packet) => packet.side === side && (packet.did & DID.payload) !== 0);
  const until = isLate ? undefined : packets[lost];
  if (until === undefined) return [];
  const read = packets.findLast((packet) => packet.side === side && (packet.did & DID.payload) !== 0) ?? packets[0];
  return [{ fromNs: read?.at.timeNs ?? 0, toNs: until.at.timeNs }];
}

/** Every gap of a side, not the longest only. */
function gapsOf(own: readonly Packet[], endNs: number): Step[] {
  return own.map(({ at, did }, i) => ({
    from: at,
    gapNs: (own[i + 1]?.at.timeNs ?? endNs) - at.timeNs,
    inFlight: (did & DID.ackedAll) === 0,
  }));
}

/** Each side's debts, from all packets in order; those worth keeping, and those still open. `captureEnd`: the capture's last packet, whosever it is. */
function debtsOf(packets: readonly Packet[], captureEnd: Ref): Debt[] {
  const kept: Debt[] = [];
  const owed = [begun(1), begun(0)] as const;
  const lastSent: [Ref | null, Ref | null] = [null, null];
  const close = (row: Owed, end: Debt['end'], endAt: Ref | null): void => {
    const { debt } = row;
    const isVain = row.kind === 'vain';
    row.kind = 'nothing';
    const long = (endAt?.timeNs ?? Infinity) - debt.firstElicit.timeNs >= KEPT_NS;
    if (isVain ? debt.tries >= KEPT_TRIES : long || debt.tries >= KEPT_TRIES)
      kept.push({
        ...debt,
        elicits: { ...debt.elicits },
        attempts: [...debt.attempts].slice(0, 16),
        acknowledgedInVain: isVain,
        end,
        endAt,
      });
  };
  for (const packet of packets) {
    const { side, did, at } = packet;
    const own = owed[side];
    const other = owed[otherSide(side)];
    if ((did & DID.rstInWindow) !== 0) {
      for (const row of [own, other]) if (row.kind !== 'nothing') close(row, 'rst', at);
    } else {
      if (other.kind !== 'nothing') hear(other, packet, close);
      if (own.kind === 'vain') settleVain(own, did, at.timeNs, close, at);
      if ((did & DID.elicit) !== 0) elicit(own, packet, lastSent[otherSide(side)]);
    }
    lastSent[side] = at;
  }
  for (const row of owed) {
    // A creditor of acknowledged bytes that has long stopped trying was heard, whoever else went on.
    if (row.kind === 'vain') settleVain(row, 0, captureEnd.timeNs, close, captureEnd);
    if (row.kind !== 'nothing') close(row, 'open', null);
  }
  return kept.toSorted(
    (a, b) => a.firstElicit.timeNs - b.firstElicit.timeNs || a.firstElicit.packet - b.firstElicit.packet,
  );
}

const NOWHERE: Ref = { file: 0, packet: 0, timeNs: 0 };

function begun(owedBy: Side): Owed {
  return {
    kind: 'nothing',
    previousTry: null,
    debt: {
      owedBy,
      lastHeard: null,
      firstElicit: NOWHERE,
      lastElicit: NOWHERE,
      elicits: { data: 0, retransmissions: 0, probes: 0, windowProbes: 0, syns: 0, fins: 0 },
      tries: 0,
      attempts: [],
      heard: 0,
      firstHeardDuring: null,
      lastHeardDuring: null,
      triesAfterHeard: 0,
      acknowledgedInVain: false,
      end: 'open',
      endAt: null,
    },
  };
}

type CloseDebt = (row: Owed, end: Debt['end'], endAt: Ref | null) => void;

function hear(row: Owed, { did, flags, at }: Packet, close: CloseDebt): void {
  const answered = row.kind === 'any' ? (flags & FLAG.rst) === 0 : row.kind === 'ack' && (did & DID.ackAdvanced) !== 0;
  if (answered) {
    close(row, 'answered', at);
    return;
  }
  row.debt.heard++;
  row.debt.firstHeardDuring ??= at;
  row.debt.lastHeardDuring = at;
}

function settleVain(row: Owed, did: number, nowNs: number, close: CloseDebt, at: Ref): void {
  const lastNs = row.debt.lastElicit.timeNs;
  const overdueNs = Math.max(4 * (lastNs - (row.previousTry?.timeNs ?? 0)), 2 * SECOND);
  if ((did & DID.newData) !== 0 || nowNs - lastNs > overdueNs) close(row, 'answered', at);
}

/** Something is sent that obliges the other side to answer (docs/decisions/0003). */
function elicit(row: Owed, { labels, did, flags, at }: Packet, heardBefore: Ref | null): void {
  const resent = isResent(labels, did);
  const isKeepAlive = (labels & LABEL.keepAlive) !== 0;
  const isProbe = isKeepAlive || (labels & LABEL.zeroWindowProbe) !== 0;
  const isSyn = (flags & FLAG.syn) !== 0;
  if (resent || isProbe || (did & DID.inFlight) !== 0) {
    if (row.kind === 'nothing') open(row, at, heardBefore, labels, resent);
    else if (row.kind === 'any' && !isProbe) row.kind = 'ack';
    const { debt } = row;
    const what = isKeepAlive
      ? 'probes'
      : isSyn
        ? 'syns'
        : resent
          ? 'retransmissions'
          : isProbe
            ? 'windowProbes'
            : 'data';
    debt.elicits[what === 'data' && (flags & FLAG.fin) !== 0 ? 'fins' : what]++;
    row.previousTry = debt.lastElicit;
    if (resent || isProbe || isSyn) {
      debt.tries++;
      if (debt.heard > 0) debt.triesAfterHeard++;
      debt.attempts.push(at);
    }
  } else if (row.kind === 'nothing') {
    row.debt.lastHeard = heardBefore;
  }
  row.debt.lastElicit = at;
}

function open(row: Owed, at: Ref, heardBefore: Ref | null, labels: number, resent: boolean): void {
  const { lastElicit, lastHeard, owedBy } = row.debt;
  const isProbe = (labels & (LABEL.keepAlive | LABEL.zeroWindowProbe)) !== 0;
  const isVain = resent && (labels & LABEL.spuriousRetransmission) !== 0;
  row.kind = isProbe ? 'any' : isVain ? 'vain' : 'ack';
  row.debt = begun(owedBy).debt;
  const sentBefore = isVain && lastElicit.packet !== 0;
  row.debt.lastElicit = sentBefore ? lastElicit : at;
  row.debt.firstElicit = sentBefore ? lastElicit : at;
  row.debt.lastHeard = sentBefore ? lastHeard : heardBefore;
}
