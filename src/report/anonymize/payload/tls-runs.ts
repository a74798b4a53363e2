import { CONTENT, type OpenedRecord, type ResealedSession } from '../../../tls/index.ts';
import { beginsMessage, beginsResponse } from '../../../http/index.ts';
import { joined, type Run, type RunRewriter } from './run.ts';
import { HandshakeMessages } from './tls-handshake.ts';
import type { HelloStandIns } from './tls-hello.ts';

const HEADER_BYTES = 5;
/** A level and a description (RFC 8446 §6). */
const ALERT_BYTES = 2;

/** What was said inside TLS. */
export type Inside = 'h2' | 'http1' | 'other';

/** Writes the records of one direction again: in clear or sealed under stand-in secrets, as they were; of those that did not open an outline. */
export class TlsRuns implements RunRewriter {
  readonly #outline: RunRewriter;
  readonly #records: readonly OpenedRecord[];
  readonly #told: readonly (Uint8Array | null)[];
  #next = 0;

  /**
   * @param standIns  of hellos
   * @param content   rewrites what was said
   * @param outline   tells of all records no more than that there were some
   */
  constructor(records: readonly OpenedRecord[], standIns: HelloStandIns, content: RunRewriter, outline: RunRewriter) {
    this.#outline = outline;
    this.#records = records;
    this.#told = fragments(records, standIns, content);
  }

  rewrite(run: Run): Uint8Array {
    const { position, bytes } = run;
    const told = this.#outline.rewrite(run);
    for (; this.#next < this.#records.length; this.#next++) {
      const record = this.#records[this.#next];
      if (record === undefined || record.position >= position + bytes.length) break;
      const at = record.position - position;
      const fragment = this.#told[this.#next] ?? null;
      if (at < 0 || fragment === null || at + HEADER_BYTES + fragment.length > bytes.length) continue;
      told.set(bytes.subarray(at, at + HEADER_BYTES), at);
      told.set(fragment, at + HEADER_BYTES);
    }
    return told;
  }
}

/** What speaks inside, by what the client says first. */
export function insideOf({ records }: ResealedSession, client: 0 | 1): Inside {
  const [first] = runsOf(records[client]).map(({ run }) => run);
  if (first === undefined) return 'other';
  const view = new DataView(first.bytes.buffer, first.bytes.byteOffset, first.bytes.length);
  if (String.fromCharCode(...first.bytes.subarray(0, 4)) === 'PRI ') return 'h2';
  const isRequest = beginsMessage(view, 0, view.byteLength) && !beginsResponse(view, 0, view.byteLength);
  return isRequest ? 'http1' : 'other';
}

interface ContentRun {
  readonly run: Run;
  /** Indices of the records that it is from. */
  readonly records: readonly number[];
}

function isContent({ content, contentType, type }: OpenedRecord): boolean {
  return content !== null && contentType === CONTENT.applicationData && type === CONTENT.applicationData;
}

/** What was said, in stretches without loss. */
function runsOf(records: readonly OpenedRecord[]): ContentRun[] {
  const stretches: number[][] = [[]];
  let isLost = false;
  for (const [nth, record] of records.entries()) {
    // A record of which nothing is known may have held content.
    isLost ||= record.isBehindGap || (record.content === null && record.type === CONTENT.applicationData);
    if (!isContent(record)) continue;
    if (isLost && stretches.at(-1)?.length !== 0) stretches.push([]);
    isLost = false;
    stretches.at(-1)?.push(nth);
  }
  let position = 0;
  return stretches.map((stretch, nth) => {
    const contents = stretch.map((index) => records[index]?.content ?? new Uint8Array(0));
    const { bytes, starts } = joined(contents);
    const run = { position, bytes, starts, lostAfter: nth === stretches.length - 1 ? 0 : null };
    position += bytes.length;
    return { run, records: stretch };
  });
}

function fragments(
  records: readonly OpenedRecord[],
  standIns: HelloStandIns,
  rewriter: RunRewriter,
): (Uint8Array | null)[] {
  const contents = new Map<number, Uint8Array>();
  for (const { run, records: indices } of runsOf(records)) {
    const told = rewriter.rewrite(run);
    for (const [i, index] of indices.entries()) contents.set(index, told.subarray(run.starts[i], run.starts[i + 1]));
  }
  const handshake = new HandshakeMessages(standIns);
  return records.map((record, nth) => {
    if (record.isBehindGap) handshake.lose();
    const content = contents.get(nth) ?? controlOf(record, handshake);
    return content === null ? null : record.seal(content);
  });
}

/** Of what is no content: handshakes with stand-ins; what is as short as an alert or a change of cipher is one. */
function controlOf({ content, contentType }: OpenedRecord, handshake: HandshakeMessages): Uint8Array | null {
  if (content === null) return null;
  if (contentType === CONTENT.handshake) return handshake.rewritten(content);
  if (contentType === CONTENT.alert && content.length === ALERT_BYTES) return content;
  if (contentType === CONTENT.changeCipherSpec && content.length === 1) return content;
  return new Uint8Array(content.length);
}
