import {
  type InterfaceFacts,
  type NameRecord,
  writeInterface,
  writeNames,
  writePacket,
  writeSecrets,
  writeSection,
} from '../../capture/index.ts';
import type { KeyLog } from '../../tls/index.ts';
import type { Report } from '../model.ts';
import { extractComment } from '../words/extract.ts';
import { PacketComments } from './comments.ts';
import type { HeldPacket } from './room.ts';

/**
 * Replaces a packet's bytes on their way into an extract.
 * @returns as many bytes, or fewer; null: the packet is left out
 */
export type Rewrite = (packet: HeldPacket) => Uint8Array | null;

/** Finds out what replaces the bytes of an extract's packets, of which it has to see all; in which order they are replaced is of no account. */
export type RewriteExtract = (
  packets: readonly HeldPacket[],
  keyLog: KeyLog,
) => {
  readonly rewrite: Rewrite;
  /** Secrets, as a key log, by which what replaces TLS is opened: made for that, none is anybody's. Empty where there are none. */
  readonly keyLog: string;
  /** What stands in for an address. */
  readonly addressOf: (address: string) => string;
};

/** What an extract is made of besides packets. */
export interface ExtractParts {
  /** In whose words comments are. */
  readonly report: Report;
  readonly interfaces: readonly InterfaceFacts[];
  /** None where names are not to be told. */
  readonly names: readonly NameRecord[];
  /** TLS key logs; none where secrets stay secret. */
  readonly secrets: readonly Uint8Array[];
  /** Absent: packets stay as they are. */
  readonly rewrite?: Rewrite | undefined;
}

/** The extract as pcapng, in blocks to be written one after another: one section, the interfaces that are used, packets in their order. */
export function* encodeExtract(packets: readonly HeldPacket[], parts: ExtractParts): Generator<Uint8Array> {
  const { report, names, secrets, rewrite } = parts;
  const { name, version } = report.tool;
  yield writeSection({ application: `${name} ${version}`, comment: extractComment(report) });
  const interfaces = interfacesOf(packets, parts.interfaces);
  // An interface's name may be that of a network or of a customer.
  for (const described of interfaces.values())
    yield writeInterface(rewrite === undefined ? described : { ...described, name: null });
  if (names.length > 0) yield writeNames(names);
  for (const keyLog of secrets) yield writeSecrets(keyLog);
  const comments = new PacketComments(report);
  const ids = new Map([...interfaces.keys()].map((key, id) => [key, id]));
  for (const packet of packets) {
    const key = interfaceKey(packet);
    const described = interfaces.get(key);
    const bytes = rewrite === undefined ? packet.bytes : rewrite(packet);
    if (described === undefined || bytes === null) continue;
    yield writePacket({
      interfaceId: ids.get(key) ?? 0,
      resolutionDigits: described.resolutionDigits,
      epochNs: packet.epochNs,
      bytes,
      originalBytes: packet.originalBytes,
      // Somebody's own comment may hold anything: it goes where packets do not stay as they are.
      comments: [
        comments.of(packet.file, packet.packet),
        ...(packet.comment === null || rewrite !== undefined ? [] : [packet.comment]),
      ],
    });
  }
}

/** Those with packets in the extract, in the capture's order. */
function interfacesOf(
  packets: readonly HeldPacket[],
  all: readonly InterfaceFacts[],
): ReadonlyMap<string, InterfaceFacts> {
  const used = new Set(packets.map(interfaceKey));
  const inOrder = all.toSorted((a, b) => a.file - b.file || a.vantage - b.vantage);
  return new Map(
    inOrder.map((described) => [interfaceKey(described), described] as const).filter(([key]) => used.has(key)),
  );
}

function interfaceKey({ file, vantage }: Pick<HeldPacket, 'file' | 'vantage'>): string {
  return `${file} ${vantage}`;
}
