import { describe, expect, test } from 'vitest';
import { findingsIn, watching } from '../stories.ts';

describe('capture-trust', () => {
  test('each weakness of a leg is told', () => {
    const built = watching().flow('upstream', { gapBytes: 500 }).on('c1').flow('client', { lostByCapture: 2 }).end(600);
    expect(findingsIn(built, 'capture-trust').map(({ connection, args }) => [connection, args])).toEqual([
      ['c1', { weakness: 'lost-by-capture', count: 2 }],
      ['u1', { weakness: 'missing-bytes', count: 500 }],
    ]);
  });

  test('a leg of one direction weakens whatever rests on it', () => {
    expect(findingsIn(watching().unseen('upstream').end(600), 'capture-trust')).toMatchObject([
      { severity: 'info', connection: 'u1', args: { weakness: 'one-sided' } },
    ]);
  });

  test('a sound capture has none', () => {
    expect(findingsIn(watching().end(600), 'capture-trust')).toEqual([]);
  });

  test('connections that play no part weaken nothing', () => {
    const built = watching()
      .client('o', { from: '10.9.1.2:50001', to: '10.9.7.7:80' })
      .flow('client', { lostByCapture: 2 })
      .end(600);
    expect(findingsIn(built, 'capture-trust')).toEqual([]);
  });
});
