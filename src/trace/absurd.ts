/** For the end of a `switch` over our own union: a new member does not compile, and at run time would be our own bug. */
export function absurd(value: never): never {
  throw new Error(`unexpected: ${JSON.stringify(value)}`);
}
