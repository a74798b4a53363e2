import { describe, expect, test } from 'vitest';
import { findingsIn, watching, watchingWithSpare } from '../stories.ts';

describe('alternative-unused', () => {
  test('the second apiserver was connected all the time and got no request', () => {
    const built = watchingWithSpare().retransmits(10, 20, 40).end(600);
    expect(findingsIn(built, 'alternative-unused')).toMatchObject([
      { severity: 'critical', connection: 'u2', args: { alternative: 'u2', windowNs: 590.2e9 } },
    ]);
  });

  test('one that got a request in the window was used', () => {
    const built = watchingWithSpare().retransmits(10, 20, 40).on('c1').list(9, { at: 30 }).on('u2').carries(9, 1);
    expect(findingsIn(built.serves(1, 30.1).end(600), 'alternative-unused')).toEqual([]);
  });

  test('each alternative is named once, however many windows there are', () => {
    const built = watchingWithSpare()
      .retransmits(10, 20, 40)
      .client('c2')
      .watch(1, { at: 2 })
      .on('u1')
      .carries(1, 5)
      .answers(5, 200, 2.1)
      .end(600);
    expect(findingsIn(built, 'alternative-unused')).toHaveLength(1);
  });

  test('a server that the capture never shows cannot be named', () => {
    expect(findingsIn(watching().retransmits(10, 20, 40).end(600), 'alternative-unused')).toEqual([]);
  });
});
