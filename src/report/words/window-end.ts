import type { Connection, Window, WindowEndHow } from '../model.ts';

const ENDS: Readonly<Record<WindowEndHow, string>> = {
  'gateway-closed': 'the gateway gave the upstream connection up',
  'upstream-closed': 'the upstream closed the connection',
  healed: 'the upstream answered again',
  'client-reconnected': 'the client asked again on a new connection',
  'client-gone': "the client's connection ended",
  rerouted: 'the waiting request was served through another upstream',
  'capture-end': 'still so when the capture ended',
};

/** How a window ended. A gateway that gave up may have answered or reset what waited, and have kept the upstream connection. */
export function endedText({ end }: Pick<Window, 'end'>, upstream: Connection | undefined): string {
  if (end.how !== 'gateway-closed' || isClosedAt(end, upstream)) return ENDS[end.how];
  return 'the gateway gave it up and told the client';
}

/** The packet that ended it is the gateway's FIN or RST on the upstream connection. */
export function isClosedAt({ packet, file }: Window['end'], upstream: Connection | undefined): boolean {
  if (upstream === undefined || packet === null) return false;
  const fins = upstream.marks.filter(({ kind }) => kind === 'fin');
  return [upstream.closed, ...upstream.resets, ...fins].some(
    (one) => one.by === 'client' && one.packet === packet && one.file === file,
  );
}
