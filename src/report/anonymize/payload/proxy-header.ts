import { ProxiedClient, readProxyHeader } from '../../../tcp/index.ts';
import type { StandIns } from '../stand-ins.ts';

/** Version 2 of the PROXY protocol: signature, command, family and length; then the addresses. */
const V2_START = 0x0d;
const V2_ADDRESSES_AT = 16;
const V2_FAMILY_AT = 13;
const IPV4 = 0x11;
const IPV6 = 0x21;
const PORTS_BYTES = 4;
const CRLF = '\r\n';
const UNKNOWN = 'PROXY UNKNOWN';

/**
 * A PROXY header of the same length with stand-ins. Of version 1, where addresses are text, nobody is named if a stand-in is of another length.
 * @returns nothing where the bytes do not begin with one
 */
export function proxyHeaderStandIn(bytes: Uint8Array, standIns: StandIns): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const length = readProxyHeader(view, 0, bytes.length, new ProxiedClient());
  if (length <= 0) return new Uint8Array(0);
  const header = bytes.subarray(0, length);
  return header[0] === V2_START ? binary(header, view, standIns) : text(header, standIns);
}

function binary(header: Uint8Array, from: DataView, { ipv4, ipv6 }: StandIns): Uint8Array {
  const told = new Uint8Array(header.length);
  told.set(header.subarray(0, V2_ADDRESSES_AT));
  const to = new DataView(told.buffer);
  const family = header[V2_FAMILY_AT];
  const bytes = family === IPV4 ? 4 : 16;
  const portsAt = V2_ADDRESSES_AT + 2 * bytes;
  if ((family !== IPV4 && family !== IPV6) || portsAt + PORTS_BYTES > header.length) return told;
  for (let at = V2_ADDRESSES_AT; at < portsAt; at += bytes) {
    if (family === IPV4) to.setUint32(at, ipv4.standIn(from.getUint32(at)));
    else {
      const { network, host } = ipv6.standIn({ network: from.getBigUint64(at), host: from.getBigUint64(at + 8) });
      to.setBigUint64(at, network);
      to.setBigUint64(at + 8, host);
    }
  }
  told.set(header.subarray(portsAt, portsAt + PORTS_BYTES), portsAt);
  return told;
}

function text(header: Uint8Array, standIns: StandIns): Uint8Array {
  const line = String.fromCharCode(...header);
  const [start = '', family = '', source = '', destination = '', ...ports] = line.slice(0, -CRLF.length).split(' ');
  const told = `${[start, family, standIns.address(source), standIns.address(destination), ...ports].join(' ')}${CRLF}`;
  const isKnown = ports.length === 2 && told.length === line.length;
  const other = isKnown ? told : UNKNOWN.padEnd(line.length - CRLF.length).slice(0, line.length - CRLF.length) + CRLF;
  return Uint8Array.from(other, (character) => character.charCodeAt(0));
}
