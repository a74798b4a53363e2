const TRIES = 4;
/** Shorter times are not told from nothing. */
const LEAST_MS = 20;
const TIMES = 16;

/** Sixteen times as much takes 16 to 25 times as long where time is linear, by n log n and colder caches, and 256 times where pairs are followed. */
export const LINEAR_MAX = 64;

/** How many times as long sixteen times as much takes. */
export function growth(work: (n: number) => void, n: number): number {
  return costRatio(
    () => work(TIMES * n),
    () => work(n),
  );
}

/** How many times as long the one takes: of several tries in turns the least each, so that a machine that is busy for a while is not taken for it. */
export function costRatio(work: () => void, other: () => void): number {
  other();
  const tries = Array.from({ length: TRIES }, () => ({ one: costMs(work), two: costMs(other) }));
  return Math.min(...tries.map(({ one }) => one)) / Math.min(...tries.map(({ two }) => two));
}

/** Of this process alone, whatever else the machine does. */
function costMs(work: () => void): number {
  const begun = process.cpuUsage();
  for (let calls = 1; ; calls++) {
    work();
    const { user, system } = process.cpuUsage(begun);
    const ms = (user + system) / 1_000;
    if (ms >= LEAST_MS) return ms / calls;
  }
}
