import { createKeptFields, clearKeptFields } from '../src/http/headers.ts';
import { FieldDecoder } from '../src/http/hpack/decode.ts';
import { DynamicTable, TableBudget } from '../src/http/hpack/table.ts';
import type { Moment } from '../src/capture/index.ts';

const PREFACE_START = 0x50524920; // `PRI ` (RFC 9113 §3.4)
const PREFACE_BYTES = 24;
const FRAME_HEADER_BYTES = 9;
const FRAME_MAX_BYTES = 16_384;
const DATA = 0;
const HEADERS = 1;
const END_STREAM = 1;
const BOTH_ENDED = 3;

/** One request and its response, on one leg. */
interface Exchange {
  readonly path: string | null;
  readonly openedNs: number;
  lastNs: number;
  status: number;
  bytes: number;
  ended: number;
  partner: Exchange | null;
}

/** A flow between two segments: in a frame's payload, or in front of a frame of which some bytes are there. */
class Place {
  isStarted = false;
  left = 0;
  streamId = 0;
  length = 0;
  endStream = false;
  readonly cut = new DataView(new ArrayBuffer(FRAME_HEADER_BYTES + FRAME_MAX_BYTES));
  cutBytes = 0;
  readonly table: DynamicTable;

  constructor(budget: TableBudget) {
    this.table = new DynamicTable(true, budget);
  }
}

/**
 * The least that any program with this task has to do with clear HTTP/2: follow frames, decode what is kept of the fields, hold one object
 * for each open stream, and find the request that a gateway passed on. It survives nothing: no lost byte, no joining in the middle, no
 * other protocol, no bound. What it takes is what no better wording of the true stages can take away, but for the decoder of fields, which is
 * the true one.
 */
export class LeastHttp {
  readonly #moment: Moment;
  readonly #budget = new TableBudget();
  readonly #decoder = new FieldDecoder();
  readonly #fields = createKeptFields();
  readonly #places: Place[] = [];
  readonly #open: Map<number, Exchange>[] = [];
  readonly #waiting = new Map<string, Exchange>();
  readonly #joined = new DataView(new ArrayBuffer(2 * (FRAME_HEADER_BYTES + FRAME_MAX_BYTES) + 0x10000));
  /** Streams that are over, and those of them whose request was seen on two legs: what shows that it did its work. */
  streams = 0;
  pairs = 0;

  constructor(moment: Moment) {
    this.#moment = moment;
  }

  bytes(flow: number, view: DataView, at: number, end: number): void {
    const place = (this.#places[flow] ??= new Place(this.#budget));
    let from = at;
    if (!place.isStarted) {
      place.isStarted = true;
      if (view.getInt32(at) === PREFACE_START) from += PREFACE_BYTES;
    }
    if (place.cutBytes === 0) this.#frames(flow, place, view, from, end);
    else this.#frames(flow, place, this.#joined, 0, this.#join(place, view, from, end));
  }

  /** @returns how many bytes the frame's start and what follows it have together */
  #join(place: Place, view: DataView, at: number, end: number): number {
    const joined = new Uint8Array(this.#joined.buffer);
    joined.set(new Uint8Array(place.cut.buffer, 0, place.cutBytes));
    joined.set(new Uint8Array(view.buffer, at, end - at), place.cutBytes);
    const bytes = place.cutBytes + end - at;
    place.cutBytes = 0;
    return bytes;
  }

  #frames(flow: number, place: Place, view: DataView, at: number, end: number): void {
    let next = at;
    while (next < end) {
      if (place.left > 0) {
        const taken = Math.min(place.left, end - next);
        place.left -= taken;
        next += taken;
        if (place.left === 0) this.#data(flow, place);
        continue;
      }
      const length = end - next < FRAME_HEADER_BYTES ? 0 : view.getInt32(next) >>> 8;
      const type = end - next < FRAME_HEADER_BYTES ? HEADERS : view.getUint8(next + 3);
      const isWhole = end - next >= FRAME_HEADER_BYTES + (type === DATA ? 0 : length);
      if (!isWhole) {
        for (let from = next; from < end; from++) place.cut.setUint8(place.cutBytes++, view.getUint8(from));
        return;
      }
      next = this.#frame(flow, place, view, next, length, type);
    }
  }

  #frame(flow: number, place: Place, view: DataView, at: number, length: number, type: number): number {
    const from = at + FRAME_HEADER_BYTES;
    place.streamId = view.getInt32(at + 5) & 0x7fffffff;
    place.endStream = (view.getUint8(at + 4) & END_STREAM) !== 0;
    place.length = length;
    if (type === DATA) {
      place.left = length;
      if (length === 0) this.#data(flow, place);
      return from;
    }
    if (type === HEADERS) this.#headers(flow, place, view, from, from + length);
    return from + length;
  }

  #headers(flow: number, place: Place, view: DataView, at: number, end: number): void {
    const fields = this.#fields;
    clearKeptFields(fields);
    this.#decoder.decode(place.table, view, at, end, fields);
    const open = (this.#open[flow >> 1] ??= new Map());
    const exchange = open.get(place.streamId);
    if (exchange === undefined) open.set(place.streamId, this.#request(fields.path ?? null));
    else this.#touch(flow, exchange, place, fields.status ?? 0);
    if (exchange === undefined && place.endStream) this.#data(flow, place);
  }

  #request(path: string | null): Exchange {
    const nowNs = this.#moment.ns[0] ?? 0;
    const key = path ?? '';
    const partner = this.#waiting.get(key) ?? null;
    const exchange: Exchange = { path, openedNs: nowNs, lastNs: nowNs, status: 0, bytes: 0, ended: 0, partner };
    if (partner === null) this.#waiting.set(key, exchange);
    else {
      partner.partner = exchange;
      this.#waiting.delete(key);
      this.pairs++;
    }
    return exchange;
  }

  #data(flow: number, place: Place): void {
    const exchange = this.#open[flow >> 1]?.get(place.streamId);
    if (exchange === undefined) return;
    exchange.bytes += place.length;
    this.#touch(flow, exchange, place, exchange.status);
  }

  #touch(flow: number, exchange: Exchange, { streamId, endStream }: Place, status: number): void {
    exchange.lastNs = this.#moment.ns[0] ?? 0;
    exchange.status = status;
    if (!endStream) return;
    exchange.ended |= 1 << (flow & 1);
    if (exchange.ended !== BOTH_ENDED) return;
    this.#open[flow >> 1]?.delete(streamId);
    this.streams++;
  }
}
