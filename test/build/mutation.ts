import fc from 'fast-check';

/** A mutant that fails a property is killed; the smallest example of it interests nobody. One seed, so that the score can be had again. */
fc.configureGlobal({ seed: 6, endOnFailure: true });
