/** After how many seconds the server is to end a watch, as its path asks; null where it does not. */
export function timeoutSecondsOf(path: string | null): number | null {
  const asked = /[?&]timeoutSeconds=(\d{1,9})(?:&|$)/.exec(path ?? '')?.[1];
  return asked === undefined ? null : Number(asked);
}
