import { writeFileSync } from 'node:fs';
import { generatedSchema } from './schema.ts';

/** Names in order, so that a change of the types shows as no more than it is. */
const inOrder = (_name: string, value: unknown): unknown =>
  typeof value === 'object' && value !== null && !Array.isArray(value)
    ? Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)))
    : value;

/** `npm run schema`: writes schema/report.schema.json anew from the types. */
writeFileSync(
  new URL('../../schema/report.schema.json', import.meta.url),
  JSON.stringify(generatedSchema(), inOrder, 2),
);
