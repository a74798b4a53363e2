import type { Capture } from './generate.ts';
import { measure } from './measure.ts';
import { WATCHPCAP_ANALYZE, type Program } from './programs.ts';

interface Report {
  readonly capture: { readonly packets: number; readonly undecoded: number };
  readonly connections: readonly unknown[];
  readonly verdict: { readonly state: string };
}

/**
 * Checks what a program says of a generated capture against what was written there.
 * @returns what is wrong, one line each
 */
export async function faultsOf(program: Program, capture: Capture): Promise<string[]> {
  const run = await measure(program.command(capture.path), true);
  const about = `${program.name} on ${capture.path}`;
  if (run.status !== 0) return [`${about}: status ${run.status}, not 0`];
  try {
    const faults: string[] = [];
    const packets = program.packets?.(run.stdout);
    if (packets !== undefined && packets !== capture.packets) {
      faults.push(`${about}: ${packets} packets, not ${capture.packets}`);
    }
    const bytes = program.bytes?.(run.stdout);
    if (bytes !== undefined && bytes !== capture.bytes) faults.push(`${about}: ${bytes} bytes, not ${capture.bytes}`);
    if (program === WATCHPCAP_ANALYZE) faults.push(...reportFaults(JSON.parse(run.stdout) as Report, capture, about));
    return faults;
  } catch (error) {
    return [`${about}: its output cannot be read (${String(error)})`];
  }
}

function reportFaults({ capture: read, connections, verdict }: Report, capture: Capture, about: string): string[] {
  const checks: readonly (readonly [what: string, said: unknown, wanted: unknown])[] = [
    ['connections', connections.length, capture.connections],
    ['undecoded packets', read.undecoded, 0],
    ['state', verdict.state, 'healthy'],
  ];
  return checks
    .filter(([, said, wanted]) => said !== wanted)
    .map(([what, said, wanted]) => `${about}: ${what} ${String(said)}, not ${String(wanted)}`);
}
