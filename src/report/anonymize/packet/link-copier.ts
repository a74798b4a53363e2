import type { PacketCopy } from './copy.ts';

/** Copies a frame of a link type; `copy.inside` has what it carries afterwards. */
export type LinkCopier = (copy: PacketCopy, at: number, end: number) => void;
