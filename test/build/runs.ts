/** How many runs a property gets: as many as it asks for, or a share of them where each run is paid once per mutant (`npm run mutate`). */
export function runs(asked: number): number {
  return Math.ceil(asked / Number(process.env['WATCHPCAP_RUNS_DIVISOR'] ?? 1));
}
