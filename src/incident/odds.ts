/** Minus the decimal logarithm of the chance of so many or more, where `expected` are: Chernoff's bound of a Poisson law, so that it is never said too sure. */
export function oddsAgainstChance(matched: number, expected: number): number {
  if (matched <= expected) return 0;
  return (matched * Math.log(matched / expected) - matched + expected) / Math.LN10;
}
