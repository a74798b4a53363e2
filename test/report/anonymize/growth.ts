const TRIES = 3;
/** Shorter times are not told from nothing. */
const LEAST_MS = 20;

/** How many times as long four times as much takes: 4 where the time is linear, 16 where it is quadratic. */
export function growth(work: (n: number) => void, n: number): number {
  work(n);
  const tries = Array.from({ length: TRIES }, () => ({ one: costMs(work, n), four: costMs(work, 4 * n) }));
  return Math.min(...tries.map(({ four }) => four)) / Math.min(...tries.map(({ one }) => one));
}

/** Of this process alone, whatever else the machine does. */
function costMs(work: (n: number) => void, n: number): number {
  const begun = process.cpuUsage();
  for (let calls = 1; ; calls++) {
    work(n);
    const { user, system } = process.cpuUsage(begun);
    const ms = (user + system) / 1_000;
    if (ms >= LEAST_MS) return ms / calls;
  }
}
