import type { FileIndex, PacketNumber } from '../model.ts';
import { packetName } from '../words/packet-name.ts';
import { markup, type Markup } from './markup.ts';

/** The display filter for one packet of its file. */
export function packetFilter(packet: PacketNumber): string {
  return `frame.number == ${packet}`;
}

/** A packet's number; with scripts it becomes a button that copies its filter. */
export function packetMark(paths: readonly string[], packet: PacketNumber, file: FileIndex | undefined): Markup {
  return copied(packetName(paths, packet, file), packetFilter(packet));
}

/** Text that stands for a filter or command to copy. */
export function copied(text: string, what: string): Markup {
  return markup`<code class="copy" data-f="${what}">${text}</code>`;
}

/** A packet among all files of the capture: the same in a finding and in a piece of evidence. */
export function packetKey(packet: PacketNumber, file: FileIndex | undefined): string {
  return file === undefined ? String(packet) : `${file}.${packet}`;
}
