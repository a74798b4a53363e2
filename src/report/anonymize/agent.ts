import type { NameBook } from './name-book.ts';
import { isKnownProgram } from './vocabulary.ts';

/** Numbers at the head of a version; what stands behind (`-eks-acme`) may name who built it. */
const NUMBERS = /^v?\d{1,6}(?:\.\d{1,6}){0,3}(?![a-z0-9])/i;

/**
 * A user agent by its components (RFC 9110 §10.1.5): programs that many clusters run stay, with the numbers of their versions; others have
 * stand-ins; comments in parentheses, which tell systems and builds, are left out.
 */
export function agentStandIn(agent: string, names: NameBook): string {
  const products = agent.replace(/\([^()]*\)?/g, ' ').split(/\s+/);
  return products
    .filter((product) => product !== '')
    .map((product) => productStandIn(product, names))
    .join(' ');
}

function productStandIn(product: string, names: NameBook): string {
  const [name = '', version = ''] = product.split('/');
  const told = isKnownProgram(name) ? name : names.standIn('agent', name);
  const numbers = NUMBERS.exec(version)?.[0];
  return numbers === undefined ? told : `${told}/${numbers}`;
}
