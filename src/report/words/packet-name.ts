import type { FileIndex, PacketNumber } from '../model.ts';

/**
 * A packet as people look it up: its number, and where several files were given `gateway.pcap1#482`.
 * @param paths  of the capture's files; the last part stands for the whole where no other file has the same
 * @param file   undefined where one file was given
 */
export function packetName(paths: readonly string[], packet: PacketNumber, file: FileIndex | undefined): string {
  if (file === undefined) return String(packet);
  const path = paths[file] ?? `file ${file}`;
  const name = fileName(path);
  const isAlone = paths.filter((other) => fileName(other) === name).length === 1;
  return `${isAlone ? name : path}#${packet}`;
}

/** A path's last part. */
export function fileName(path: string): string {
  return path.slice(Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\')) + 1);
}
