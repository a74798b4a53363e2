import type { Facts, Rule } from './rule.ts';
import { finding } from './rule.ts';

/** What the capture itself is like, one finding for each weakness that a conclusion may rest on. */
export const captureTrust: Rule = (facts: Facts) =>
  facts.trust.map((note) =>
    finding(
      'capture-trust',
      'info',
      { weakness: note.code, count: note.count },
      { connection: note.connection, packets: note.packets },
    ),
  );
