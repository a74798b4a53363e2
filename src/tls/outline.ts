import { ProxiedClient, readProxyHeader, type Side } from '../tcp/index.ts';
import { ALERT_BYTES, type TlsAlert } from './alert.ts';
import { Budget } from './budget.ts';
import { GatheredFacts, type TlsFacts } from './facts.ts';
import { HandshakeReader } from './handshake-reader.ts';
import { readClientHello, readServerHello } from './hello.ts';
import { CONTENT, FRAGMENT_MAX_BYTES, HEADER_BYTES, isRecordChain, isRecordStart } from './record.ts';

/** What can be told of TLS without its secrets. */
export interface OutlineSink {
  /**
   * A record is complete. `type` as on the wire: of protected records of TLS 1.3 always application data.
   * @param bytes of its fragment, without its header
   */
  record?(connection: number, side: Side, type: number, bytes: number): void;
  /** An alert came; null: what it says is sealed and was not opened. In TLS 1.3 only one in clear, or opened, is known to be one. */
  alert?(connection: number, side: Side, alert: TlsAlert | null): void;
  /** The first hello of a connection was read; the facts grow as more is read. */
  facts?(connection: number, facts: TlsFacts): void;
}

const MESSAGE = { clientHello: 1, serverHello: 2 } as const;
/** Where a flow stands: not looked at, within records, behind a gap, no TLS. */
const AT = { start: 0, records: 1, lost: 2, other: 3 } as const;
/**
 * A flow's cells. `left`: bytes of the record's fragment still to come; `header`: bytes of its header that are known; `looks`: segments looked at
 * in vain; `hellosRead`, side 0's: no further hello is wanted of the connection; `alert`: the last bytes of an alert, as one number.
 */
const CELL = { at: 0, left: 1, header: 2, type: 3, length: 4, looks: 5, hellosRead: 6, alert: 7 } as const;
const CELLS = 8;
/** Type and version. */
const HEADER_START_BYTES = 3;
/** Some of an alert is not in the capture. */
const UNKNOWN_ALERT = -1;
/** Segments looked at for records in a flow whose start was not captured. */
const LOOKS_MAX = 64;
/** Hellos of connections without secrets, in all: some 8,000 at one time, as they are sent. */
export const HELLOS_MAX_BYTES: number = 8 * 2 ** 20;

/** The hellos of one connection, while they are read. */
interface Hellos {
  readonly facts: GatheredFacts;
  readonly readers: readonly [HandshakeReader, HandshakeReader];
  isTold: boolean;
  hasRetryRequest: boolean;
}

/**
 * Follows the records of TLS connections by their headers alone: what their hellos say, then the type and size of each record. Nothing is
 * kept of the records themselves, and nothing is allocated per record.
 */
export class Outline {
  readonly #sink: OutlineSink;
  readonly #hasKeyLog: () => boolean;
  readonly #client = new ProxiedClient();
  readonly #hellos = new Map<number, Hellos>();
  readonly #budget = new Budget(HELLOS_MAX_BYTES);
  #cells = new Int32Array(64 * CELLS);

  constructor(sink: OutlineSink, hasKeyLog: () => boolean) {
    this.#sink = sink;
    this.#hasKeyLog = hasKeyLog;
  }

  /** Hellos for which there was no room. */
  get refusedHellos(): number {
    return this.#budget.refused;
  }

  opened(connection: number): void {
    const first = 2 * connection * CELLS;
    const end = first + 2 * CELLS;
    if (end > this.#cells.length) {
      const larger = new Int32Array(2 * end);
      larger.set(this.#cells);
      this.#cells = larger;
    }
    this.#forget(connection);
    this.#cells.fill(0, first, end);
  }

  closed(connection: number): void {
    this.#forget(connection);
  }

  bytes(connection: number, side: Side, view: DataView, at: number, end: number): void {
    const cells = this.#cells;
    const flow = (2 * connection + side) * CELLS;
    if (cells[flow + CELL.at] === AT.other) return;
    let next = cells[flow + CELL.at] === AT.records ? at : this.#find(flow, view, at, end);
    while (next < end && cells[flow + CELL.at] === AT.records) {
      const header = cells[flow + CELL.header] ?? 0;
      if (header < HEADER_BYTES) {
        this.#header(flow, header, view.getUint8(next++));
        if (header === HEADER_BYTES - 1 && cells[flow + CELL.left] === 0) this.#complete(connection, side, flow);
        continue;
      }
      const taken = Math.min(cells[flow + CELL.left] ?? 0, end - next);
      if (cells[flow + CELL.type] === CONTENT.handshake) this.#handshake(connection, side, view, next, taken);
      else if (cells[flow + CELL.type] === CONTENT.alert) this.#alertBytes(flow, view, next, taken);
      next += taken;
      cells[flow + CELL.left] = (cells[flow + CELL.left] ?? 0) - taken;
      if (cells[flow + CELL.left] === 0) this.#complete(connection, side, flow);
    }
  }

  /** Missing bytes within a record leave its size known. */
  gap(connection: number, side: Side, lostBytes: number): void {
    const cells = this.#cells;
    const flow = (2 * connection + side) * CELLS;
    if (cells[flow + CELL.at] === AT.start) cells[flow + CELL.at] = AT.lost;
    if (cells[flow + CELL.at] !== AT.records) return;
    this.#forget(connection);
    const left = cells[flow + CELL.left] ?? 0;
    if (cells[flow + CELL.header] === HEADER_BYTES && lostBytes <= left) {
      cells[flow + CELL.left] = left - lostBytes;
      cells[flow + CELL.alert] = UNKNOWN_ALERT;
      if (left === lostBytes) this.#complete(connection, side, flow);
    } else this.#lose(flow);
  }

  /** @returns where the records begin; `end` where none do */
  #find(flow: number, view: DataView, at: number, end: number): number {
    const cells = this.#cells;
    const helloAt =
      cells[flow + CELL.at] === AT.start ? at + Math.max(0, readProxyHeader(view, at, end, this.#client)) : at;
    if (helloAt > at && helloAt === end) return end;
    const looks = cells[flow + CELL.looks] ?? 0;
    // Of a start that a segment cuts the first byte is enough: what follows is checked as it comes.
    const isStart = end - helloAt < HEADER_START_BYTES || isRecordStart(view, helloAt, end);
    const isFirst = looks === 0 && isStart && this.#mayBeFirst(flow, view.getUint8(helloAt));
    if (isFirst || isRecordChain(view, helloAt, end)) {
      cells[flow + CELL.at] = AT.records;
      cells[flow + CELL.header] = 0;
      return helloAt;
    }
    cells[flow + CELL.looks] = looks + 1;
    // A flow that once had records has them again behind the gap; one that never had is another protocol's.
    if (cells[flow + CELL.at] === AT.start && looks >= LOOKS_MAX) cells[flow + CELL.at] = AT.other;
    return end;
  }

  /** A hello comes first, or an alert that refuses the other side's. */
  #mayBeFirst(flow: number, type: number): boolean {
    const peer = flow + ((flow / CELLS) % 2 === 0 ? CELLS : -CELLS);
    return type === CONTENT.handshake || (type === CONTENT.alert && this.#cells[peer + CELL.at] === AT.records);
  }

  /** Takes byte `nth` of a record's header (RFC 8446 §5.1). */
  #header(flow: number, nth: number, byte: number): void {
    const cells = this.#cells;
    cells[flow + CELL.header] = nth + 1;
    if (nth === 0) {
      cells[flow + CELL.type] = byte;
      if (byte < CONTENT.changeCipherSpec || byte > CONTENT.applicationData) this.#lose(flow);
    } else if (nth === 1) {
      if (byte !== 3) this.#lose(flow);
    } else if (nth === 3) cells[flow + CELL.length] = byte << 8;
    else if (nth === 4) {
      const length = (cells[flow + CELL.length] ?? 0) | byte;
      cells[flow + CELL.length] = cells[flow + CELL.left] = length;
      if (length > FRAGMENT_MAX_BYTES) this.#lose(flow);
    }
  }

  #complete(connection: number, side: Side, flow: number): void {
    const cells = this.#cells;
    if (cells[flow + CELL.at] !== AT.records) return;
    cells[flow + CELL.header] = 0;
    const type = cells[flow + CELL.type] ?? 0;
    // RFC 5246 §7.1: what follows is protected; a server that asks for another hello says this too early (RFC 8446 §D.4).
    if (type === CONTENT.changeCipherSpec || type === CONTENT.applicationData) {
      if (this.#hellos.get(connection)?.hasRetryRequest !== true) this.#forget(connection);
    }
    if (type === CONTENT.alert) this.#alert(connection, side, flow);
    this.#sink.record?.(connection, side, type, cells[flow + CELL.length] ?? 0);
  }

  #alertBytes(flow: number, view: DataView, at: number, bytes: number): void {
    const cells = this.#cells;
    for (let next = at; next < at + bytes && cells[flow + CELL.alert] !== UNKNOWN_ALERT; next++)
      cells[flow + CELL.alert] = (((cells[flow + CELL.alert] ?? 0) << 8) | view.getUint8(next)) & 0xffff;
  }

  #alert(connection: number, side: Side, flow: number): void {
    const cells = this.#cells;
    const said = cells[flow + CELL.alert] ?? UNKNOWN_ALERT;
    cells[flow + CELL.alert] = 0;
    const isRead = cells[flow + CELL.length] === ALERT_BYTES && said !== UNKNOWN_ALERT;
    this.#sink.alert?.(connection, side, isRead ? { level: said >> 8, description: said & 0xff } : null);
  }

  #lose(flow: number): void {
    this.#cells[flow + CELL.at] = AT.lost;
    this.#cells[flow + CELL.header] = 0;
    this.#cells[flow + CELL.alert] = 0;
    this.#cells[flow + CELL.looks] = 1;
  }

  #handshake(connection: number, side: Side, view: DataView, at: number, bytes: number): void {
    if (this.#sink.facts === undefined || this.#cells[2 * connection * CELLS + CELL.hellosRead] === 1) return;
    let hellos = this.#hellos.get(connection);
    if (hellos === undefined) {
      // Anything else than a hello may be a protected message of a handshake that is over.
      const type = view.getUint8(at);
      if (type !== MESSAGE.clientHello && type !== MESSAGE.serverHello) return;
      hellos = this.#begin();
      this.#hellos.set(connection, hellos);
    }
    const reading = hellos;
    const piece = new Uint8Array(view.buffer, view.byteOffset + at, bytes);
    reading.readers[side].read(piece, (type, body) => this.#hello(connection, side, reading, type, body));
  }

  #begin(): Hellos {
    const isWanted = (type: number): boolean => type === MESSAGE.clientHello || type === MESSAGE.serverHello;
    return {
      facts: new GatheredFacts(this.#hasKeyLog()),
      readers: [new HandshakeReader(isWanted, this.#budget), new HandshakeReader(isWanted, this.#budget)],
      isTold: false,
      hasRetryRequest: false,
    };
  }

  #hello(connection: number, side: Side, hellos: Hellos, type: number, body: Uint8Array): void {
    const hello = type === MESSAGE.clientHello ? readClientHello(body) : readServerHello(body);
    if (hello === null) return;
    hellos.hasRetryRequest = hello.isRetryRequest;
    if (type === MESSAGE.clientHello) hellos.facts.client(side, hello);
    else if (!hello.isRetryRequest) hellos.facts.server(hello);
    if (!hellos.isTold) this.#sink.facts?.(connection, hellos.facts);
    hellos.isTold = true;
    if (type === MESSAGE.serverHello && !hello.isRetryRequest) this.#forget(connection);
  }

  #forget(connection: number): void {
    this.#cells[2 * connection * CELLS + CELL.hellosRead] = 1;
    const hellos = this.#hellos.get(connection);
    if (hellos === undefined) return;
    for (const reader of hellos.readers) reader.restart();
    this.#hellos.delete(connection);
  }
}
