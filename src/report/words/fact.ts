/** A line of a window's facts; terms are at most 8 characters. */
export type Fact = readonly [term: string, text: string];
