import type { EvidenceKind } from '../../incident/index.ts';
import type { Connection, Evidence } from '../model.ts';
import { partyText } from './phrase.ts';
import { statusText } from './status.ts';
import { streamName } from './stream-name.ts';

/** `by` is who sent the packet, `value` what the kind needs beside: a stream id, which may be one in a tunnel, a status, an ordinal. */
type Sentence = (by: string, value: number | null, tunnel: number | undefined) => string;

const SENTENCES = {
  'last-heard': (by) => `last packet of ${by}`,
  'first-unanswered': (by) => `first unanswered packet of ${by}`,
  retransmission: (by, value) => `retransmission${nth(value)} by ${by}, no answer`,
  probe: (by, value) => `keep-alive probe${nth(value)} by ${by}, no answer`,
  // One without an ordinal was the only one, and the next row says how it was answered.
  syn: (by, value) => (value === null ? `SYN by ${by}` : `SYN${nth(value)} by ${by}, no answer`),
  reset: (by) => `RST by ${by}`,
  refused: (by) => `SYN answered with RST by ${by}`,
  goaway: (by, value) => `GOAWAY by ${by}${value === null ? '' : `, last stream ${value}`}`,
  close: (by) => `closed by ${by}`,
  request: (by, value, tunnel) => `request by ${by}${onStream(value, tunnel)}`,
  'client-ping': (by) => `PING by ${by}`,
  'client-ping-answered': (by) => `PING answered by ${by}`,
  'gateway-response': (by, value) => `${value === null ? 'response' : value} made by ${by} itself`,
  'gateway-grpc-response': (by, value) =>
    `${value === null ? 'response' : statusText(null, value)} made by ${by} itself`,
  'stream-reset': (by, value, tunnel) => `RST_STREAM by ${by}${onStream(value, tunnel)}`,
  answered: (by) => `${by} answers again`,
  recovered: (_by, value, tunnel) => `served again${onStream(value, tunnel)}`,
} as const satisfies Record<EvidenceKind, Sentence>;

/** Whether evidence of this kind has words: a report may come from another version. */
export function isEvidenceKind(kind: string): kind is EvidenceKind {
  return Object.hasOwn(SENTENCES, kind);
}

/**
 * What one packet shows; its kind where that has no words.
 * @param client  the window's: whoever opened that connection is its client, whatever else it is
 */
export function evidenceText(
  { connection, kind, by, value, tunnel }: Omit<Evidence, 'text'>,
  connections: ReadonlyMap<string, Connection>,
  client: string,
): string {
  if (!isEvidenceKind(kind)) return kind;
  const sentence: Sentence = SENTENCES[kind];
  const role = connection === client ? 'client' : (connections.get(connection)?.role ?? 'other');
  return sentence(partyText(role, by), value, tunnel);
}

function nth(ordinal: number | null): string {
  return ordinal === null ? '' : ` ${ordinal}`;
}

function onStream(id: number | null, tunnel: number | undefined): string {
  return id === null ? '' : ` on stream ${streamName(id, tunnel)}`;
}
