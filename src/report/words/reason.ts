/**
 * Why the gateway answered itself, to be put behind a sentence; empty where it did not say.
 * @param reason  undefined: the report comes from a version that did not say
 */
export function reasonText(reason: string | null | undefined): string {
  return typeof reason === 'string' && reason !== '' ? ` (${reason.replaceAll('-', ' ')})` : '';
}
