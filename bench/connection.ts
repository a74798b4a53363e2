import { HpackEncoder, type Field } from '../test/build/hpack.ts';
import {
  concat,
  data,
  headers,
  ping,
  PREFACE,
  SETTING,
  settings,
  settingsAck,
  windowUpdate,
} from '../test/build/h2.ts';
import type { Agenda } from './agenda.ts';
import { FLAGS, type CaptureFile, type End } from './capture-file.ts';

/** Payload of one Ethernet packet with TCP timestamps. */
const SEGMENT_BYTES = 1448;
const FRAME_MAX_BYTES = 16_384; // RFC 9113 §6.5.2, SETTINGS_MAX_FRAME_SIZE
/** A receiver opens its windows again after this many bytes. */
const WINDOW_STEP_BYTES = 65_536;
const WINDOW_BYTES = 16 * 1024 * 1024;
/** Linux acknowledges every second segment, and a lone one after 40 ms (RFC 9293 §3.8.6.3). */
const DELAYED_ACK_US = 40_000;
const ACK_AFTER_US = 30;
/** A capture of a busy host shows about one segment in a hundred out of order; here every so many sends of two packets and more. */
const SWAPPED_EVERY = 3;
const NONE = new Uint8Array(0);

/** Which end sends: the one that opened the connection, or the other. */
export type Sender = 'opener' | 'acceptor';

interface Sending {
  readonly end: End;
  readonly hpack: HpackEncoder;
  /** Segments that the other end has received and not acknowledged, and whether it is about to. */
  owed: number;
  ackSoon: boolean;
  ackLater: boolean;
  /** Body bytes since the other end's last WINDOW_UPDATE. */
  consumed: number;
}

/** One simulated HTTP/2 connection, whose packets go into the capture. No packet is lost. */
export class Connection {
  readonly #agenda: Agenda;
  readonly #file: CaptureFile;
  readonly #sides: Readonly<Record<Sender, Sending>>;
  /** Segments that offload has joined into one packet before they were captured. */
  readonly #joined: number;
  #nextStream = 1;
  #longSends = 0;
  #isOpen = true;

  constructor(agenda: Agenda, file: CaptureFile, ends: Readonly<Record<Sender, End>>, joined: number) {
    this.#agenda = agenda;
    this.#file = file;
    this.#joined = joined;
    this.#sides = { opener: sending(ends.opener), acceptor: sending(ends.acceptor) };
  }

  /** Handshake, preface, SETTINGS both ways. */
  open(): void {
    const { opener, acceptor } = this.#sides;
    this.#packet('opener', FLAGS.syn, NONE);
    this.#file.segment(this.#agenda.nowUs + 60, acceptor.end, opener.end, FLAGS.synAck, NONE);
    this.#file.segment(this.#agenda.nowUs + 120, opener.end, acceptor.end, FLAGS.ack, NONE);
    const pairs = [[SETTING.INITIAL_WINDOW_SIZE, WINDOW_BYTES]] as const;
    this.send('opener', concat(PREFACE, settings([SETTING.ENABLE_PUSH, 0], ...pairs), windowUpdate(0, WINDOW_BYTES)));
    this.send('acceptor', concat(settings(...pairs), windowUpdate(0, WINDOW_BYTES), settingsAck()));
    this.send('opener', settingsAck());
  }

  newStream(): number {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    return stream;
  }

  /** One HEADERS frame, from the sender's dynamic table as it stands. It must be sent before the next is made. */
  headers(from: Sender, stream: number, fields: readonly Field[], endStream: boolean): Uint8Array {
    return headers(stream, this.#sides[from].hpack.encode(fields), { endStream });
  }

  /** The DATA frames of a body, each at most `frameBytes` long. */
  body(stream: number, body: Uint8Array, endStream: boolean, frameBytes: number = FRAME_MAX_BYTES): Uint8Array {
    const frames: Uint8Array[] = [];
    for (let at = 0; at < body.length; at += frameBytes) {
      const isLast = at + frameBytes >= body.length;
      frames.push(data(stream, body.subarray(at, at + frameBytes), { endStream: endStream && isLast }));
    }
    return concat(...frames);
  }

  /** An empty DATA frame that ends the stream. */
  endStream(from: Sender, stream: number): void {
    this.send(from, data(stream, NONE, { endStream: true }));
  }

  /** Puts bytes on the wire, cut into segments as the network card would see them. */
  send(from: Sender, bytes: Uint8Array): void {
    if (!this.#isOpen) return;
    const most = SEGMENT_BYTES * this.#joined;
    let at = 0;
    if (bytes.length > most && ++this.#longSends % SWAPPED_EVERY === 0) {
      this.#swapped(from, bytes.subarray(0, most), bytes.subarray(most, 2 * most));
      at = 2 * most;
    }
    for (; at < bytes.length; at += most) this.#packet(from, FLAGS.data, bytes.subarray(at, at + most));
    this.#owe(from, Math.ceil(bytes.length / SEGMENT_BYTES));
  }

  /** Two segments which the capture saw in the wrong order. */
  #swapped(from: Sender, first: Uint8Array, second: Uint8Array): void {
    const { end } = this.#sides[from];
    const seq = end.seq;
    end.seq = (seq + first.length) >>> 0;
    this.#packet(from, FLAGS.data, second);
    const after = end.seq;
    end.seq = seq;
    this.#packet(from, FLAGS.data, first);
    end.seq = after;
  }

  /** Tells this connection that the receiver's application has read `bytes` of bodies which `from` sent. */
  consume(from: Sender, stream: number, bytes: number): void {
    const side = this.#sides[from];
    side.consumed += bytes;
    if (side.consumed < WINDOW_STEP_BYTES) return;
    const update = windowUpdate(0, side.consumed);
    side.consumed = 0;
    this.send(other(from), stream === 0 ? update : concat(update, windowUpdate(stream, WINDOW_STEP_BYTES)));
  }

  ping(from: Sender, nth: number): void {
    this.send(from, ping(0x6b38_7300, nth));
    this.#agenda.after(90, () => {
      this.send(other(from), ping(0x6b38_7300, nth, true));
    });
  }

  /** FIN, FIN, ACK. */
  close(): void {
    const { opener, acceptor } = this.#sides;
    this.#isOpen = false;
    this.#packet('opener', FLAGS.fin, NONE);
    this.#agenda.after(80, () => {
      this.#packet('acceptor', FLAGS.fin, NONE);
      this.#file.segment(this.#agenda.nowUs + 40, opener.end, acceptor.end, FLAGS.ack, NONE);
    });
  }

  #packet(from: Sender, flags: number, payload: Uint8Array): void {
    const to = this.#sides[other(from)];
    to.owed = 0; // what it sends acknowledges all
    this.#file.segment(this.#agenda.nowUs, this.#sides[from].end, to.end, flags, payload);
  }

  #owe(from: Sender, segments: number): void {
    const side = this.#sides[from];
    side.owed += segments;
    if (side.owed >= 2 && !side.ackSoon) {
      side.ackSoon = true;
      this.#agenda.after(ACK_AFTER_US, () => {
        side.ackSoon = false;
        if (side.owed >= 2) this.#acknowledge(from);
      });
    } else if (!side.ackLater) {
      side.ackLater = true;
      this.#agenda.after(DELAYED_ACK_US, () => {
        side.ackLater = false;
        if (side.owed > 0) this.#acknowledge(from);
      });
    }
  }

  #acknowledge(from: Sender): void {
    if (this.#isOpen) this.#packet(other(from), FLAGS.ack, NONE);
  }
}

function sending(end: End): Sending {
  return { end, hpack: new HpackEncoder(), owed: 0, ackSoon: false, ackLater: false, consumed: 0 };
}

function other(sender: Sender): Sender {
  return sender === 'opener' ? 'acceptor' : 'opener';
}
