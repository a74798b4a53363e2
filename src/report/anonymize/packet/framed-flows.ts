import type { Connection, Endpoint, Protocol } from '../../model.ts';
import { ipv4Text, ipv6Text } from '../address-text.ts';
import type { PacketCopy } from './copy.ts';
import { FramedFlow, type Framing } from './framed-flow.ts';
import { Http2Framing } from './http2.ts';
import { TlsFraming } from './tls.ts';
import { Likeness } from './likeness.ts';
import type { Upper } from './upper.ts';

// RFC 9293 §3.1
const DESTINATION_PORT = 2;
const SEQ = 4;
const FLAGS = 13;
const SYN = 0x02;
const HALF_BYTES = 8;

/** Both directions of the connections that a report calls HTTP/2 in clear, or TLS, known by their stand-ins. */
export class FramedFlows {
  readonly #flows = new Map<string, FramedFlow>();

  constructor(connections: readonly Connection[]) {
    const tls = new TlsFraming();
    const framings: Readonly<Record<Protocol, Framing | null>> = {
      h2: new Http2Framing(new Likeness()),
      tls,
      // Read with its secrets: records alone would say less than the report, so that it might look well.
      'h2-tls': null,
      'http1-tls': null,
      http1: null,
      tcp: null,
    };
    for (const { protocol, client, server, seenAs } of connections) {
      const framing = framings[protocol];
      if (framing === null) continue;
      for (const pair of [{ client, server }, ...seenAs]) {
        this.#flows.set(keyOf(pair.client, pair.server), new FramedFlow(framing));
        this.#flows.set(keyOf(pair.server, pair.client), new FramedFlow(framing));
      }
    }
  }

  /** Copies what may stay of a segment's payload, which begins at `payloadAt`. */
  copy(upper: Upper, payloadAt: number): void {
    if (this.#flows.size === 0 || payloadAt > upper.end) return;
    const { copy, at, end, wireEnd, sourceAt, destinationAt, addressBytes } = upper;
    const source = { ip: textAt(copy, sourceAt, addressBytes), port: copy.from.getUint16(at) };
    const destination = {
      ip: textAt(copy, destinationAt, addressBytes),
      port: copy.from.getUint16(at + DESTINATION_PORT),
    };
    const flow = this.#flows.get(keyOf(source, destination));
    const seq = copy.from.getUint32(at + SEQ);
    if ((copy.from.getUint8(at + FLAGS) & SYN) !== 0) flow?.begin(seq);
    else flow?.copy(copy, { at: payloadAt, end, wireEnd, seq });
  }
}

function keyOf(from: Endpoint, to: Endpoint): string {
  return `${from.ip} ${from.port} ${to.ip} ${to.port}`;
}

function textAt({ to }: PacketCopy, at: number, bytes: 4 | 16): string {
  if (bytes === 4) return ipv4Text(to.getUint32(at));
  return ipv6Text({ network: to.getBigUint64(at), host: to.getBigUint64(at + HALF_BYTES) });
}
