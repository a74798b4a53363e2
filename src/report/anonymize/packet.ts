import type { KeyLog } from '../../tls/index.ts';
import type { RewriteExtract } from '../extract/encode.ts';
import type { HeldPacket } from '../extract/room.ts';
import type { Connection } from '../model.ts';
import { PacketCopy, type PayloadCopier } from './packet/copy.ts';
import { linkCopier } from './packet/link.ts';
import { copyEtherType } from './packet/network.ts';
import { Payloads } from './payload/payloads.ts';
import type { StandIns } from './stand-ins.ts';

/** Headers inside each other, as many as the decoder reads. */
const LAYERS_MAX = 16;

/**
 * Rewrites a packet for an extract that is to be given away: stand-ins for addresses of all layers, right checksums, headers that are known
 * and in them what is nobody's; everything else is zero. Lengths, ports, sequence numbers, flags and times stay, so that who was alive can
 * still be told.
 * @param bytes        as captured, perhaps without payload
 * @param linkType     LINKTYPE_ number
 * @param copyPayload  writes what is told in place of a TCP segment's payload
 * @returns as many bytes; null where there is no reader for the link type. Throws NoRoomError.
 */
export function rewrittenPacket(
  bytes: Uint8Array,
  linkType: number,
  standIns: StandIns,
  copyPayload: PayloadCopier = () => {},
): Uint8Array | null {
  const copyLink = linkCopier(linkType);
  if (copyLink === undefined) return null;
  const copy = new PacketCopy(bytes, standIns, copyPayload);
  copyLink(copy, 0, bytes.length);
  let inner = copy.takeInner();
  for (let layers = 0; layers < LAYERS_MAX && inner !== null; layers++) {
    copyEtherType(copy, inner.etherType, inner.at, inner.end);
    inner = copy.takeInner();
  }
  copy.finish();
  return copy.bytes;
}

/**
 * Rewrites the packets of an extract: headers as `rewrittenPacket` does, and what was said on the connections of a report with messages of
 * the same lengths that say it of nobody.
 * @param connections  of the report with stand-ins
 */
export function extractRewriter(standIns: StandIns, connections: readonly Connection[]): RewriteExtract {
  return (packets: readonly HeldPacket[], keyLog: KeyLog) => {
    const payloads = new Payloads(standIns, connections, keyLog);
    payloads.read(packets);
    const rewrite = (packet: HeldPacket): Uint8Array | null =>
      rewrittenPacket(packet.bytes, packet.linkType, standIns, ({ copy, end }, payloadAt) =>
        payloads.write(packet, copy.bytes, payloadAt, end),
      );
    return { rewrite, keyLog: payloads.keyLog, addressOf: (address) => standIns.address(address) };
  };
}
