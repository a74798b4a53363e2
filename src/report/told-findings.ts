import type { Finding } from './model.ts';

/** Findings of one code that are told in full. */
const SAME_MAX = 3;

export interface ToldFinding {
  readonly finding: Finding;
  /** Further ones of its code and severity, which are only named after it. */
  readonly also: readonly Finding[];
}

/**
 * The findings as a person wants to read them: a ladder of attempts is told by its first ones, and what weakens the capture is
 * left to the section on trust, which says the same.
 */
export function toldFindings(findings: readonly Finding[]): ToldFinding[] {
  const groups = new Map<string, Finding[]>();
  for (const finding of findings) {
    if (finding.code === 'capture-trust') continue;
    const key = `${finding.severity} ${finding.code}`;
    groups.set(key, [...(groups.get(key) ?? []), finding]);
  }
  return [...groups.values()].flatMap((group) =>
    group.slice(0, SAME_MAX).map((finding, i) => ({ finding, also: i === SAME_MAX - 1 ? group.slice(SAME_MAX) : [] })),
  );
}
