import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { StandIns } from '../../../src/report/anonymize/stand-ins.ts';
import { rewrittenPacket } from '../../../src/report/anonymize/packet.ts';
import type { Report } from '../../../src/report/index.ts';
import {
  concat,
  data,
  FLAGS,
  frame,
  goaway,
  headers,
  ping,
  PREFACE,
  rstStream,
  settings,
  TYPE,
  windowUpdate,
} from '../../build/h2.ts';
import { HpackEncoder, latin1 } from '../../build/hpack.ts';
import { type TcpPacket, tcpPacket } from '../../build/packet.ts';
import { LINKTYPE } from '../../build/pcap.ts';
import { composed, gatewayMute } from '../scenarios.ts';
import { rewrittenExtract } from './rewritten-extract.ts';

/** The client connection of the story, which speaks HTTP/2 in clear. */
const C1 = { from: '10.9.1.2:49739', to: '10.9.1.1:80', link: 'RAW' } as const;
const HEADER_BYTES = 40;

interface Sent {
  readonly seq: number;
  readonly payload: Uint8Array;
  readonly captured?: number;
  readonly flags?: string;
}

/** What is left of the payloads of segments, in their order. */
function left(...sent: readonly Sent[]): Uint8Array[] {
  return leftOf(composed(gatewayMute()), ...sent);
}

function leftOf(report: Report, ...sent: readonly (Sent & Partial<Pick<TcpPacket, 'from' | 'to'>>)[]): Uint8Array[] {
  return [
    ...rewrittenExtract(
      report,
      sent.map((each) => ({ ...C1, flags: 'ACK', ...each })),
    ).payloads,
  ];
}

const block = (path: string): Uint8Array =>
  new HpackEncoder().encode([
    [':method', 'GET'],
    [':scheme', 'http'],
    [':path', path],
    ['authorization', `Bearer ${path}`],
  ]);
const zero = (count: number): Uint8Array => new Uint8Array(count);
const frames = (bytes: Uint8Array): number[][] => {
  const list: number[][] = [];
  for (let at = 0; at + 9 <= bytes.length;) {
    const length = (bytes[at] ?? 0) * 65_536 + (bytes[at + 1] ?? 0) * 256 + (bytes[at + 2] ?? 0);
    list.push([length, ...bytes.slice(at + 3, at + 9)]);
    at += 9 + length;
  }
  return list;
};

describe('of HTTP/2', () => {
  const all = concat(
    settings([3, 100]),
    headers(1, block('/zq7')),
    data(1, 'zq7 zq7', { padBytes: 3 }),
    windowUpdate(1, 5),
    rstStream(1, 8),
    goaway(7, 11, 'zq7 debug'),
  );

  test('frame headers stay, with lengths, types, flags and streams', () => {
    const [told = zero(0)] = left({ seq: 1, payload: all });
    expect(frames(told)).toEqual(frames(all));
  });

  test('numbers of the protocol stay: settings, increments, codes, last streams', () => {
    for (const whole of [settings([3, 100], [4, 65_535]), windowUpdate(0, 77), rstStream(3, 8)]) {
      expect(left({ seq: 1, payload: whole })).toEqual([whole]);
    }
    expect(left({ seq: 1, payload: goaway(7, 11, 'zq7') })).toEqual([
      concat(goaway(7, 11, '').slice(0, 2), goaway(7, 11, 'zq7').slice(2, 17), zero(3)),
    ]);
  });

  test('debug data that programs put into GOAWAY stay', () => {
    expect(left({ seq: 1, payload: goaway(7, 11, 'too_many_pings') })).toEqual([goaway(7, 11, 'too_many_pings')]);
  });

  test('the preface stays', () => {
    expect(left({ seq: 1, payload: concat(PREFACE, settings()) })).toEqual([concat(PREFACE, settings())]);
  });

  test('nothing of fields, data, PINGs, padding and debug data stays: others give the same bytes', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'z', 'q', '7', '/', '-'), minLength: 12, maxLength: 12 });
    const sent = (word: string): Uint8Array =>
      concat(
        headers(1, concat(Uint8Array.of(0x82), latin1(`\u0000\u0004path\u000c${word}`))),
        data(1, word),
        goaway(7, 11, word),
      );
    fc.assert(
      fc.property(text, text, (one, other) => {
        expect(left({ seq: 1, payload: sent(one) })).toEqual(left({ seq: 1, payload: sent(other) }));
      }),
    );
  });

  test('a field block becomes another that decodes, however long it is', () => {
    for (let bytes = 0; bytes < 700; bytes++) {
      const [told = zero(0)] = left({ seq: 1, payload: headers(1, zero(bytes).fill(0xff)) });
      expect(decodes(told.slice(9))).toBe(true);
    }
  });

  test('references to tables stay: what they refer to has stand-ins', () => {
    const [request = zero(0)] = left({ seq: 1, payload: headers(1, block('/zq7')) });
    expect(request.slice(9, 11)).toEqual(Uint8Array.of(0x82, 0x86));
    const response = headers(1, Uint8Array.of(0x88, 0xbe, 0xbf));
    expect(left({ seq: 1, payload: response })).toEqual([response]);
  });

  test('of a block that is cut nothing stays but method, scheme and status of the static table at its beginning', () => {
    const cut = concat(Uint8Array.of(0x88), latin1('\u0040\u0003zq7\u0009zq'));
    const [told = zero(0)] = left({ seq: 1, payload: headers(1, cut) });
    expect(told[9]).toBe(0x88);
    expect(decodes(told.slice(9))).toBe(true);
    expect(Buffer.from(told).toString('latin1')).not.toContain('zq');
  });

  test('the same data have the same number, others another, on every connection of the report', () => {
    const upstream = { from: '10.9.2.2:8080', to: '10.9.2.1:40112' } as const;
    const [near, far, other] = leftOf(
      composed(gatewayMute()),
      { seq: 1, payload: data(1, 'one event') },
      { ...upstream, seq: 900, payload: data(9, 'one event') },
      { ...upstream, seq: 918, payload: data(9, 'one Event') },
    );
    expect(near?.slice(9)).toEqual(far?.slice(9));
    expect(other?.slice(9)).not.toEqual(far?.slice(9));
  });

  test('a PING and its answer have the same number', () => {
    const [asked, answered] = left({ seq: 1, payload: ping(7, 8) }, { seq: 18, payload: ping(7, 8, true) });
    expect(asked?.slice(9)).toEqual(answered?.slice(9));
    expect(left({ seq: 1, payload: ping(7, 8) })).not.toEqual([ping(7, 8)]);
  });
});

describe('frames are followed over segments', () => {
  const long = data(1, 'x'.repeat(300));
  const stream = concat(settings([3, 100]), long, windowUpdate(1, 9));

  test('one that ends in another segment, and what follows it there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 32 - 1 }), fc.integer({ min: 24, max: 320 }), (seq, cut) => {
        const [, ...parts] = left(
          { seq: (seq - 1) >>> 0, payload: zero(0), flags: 'SYN' },
          { seq, payload: stream.slice(0, cut) },
          { seq: (seq + cut) >>> 0, payload: stream.slice(cut) },
        );
        expect(frames(concat(...parts))).toEqual(frames(stream));
      }),
    );
  });

  test('what is sent again has the same bytes again, however it is cut', () => {
    const again = stream.slice(5, 200);
    const [, whole = zero(0), part] = left(
      { seq: 0, payload: zero(0), flags: 'SYN' },
      { seq: 1, payload: stream },
      { seq: 6, payload: again },
    );
    expect(whole.slice(0, 9)).toEqual(stream.slice(0, 9));
    expect(part).toEqual(whole.slice(5, 200));
  });

  test('after a gap a segment counts that is frames from end to end, and else nothing', () => {
    const [, lost, found, next] = left(
      { seq: 1, payload: settings() },
      { seq: 5000, payload: concat(latin1('rest of data'), windowUpdate(1, 9)) },
      { seq: 5025, payload: windowUpdate(1, 9) },
      { seq: 5038, payload: long.slice(0, 100) },
    );
    expect(lost).toEqual(zero(25));
    expect(found).toEqual(windowUpdate(1, 9));
    expect(next?.slice(0, 9)).toEqual(long.slice(0, 9));
  });

  test('a segment that was cut by the snap length keeps what was captured', () => {
    const [, told] = left({ seq: 0, payload: zero(0), flags: 'SYN' }, { seq: 1, payload: stream, captured: 40 });
    expect(told).toHaveLength(40);
    expect(told?.slice(0, 24)).toEqual(stream.slice(0, 24));
  });
});

describe('nothing stays', () => {
  const payload = concat(settings([3, 100]), windowUpdate(1, 9));

  test('on a connection that is none of the report’s', () => {
    const [told] = leftOf(composed(gatewayMute()), { from: '10.9.1.2:49740', seq: 1, payload });
    expect(told).toEqual(zero(payload.length));
  });

  test('on one that does not speak HTTP/2 in clear', () => {
    const report = composed(gatewayMute());
    const connections = report.connections.map((connection) => ({ ...connection, protocol: 'h2-tls' as const }));
    expect(leftOf({ ...report, connections }, { seq: 1, payload })).toEqual([zero(payload.length)]);
  });

  test('of what is no frame', () => {
    const odd = [
      latin1('GET /zq7 HTTP/1.1\r\nauthorization: zq7\r\n\r\n'),
      frame(TYPE.PING, 0, 0, latin1('seven b')),
      frame(TYPE.SETTINGS, 0, 5, zero(6)),
      frame(TYPE.SETTINGS, 0, 0, zero(7)),
      frame(TYPE.DATA, 0, 0, latin1('zq7')),
      frame(TYPE.PUSH_PROMISE, FLAGS.END_HEADERS, 1, latin1('zq7 zq7 zq7')),
      frame(0x7a, 0, 1, latin1('zq7')),
      frame(TYPE.WINDOW_UPDATE, 0xf0, 1, zero(4)),
    ];
    for (const bytes of odd) expect(left({ seq: 1, payload: bytes })).toEqual([zero(bytes.length)]);
  });

  test('whatever bytes come, in whatever order, none throws, and there are as many', () => {
    const piece = fc.oneof(
      fc.uint8Array({ maxLength: 40 }),
      fc.constantFrom(payload, ping(1, 2), data(1, 'x'), headers(3, block('/'))),
    );
    fc.assert(
      fc.property(fc.array(fc.tuple(piece, fc.nat(200)), { maxLength: 8 }), (pieces) => {
        const told = left(...pieces.map(([bytes, seq]) => ({ seq, payload: bytes })));
        expect(told.map(({ length }) => length)).toEqual(pieces.map(([bytes]) => bytes.length));
      }),
    );
  });

  test('where no report is at hand', () => {
    const told = rewrittenPacket(tcpPacket({ ...C1, seq: 1, payload }), LINKTYPE.RAW, new StandIns([], null));
    expect(told?.slice(HEADER_BYTES)).toEqual(zero(payload.length));
  });
});

/** Walks a field block of static fields and literals without indexing (RFC 7541 §6.1, §6.2.2) to its very end. */
function decodes(bytes: Uint8Array): boolean {
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at++] ?? 0;
    if (byte >= 0x81 && byte <= 0x80 + 61) continue;
    if (byte !== 0) return false;
    for (let part = 0; part < 2; part++) {
      let length = bytes[at++] ?? 0;
      for (let shift = 0, more = length === 127; more; shift += 7) {
        const next = bytes[at++] ?? 0;
        length += (next & 127) << shift;
        more = next >= 128;
      }
      at += length;
    }
  }
  return at === bytes.length;
}

describe('in the DATA of a stream in whose tunnel others run', () => {
  /** The story, with a stream of the client's connection that runs in the tunnel of stream 5. */
  function tunnelled(): Report {
    const report = composed(gatewayMute());
    const connections = report.connections.map((connection) => ({
      ...connection,
      streams: connection.streams.map((stream) => ({ ...stream, tunnel: 5 })),
    }));
    return { ...report, connections };
  }

  function leftInside(...inner: readonly Uint8Array[]): readonly Uint8Array[] {
    let seq = 1;
    const sent = inner.map((bytes) => {
      const payload = data(5, bytes);
      seq += payload.length;
      return { seq: seq - payload.length, payload };
    });
    return leftOf(tunnelled(), ...sent).map((told) => told.slice(9));
  }

  const all = concat(PREFACE, settings([3, 100]), headers(1, block('/zq7')), data(1, 'zq7 zq7'), windowUpdate(1, 5));

  test('frames stay frames, and what they carry has stand-ins as elsewhere', () => {
    const [told = zero(0)] = leftInside(all);
    const [alone] = left({ seq: 1, payload: all });
    expect(told).toEqual(alone);
    expect(frames(told.slice(PREFACE.length))).toEqual(frames(all.slice(PREFACE.length)));
  });

  test('they are followed from one DATA frame to the next, and cut ones too', () => {
    const [, told = zero(0)] = leftInside(concat(PREFACE, settings()), concat(settings([3, 9]), ping(1, 2)));
    expect(told.slice(0, 15)).toEqual(settings([3, 9]));
    const [, second, third] = leftInside(concat(PREFACE, settings()), settings([3, 9]).slice(0, 12), latin1('zq7 zq7'));
    expect([second?.slice(0, 9), third]).toEqual([settings([3, 9]).slice(0, 9), zero(7)]);
  });

  test('of anything else nothing stays, nor of the same in a stream that is no tunnel', () => {
    for (const bytes of [latin1('GET /zq7 HTTP/1.1'), concat(settings([3, 9]), latin1('zq7'))])
      expect(leftInside(bytes)).toEqual([zero(bytes.length)]);
    const [other = zero(0)] = leftOf(tunnelled(), { seq: 1, payload: data(7, all) });
    expect(other.slice(9 + 8).some((byte) => byte !== 0)).toBe(false);
  });

  test('behind what is missing frames stay only where they fill a DATA frame', () => {
    const first = data(5, concat(PREFACE, settings()));
    const behind = (...payloads: readonly Uint8Array[]): readonly Uint8Array[] => {
      let seq = 1 + first.length + 100;
      const sent = payloads.map((payload) => {
        seq += payload.length;
        return { seq: seq - payload.length, payload };
      });
      return leftOf(tunnelled(), { seq: 1, payload: first }, ...sent).slice(1);
    };
    const whole = data(5, concat(settings([3, 9]), windowUpdate(0, 7)));
    expect(behind(whole)).toEqual([whole]);
    const [cut = zero(0)] = behind(data(5, concat(settings([3, 9]), latin1('zq7 '))));
    expect(cut.slice(9)).toEqual(zero(19));
  });
});
