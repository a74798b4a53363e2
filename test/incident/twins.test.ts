import { expect, test } from 'vitest';
import { untwined } from '../../src/incident/twins.ts';
import { trace } from '../build/trace.ts';

test('requests of a connection that the capture shows before and after its translation are one pair, and not added up', () => {
  const built = trace()
    .client('c1', { from: '10.9.1.2:1001', to: '10.9.7.7:443', at: 0 })
    .with({ initialSeqs: [11, 12] })
    .client('c1 again', { from: '10.9.1.2:1001', to: '10.9.0.2:443', at: 0 })
    .with({ initialSeqs: [11, 12] })
    .upstream('u1', { at: 0.2 })
    .end(60);
  const [connection] = built.connections;
  if (connection === undefined) throw new Error('no connection');
  const { first } = connection;
  const joins = [
    { near: 0, far: 2, matched: 3 },
    { near: 1, far: 2, matched: 5 },
    { near: 0, far: 1, matched: 2 },
  ].map((join) => ({ ...join, first, last: first }));
  const { trace: single } = untwined({ ...built, askJoins: joins });
  expect(single.connections).toHaveLength(2);
  expect(single.askJoins).toMatchObject([{ near: 0, far: 1, matched: 5 }]);
  expect(single.askJoins).toHaveLength(1);
});
