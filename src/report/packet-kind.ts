import { STOP_NAMES, type StopCode } from '../decode/index.ts';

/** What a packet that is no TCP segment is, or where decoding it stopped: `udp`, `ip-header-cut`. */
export function packetKind(stop: StopCode): string {
  return kebab(STOP_NAMES[stop] ?? '');
}

/** `ipHeaderCut` as `ip-header-cut`. */
export function kebab(name: string): string {
  return name.replace(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
}
