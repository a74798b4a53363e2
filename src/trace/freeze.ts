import type { ConnectionFacts, Side } from '../tcp/index.ts';
import { endpointText } from './addresses.ts';
import type { Books } from './books.ts';
import type { Gathered } from './gathered.ts';
import { SILENCE_NS } from './limits.ts';
import type { MarkBook } from './marks.ts';
import type { Flow, Handshake, Mark, Ref, Trace, TraceConnection, TraceStream } from './model.ts';
import { later, sooner } from './ref-table.ts';
import { FIRST_SENT, LAST_SENT } from './sent.ts';

/** A connection is made by its first packet, so that this is never told. */
const NOWHERE: Ref = { file: 0, packet: 0, timeNs: 0 };

/**
 * Makes the trace of the books. Connection numbers may have been used again: in the trace connections are numbered in the order of
 * their first packets, without holes.
 * @param lastNs when the capture's last packet was
 */
export function freeze(
  books: Books,
  lastNs: number,
): Pick<Trace, 'connections' | 'streams' | 'joins' | 'burstJoins' | 'askJoins'> {
  const { tcp } = books;
  const numbers = [...books.gathered.keys()]
    .filter((connection) => books.gathered[connection] !== undefined)
    .sort((a, b) => tcp.nth(a) - tcp.nth(b));
  const ids = new Map(numbers.map((connection, id) => [connection, id]));
  const idOf = (connection: number, nth: number): number | undefined =>
    tcp.nth(connection) === nth ? ids.get(connection) : undefined;
  return {
    connections: numbers.flatMap((connection, id) => {
      const gathered = books.gathered[connection];
      return gathered === undefined ? [] : [new FrozenConnection(books, gathered, connection, id, lastNs, idOf)];
    }),
    streams: frozenStreams(books, idOf),
    joins: books.joins.all(idOf),
    burstJoins: books.bursts.all(idOf),
    askJoins: books.asks.all(idOf),
  };
}

function frozenStreams(
  { streams, credit }: Books,
  idOf: (connection: number, nth: number) => number | undefined,
): TraceStream[] {
  const initialBytesOf = (connection: number, side: Side): number => credit.initialBytes(connection, side);
  const frozen = Array.from(streams.all(), (stream) => stream.freeze(idOf, initialBytesOf));
  frozen.sort(
    (a, b) =>
      a.opened.timeNs - b.opened.timeNs ||
      a.opened.packet - b.opened.packet ||
      a.connection - b.connection ||
      (a.tunnel ?? 0) - (b.tunnel ?? 0) ||
      a.id - b.id,
  );
  for (const [index, stream] of frozen.entries()) stream.index = index;
  return frozen;
}

/** A class, not a literal with a getter: of that each one would have a hidden class of its own. */
class FrozenConnection implements TraceConnection {
  readonly id: number;
  readonly nth: number;
  readonly endpoints: TraceConnection['endpoints'];
  readonly proxiedFor: TraceConnection['proxiedFor'];
  readonly first: Ref;
  readonly last: Ref;
  readonly initialSeqs: TraceConnection['initialSeqs'];
  readonly initialStamps: TraceConnection['initialStamps'];
  readonly handshake: Handshake;
  readonly localSide: TraceConnection['localSide'];
  readonly closes: TraceConnection['closes'];
  readonly protocol: TraceConnection['protocol'];
  readonly isDecrypted: boolean;
  readonly isBlanked: boolean;
  readonly tunnels: TraceConnection['tunnels'];
  readonly tls: TraceConnection['tls'];
  readonly inferred: TraceConnection['inferred'];
  readonly asks: TraceConnection['asks'];
  readonly flows: TraceConnection['flows'];
  readonly debts: TraceConnection['debts'];
  readonly silences: TraceConnection['silences'];
  readonly goaways: TraceConnection['goaways'];
  readonly tlsAlerts: TraceConnection['tlsAlerts'];
  readonly slowPings: TraceConnection['slowPings'];
  readonly icmpErrors: TraceConnection['icmpErrors'];
  readonly folded: TraceConnection['folded'];
  readonly initialRttNs: number | null;
  readonly #marks: MarkBook;
  readonly #number: number;

  constructor(
    books: Books,
    gathered: Gathered,
    connection: number,
    id: number,
    lastNs: number,
    idOf: (connection: number, nth: number) => number | undefined,
  ) {
    const { tcp } = books;
    const { syn, synAck, synBy } = gathered;
    this.id = id;
    this.nth = tcp.nth(connection);
    this.endpoints = [endpointText(tcp, connection, 0), endpointText(tcp, connection, 1)];
    this.proxiedFor = gathered.proxiedFor;
    this.flows = [
      frozenFlow(books, gathered, connection, 0, lastNs),
      frozenFlow(books, gathered, connection, 1, lastNs),
    ];
    const [zero, one] = this.flows;
    this.first = sooner(zero.first, one.first) ?? NOWHERE;
    this.last = later(zero.last, one.last) ?? NOWHERE;
    if (lastNs - this.last.timeNs > SILENCE_NS) gathered.silence({ from: this.last, to: null });
    this.initialSeqs = [initialSeq(tcp, connection, 0), initialSeq(tcp, connection, 1)];
    this.initialStamps = [books.notes.initialStamp(connection, 0), books.notes.initialStamp(connection, 1)];
    this.handshake = { by: synBy, syn, synAck };
    this.localSide = books.notes.localSide(connection);
    this.closes = gathered.closes;
    this.protocol = gathered.protocol;
    this.isDecrypted = gathered.isDecrypted;
    this.isBlanked = gathered.isBlanked && gathered.protocol === 'unknown';
    this.tunnels = books.tunnels.of(connection);
    this.tls = gathered.tls;
    this.inferred = gathered.protocol === 'tls' && !gathered.isDecrypted ? books.shapes.of(connection) : null;
    this.asks = books.asks.of(connection, idOf);
    this.debts = books.debts.finish(connection);
    this.silences = gathered.silences;
    this.goaways = gathered.goaways;
    this.tlsAlerts = gathered.tlsAlerts;
    this.slowPings = [...gathered.slowPings, ...books.pings.unanswered(connection)];
    this.icmpErrors = gathered.icmpErrors;
    this.folded = books.streams.totals(connection);
    this.initialRttNs = nullForNaN(tcp.initialRttNs(connection));
    this.#marks = books.marks;
    this.#number = connection;
  }

  /** Read from the pool each time: as objects the marks of ten thousand connections would be most of the trace. */
  get marks(): readonly Mark[] {
    return this.#marks.of(this.#number);
  }
}

function nullForNaN(value: number): number | null {
  return Number.isNaN(value) ? null : value;
}

function frozenFlow(books: Books, gathered: Gathered, connection: number, side: Side, lastNs: number): Flow {
  const row = 2 * connection + side;
  const { tcp, notes, sent } = books;
  const pings = books.pings.counts(connection, side);
  const last = sent.get(row, LAST_SENT);
  return {
    packets: tcp.packets(connection, side),
    bytes: tcp.payloadBytes(connection, side),
    retransmissions: tcp.retransmissions(connection, side),
    keepAliveProbes: tcp.keepAliveProbes(connection, side),
    keepAliveAnswered: tcp.keepAlivesAnswered(connection, side),
    windowProbes: tcp.windowProbes(connection, side),
    keepAlive: books.keepAlives.finish(row, sent),
    roundTrips: books.roundTrips.of(connection, side),
    pings: pings.sent,
    pingsAnswered: pings.answered,
    lostByCapture: notes.lostByCapture(connection, side),
    gapBytes: notes.gapBytes(connection, side),
    differingOverlaps: tcp.differingOverlaps(connection, side),
    snaplenBytes: notes.snaplenBytes(connection, side),
    // Of who never said anything there are no frames to follow.
    unread: books.unread.of(connection, side, tcp.payloadBytes(connection, side) === 0 ? null : (last?.timeNs ?? null)),
    first: sent.get(row, FIRST_SENT),
    last,
    ttl: notes.ttlRange(connection, side),
    heardGaps: books.stairs.finish(row, last, lastNs),
    lastBurst: books.bursts.last(connection, side),
    inFlightBytes: tcp.bytesInFlight(connection, side),
    zeroWindowSince: side === 0 ? gathered.zeroWindowSince0 : gathered.zeroWindowSince1,
    windowSpent: books.credit.longestStall(connection, side),
  };
}

function initialSeq(tcp: ConnectionFacts, connection: number, side: Side): number | null {
  return tcp.isSeen(connection, side) ? tcp.initialSeq(connection, side) : null;
}
