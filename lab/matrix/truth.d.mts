/** @param facts what NAME.facts.json.gz holds; @returns what NAME.truth.json holds */
export function tellTruth(name: string, facts: unknown): unknown;
