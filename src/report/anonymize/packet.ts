import type { Rewrite } from '../extract/encode.ts';
import type { Connection } from '../model.ts';
import { PacketCopy, type PayloadCopier } from './packet/copy.ts';
import { FramedFlows } from './packet/framed-flows.ts';
import { linkCopier } from './packet/link.ts';
import { copyEtherType } from './packet/network.ts';
import type { StandIns } from './stand-ins.ts';

/** Headers inside each other, as many as the decoder reads. */
const LAYERS_MAX = 16;

/**
 * Rewrites packets for an extract that is to be given away: stand-ins for addresses of all layers, right checksums, headers that are known
 * and in them what is nobody's; everything else is zero. Lengths, ports, sequence numbers, flags and times stay, so that who was alive can
 * still be told, and of HTTP/2 in clear and TLS that frames and records were sent, but nothing of what was said.
 * @param connections  of the report with stand-ins: those that speak HTTP/2 or TLS; packets have to come in their order then
 * @returns as many bytes; null where there is no reader for the link type. Throws NoRoomError.
 */
export function packetRewriter(standIns: StandIns, connections: readonly Connection[] = []): Rewrite {
  const flows = new FramedFlows(connections);
  const copyPayload: PayloadCopier = (upper, payloadAt) => flows.copy(upper, payloadAt);
  return (bytes, linkType) => {
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
  };
}
