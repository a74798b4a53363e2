import { describe, expect, test } from 'vitest';
import { Moment } from '../../src/capture/index.ts';
import { FLAG, Segment } from '../../src/decode/index.ts';
import { DID, LABEL, type Side } from '../../src/tcp/index.ts';
import { DebtBook } from '../../src/trace/debts.ts';
import { LAST_SENT } from '../../src/trace/sent.ts';
import { DEBT_ATTEMPTS_MAX, DEBTS_MAX, LimitCounter } from '../../src/trace/limits.ts';
import type { Debt } from '../../src/trace/index.ts';
import { RefTable } from '../../src/trace/ref-table.ts';

/** One connection's debts, told in labels and did bits. Side 0 is the one that sends; side 1 owes. */
class Ledger {
  readonly limits: LimitCounter = new LimitCounter();
  readonly #moment = new Moment();
  readonly #book = new DebtBook(this.#moment, this.limits);
  readonly #sent = new RefTable(1);

  constructor() {
    this.#book.opened(0);
    this.#sent.grow(2);
  }

  tell(side: Side, seconds: number, labels: number, did: number, flags: number = FLAG.ack): this {
    this.#moment.packet++;
    this.#moment.ns[0] = Math.round(seconds * 1e9);
    this.#book.segment(0, side, labels, did, Object.assign(new Segment(), { flags }), this.#sent);
    this.#sent.set(side, LAST_SENT, this.#moment);
    return this;
  }

  sends(seconds: number, side: Side = 0): this {
    return this.tell(side, seconds, 0, DID.elicit | DID.newData | DID.inFlight | DID.payload);
  }

  resends(...times: readonly number[]): this {
    for (const at of times) this.tell(0, at, LABEL.retransmission, DID.elicit | DID.inFlight);
    return this;
  }

  /** What the capture shows acknowledged is sent again. */
  resendsInVain(...times: readonly number[]): this {
    for (const at of times) {
      this.tell(0, at, LABEL.retransmission | LABEL.spuriousRetransmission, DID.elicit);
    }
    return this;
  }

  probes(...times: readonly number[]): this {
    for (const at of times) this.tell(0, at, LABEL.keepAlive, DID.elicit);
    return this;
  }

  syns(...times: readonly number[]): this {
    for (const [i, at] of times.entries()) {
      const labels = i === 0 ? 0 : LABEL.retransmission;
      const did = DID.elicit | DID.inFlight | (i === 0 ? DID.newData : 0);
      this.tell(0, at, labels, did, FLAG.syn);
    }
    return this;
  }

  /** The debtor acknowledges something new. */
  acks(seconds: number, did: number = DID.ackAdvanced | DID.ackedAll): this {
    return this.tell(1, seconds, 0, did);
  }

  /** The debtor speaks and acknowledges nothing. */
  speaks(...times: readonly number[]): this {
    for (const at of times) this.tell(1, at, LABEL.duplicateAck, 0);
    return this;
  }

  get debts(): Debt[] {
    return this.#book.finish(0);
  }

  get only(): Debt {
    const [debt, ...others] = this.debts;
    if (debt === undefined || others.length > 0) throw new Error('not one debt');
    return debt;
  }
}

function seconds(debt: Debt): object {
  return {
    lastHeard: debt.lastHeard === null ? null : debt.lastHeard.timeNs / 1e9,
    first: debt.firstElicit.timeNs / 1e9,
    last: debt.lastElicit.timeNs / 1e9,
    end: `${debt.end} ${debt.endAt === null ? '' : debt.endAt.timeNs / 1e9}`.trim(),
    tries: debt.tries,
  };
}

describe('a debt for data', () => {
  test('is answered by an acknowledgement that moves forward', () => {
    const debt = new Ledger().speaks(1).sends(10).resends(10.2, 10.6, 11.4).acks(12).only;
    expect(seconds(debt)).toEqual({ lastHeard: 1, first: 10, last: 11.4, end: 'answered 12', tries: 3 });
    expect(debt.elicits).toEqual({ data: 1, retransmissions: 3, probes: 0, windowProbes: 0, syns: 0, fins: 0 });
    expect(debt.owedBy).toBe(1);
  });

  test('is not answered by any packet: both sides may be heard and neither get through', () => {
    const debt = new Ledger().sends(10).resends(10.2).speaks(11, 15).resends(16).only;
    expect(debt).toMatchObject({ end: 'open', endAt: null, heard: 2, triesAfterHeard: 1 });
    expect([debt.firstHeardDuring?.timeNs, debt.lastHeardDuring?.timeNs]).toEqual([11e9, 15e9]);
  });

  test('a partial acknowledgement pays it; what is sent again after is a new one', () => {
    const ledger = new Ledger().sends(10).resends(10.2, 10.6, 11.4).acks(12, DID.ackAdvanced).resends(13, 15, 19);
    expect(ledger.debts.map(seconds)).toMatchObject([
      { first: 10, end: 'answered 12', tries: 3 },
      { first: 13, end: 'open', tries: 3 },
    ]);
  });

  test.each([0, 1] as const)('a reset of side %d that the other accepts ends it', (side) => {
    const debt = new Ledger().sends(10).resends(10.2, 10.6, 11.4).tell(side, 12, 0, DID.rstInWindow, FLAG.rst).only;
    expect(seconds(debt)).toMatchObject({ end: 'rst 12' });
  });

  test('a reset out of the window does not', () => {
    expect(new Ledger().sends(10).resends(10.2, 10.6, 11.4).tell(1, 12, 0, 0, FLAG.rst).only.end).toBe('open');
  });

  test('bytes whose acknowledgement stands before them in the capture owe nothing', () => {
    expect(new Ledger().tell(0, 10, 0, DID.elicit | DID.newData | DID.payload).debts).toEqual([]);
  });

  test('a FIN is counted as what it is', () => {
    const ledger = new Ledger().tell(0, 10, 0, DID.elicit | DID.newData | DID.inFlight, FLAG.fin | FLAG.ack);
    expect(ledger.resends(11, 13).only.elicits).toMatchObject({ fins: 1, data: 0, retransmissions: 2 });
  });

  test('each side may owe the other', () => {
    const debts = new Ledger().sends(10, 0).sends(11, 1).debts;
    expect(debts.map(({ owedBy, firstElicit }) => [owedBy, firstElicit.timeNs])).toEqual([
      [1, 10e9],
      [0, 11e9],
    ]);
  });
});

describe('which debts are kept', () => {
  test('a second or longer', () => {
    expect(new Ledger().sends(10).acks(11).debts).toHaveLength(1);
    expect(new Ledger().sends(10).acks(10.9).debts).toEqual([]);
  });

  test('or three tries, however short', () => {
    expect(new Ledger().sends(10).resends(10.1, 10.2, 10.3).acks(10.4).debts).toHaveLength(1);
    expect(new Ledger().sends(10).resends(10.1, 10.2).acks(10.4).debts).toEqual([]);
  });

  test('and what is open when the capture ends', () => {
    expect(new Ledger().sends(10).only).toMatchObject({ end: 'open', tries: 0, attempts: [] });
  });

  test('the first tries by packet, all of them by number', () => {
    const debt = new Ledger().sends(10).resends(...Array.from({ length: 40 }, (_, i) => 11 + i)).only;
    expect(debt.attempts).toHaveLength(DEBT_ATTEMPTS_MAX);
    expect(debt.tries).toBe(40);
    expect(debt.attempts[0]?.timeNs).toBe(11e9);
  });

  test('a leg that stutters for ever fills its room; what is beyond is counted', () => {
    const ledger = new Ledger();
    for (let i = 0; i < DEBTS_MAX + 5; i++) ledger.sends(10 * i).acks(10 * i + 2);
    expect(ledger.debts).toHaveLength(DEBTS_MAX);
    expect(ledger.limits.all()).toEqual([{ limit: 'debts-per-connection', bound: DEBTS_MAX, count: 5 }]);
  });

  test('a leg that stuttered for ever may die all the same', () => {
    const ledger = new Ledger();
    for (let i = 0; i < DEBTS_MAX; i++) ledger.sends(10 * i).acks(10 * i + 2);
    const at = 10 * DEBTS_MAX;
    ledger.sends(at).resends(at + 1, at + 3, at + 7);
    expect(ledger.debts).toHaveLength(DEBTS_MAX);
    expect(ledger.debts.at(-1)).toMatchObject({ end: 'open', tries: 3 });
  });

  test('the attempts of a debt that was not kept are not those of the next', () => {
    const debt = new Ledger().sends(10).resends(10.1).acks(10.2).sends(20).resends(21, 23).only;
    expect(debt.attempts.map(({ timeNs }) => timeNs / 1e9)).toEqual([21, 23]);
  });
});

describe('a debt for keep-alive probes (RFC 1122 §4.2.3.6)', () => {
  test('is answered by any packet', () => {
    expect(seconds(new Ledger().probes(10, 20, 30).speaks(31).only)).toMatchObject({ end: 'answered 31', tries: 3 });
  });

  test('but not by a reset out of the window', () => {
    expect(new Ledger().probes(10, 20, 30).tell(1, 31, 0, 0, FLAG.rst).only.end).toBe('open');
  });

  test('becomes one for data when data are sent: then only an acknowledgement pays', () => {
    const ledger = new Ledger().probes(10, 20).sends(25).speaks(26);
    expect(ledger.only).toMatchObject({ end: 'open', elicits: { probes: 2, data: 1 } });
  });
});

describe('a debt for window probes (RFC 9293 §3.8.6.1)', () => {
  const probed = (...times: readonly number[]): Ledger => {
    const ledger = new Ledger();
    for (const at of times) ledger.tell(0, at, LABEL.zeroWindowProbe, DID.elicit);
    return ledger;
  };

  test('is answered by any packet: a window that stays shut acknowledges nothing, and its host lives', () => {
    expect(probed(10, 12, 16).speaks(16.1).only).toMatchObject({ end: 'answered', tries: 3 });
  });

  test('stays open where nothing comes, and counts no keep-alive probes', () => {
    expect(probed(10, 12, 16).only).toMatchObject({ end: 'open', elicits: { probes: 0, windowProbes: 3 } });
  });

  test('becomes one for data when data are sent', () => {
    expect(probed(10, 12).sends(13).speaks(14).only).toMatchObject({ end: 'open', elicits: { data: 1 } });
  });
});

describe('a ladder of SYNs', () => {
  test('counts each SYN as a try, the first included', () => {
    const debt = new Ledger().syns(10, 11, 13, 17).only;
    expect(debt).toMatchObject({ tries: 4, elicits: { syns: 4, retransmissions: 0 }, lastHeard: null });
  });

  test('ends with the answer', () => {
    expect(seconds(new Ledger().syns(10, 11, 13).acks(13.1).only)).toMatchObject({ end: 'answered 13.1' });
  });
});

describe('acknowledged in vain', () => {
  test('what was acknowledged in the capture is sent again and again: dated from its first sending', () => {
    const debt = new Ledger().speaks(9).sends(10).acks(10.001).resendsInVain(10.2, 10.6, 11.4, 13).only;
    expect(debt).toMatchObject({ acknowledgedInVain: true, end: 'open', tries: 4 });
    expect(seconds(debt)).toMatchObject({ lastHeard: 9, first: 10, last: 13 });
  });

  test('the acknowledgements that come in answer do not pay it, they are what does not arrive', () => {
    const ledger = new Ledger().sends(10).acks(10.001);
    for (const at of [10.2, 10.6, 11.4]) ledger.resendsInVain(at).speaks(at + 0.001);
    expect(ledger.only).toMatchObject({ end: 'open', acknowledgedInVain: true, heard: 3 });
  });

  test('new data show that an acknowledgement came through', () => {
    const debts = new Ledger().sends(10).acks(10.001).resendsInVain(10.2, 10.6, 11.4).sends(12).acks(12.001).debts;
    expect(debts.map(seconds)).toMatchObject([{ end: 'answered 12' }]);
  });

  test('fewer than three are two packets sent twice by mistake', () => {
    expect(new Ledger().sends(10).acks(10.001).resendsInVain(10.2, 60).debts).toEqual([]);
  });

  test('a creditor that speaks long after its next try was due has stopped trying', () => {
    const ledger = new Ledger().sends(10).acks(10.001).resendsInVain(10.2, 10.6, 11.4);
    expect(ledger.tell(0, 60, 0, 0).only).toMatchObject({ end: 'answered' });
  });
});
