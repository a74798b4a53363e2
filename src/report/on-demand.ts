import type { anonymized, standInsFor } from './anonymize.ts';
import type { extractRewriter } from './anonymize/packet.ts';
import type { FINDING_CODES, renderCodes, renderExplanation } from './explain.ts';

/* What most runs never use is loaded when it is asked for: a fifth of all code, which would be read and parsed at each start. */

export interface Anonymizer {
  readonly standInsFor: typeof standInsFor;
  readonly anonymized: typeof anonymized;
  readonly extractRewriter: typeof extractRewriter;
}

export async function loadAnonymizer(): Promise<Anonymizer> {
  return { ...(await import('./anonymize.ts')), ...(await import('./anonymize/packet.ts')) };
}

export interface Explanations {
  readonly FINDING_CODES: typeof FINDING_CODES;
  readonly renderCodes: typeof renderCodes;
  readonly renderExplanation: typeof renderExplanation;
}

export async function loadExplanations(): Promise<Explanations> {
  return import('./explain.ts');
}
