import { otherSide } from '../../tcp/index.ts';
import type { KeptFields } from '../sink.ts';
import type { Flow } from './flow.ts';

/** Learns which side is the client: only requests have :method, :scheme and :path, only responses :status (RFC 9113 §8.3). */
export function learnClient(flow: Flow, fields: KeptFields, sawScheme: boolean): void {
  if (flow.connection.clientSide !== -1) return;
  if (sawScheme || typeof fields.method === 'string') flow.connection.clientSide = flow.side;
  else if (typeof fields.status === 'number') flow.connection.clientSide = otherSide(flow.side);
}

/** Sets to null what must be among the fields whose names are unknown. To be called where there are such. */
export function inferUnknown(flow: Flow, fields: KeptFields, sawScheme: boolean): void {
  const { clientSide } = flow.connection;
  // RFC 9113 §8.1: a block that is neither request nor response is a trailer section, and that ends the stream.
  const isMessage = fields.status === undefined && !flow.blockEndStream && clientSide !== -1;
  const isRequest =
    sawScheme ||
    fields.method !== undefined ||
    fields.path !== undefined ||
    (isMessage && clientSide === flow.side && flow.blockTold);
  if (isRequest) {
    // RFC 9113 §8.3.1: every request but CONNECT has both.
    if (fields.method === undefined) fields.method = null;
    if (fields.path === undefined && fields.method !== 'CONNECT') fields.path = null;
  } else if (isMessage && clientSide !== flow.side && flow.blockTold) {
    fields.status = null; // RFC 9113 §8.3.2
  }
}
