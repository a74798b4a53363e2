import type { Side } from '../../../tcp/index.ts';
import { type KeyLog, ResealedSession, type StandInRandoms } from '../../../tls/index.ts';
import { absurd } from '../../../trace/index.ts';
import type { Protocol } from '../../model.ts';
import type { StandIns } from '../stand-ins.ts';
import { FlowBytes } from './flow-bytes.ts';
import { FramedRuns } from './framed-runs.ts';
import { type Asked, Http1Runs } from './http1.ts';
import { Http2Framing } from './http2.ts';
import { Likeness } from './likeness.ts';
import { proxyHeaderStandIn } from './proxy-header.ts';
import { NOTHING_STAYS, type RunRewriter } from './run.ts';
import type { SizedNames } from './sized-names.ts';
import { TlsFraming } from './tls.ts';
import { insideOf, TlsRuns } from './tls-runs.ts';

/** What all conversations of an extract have in common: the same thing has the same stand-in in each. */
export interface Disguises {
  readonly standIns: StandIns;
  readonly names: SizedNames;
  readonly randoms: StandInRandoms;
  readonly likeness: Likeness;
  readonly keyLog: KeyLog;
}

const SIDES: readonly Side[] = [0, 1];

/** One connection: what both ends said, until it is known what is told in its place. */
export class Conversation {
  readonly flows: readonly [FlowBytes, FlowBytes] = [new FlowBytes(), new FlowBytes()];
  readonly #protocol: Protocol;
  readonly #client: Side;
  readonly #tunnels: ReadonlySet<number>;
  readonly #disguises: Disguises;
  readonly #session: ResealedSession | null;
  /** Headers of the PROXY protocol before anything else. */
  readonly #headers: [Uint8Array, Uint8Array] = [new Uint8Array(0), new Uint8Array(0)];

  /**
   * @param client  the side that asks
   * @param tunnels CONNECT streams in which others run
   */
  constructor(protocol: Protocol, client: Side, tunnels: ReadonlySet<number>, disguises: Disguises) {
    this.#protocol = protocol;
    this.#tunnels = tunnels;
    this.#client = client;
    this.#disguises = disguises;
    const isTls = protocol === 'tls' || protocol === 'h2-tls' || protocol === 'http1-tls';
    this.#session = isTls ? new ResealedSession(disguises.keyLog, disguises.randoms) : null;
  }

  /** The next bytes of a side, which stay as they are. */
  take(side: Side, position: number, bytes: Uint8Array): void {
    const flow = this.flows[side];
    flow.append(position, bytes);
    if (position === 0 && flow.isFromStart) this.#headers[side] = proxyHeaderStandIn(bytes, this.#disguises.standIns);
    const at = position === 0 ? this.#headers[side].length : 0;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (at < bytes.length) this.#session?.read(side, view, at, bytes.length, position + at);
  }

  lose(side: Side, bytes: number): void {
    this.flows[side].lose(bytes);
    this.#session?.gap(side);
  }

  /** Stand-in secrets under which it is sealed again, in lines of a key log. */
  get secrets(): Iterable<string> {
    return this.#session?.secrets ?? [];
  }

  /** Everything was taken: finds out what is told. */
  rewrite(): void {
    const rewriters = this.#rewriters();
    for (const side of [this.#client, ...SIDES.filter((each) => each !== this.#client)])
      this.flows[side].rewrite(rewriters[side](), this.#headers[side]);
  }

  #rewriters(): readonly [() => RunRewriter, () => RunRewriter] {
    const begin = (side: Side): number | null => (this.flows[side].isFromStart ? this.#headers[side].length : null);
    if (this.#session !== null) return this.#resealers(this.#session, begin);
    switch (this.#protocol) {
      case 'h2':
        return eachSide((side) => this.#http2(begin(side)));
      case 'http1':
        return this.#http1(begin);
      case 'h2-tls':
      case 'http1-tls':
      case 'tls':
      case 'tcp':
        return eachSide(() => NOTHING_STAYS);
      default:
        return absurd(this.#protocol);
    }
  }

  /** The handshake was seen, so what is inside begins with its first record. */
  #resealers(
    session: ResealedSession,
    begin: (side: Side) => number | null,
  ): readonly [() => RunRewriter, () => RunRewriter] {
    const inside = insideOf(session, this.#client);
    const http1 = this.#http1(() => 0);
    const content = (side: Side): RunRewriter => {
      if (inside === 'h2') return this.#http2(0);
      return inside === 'http1' ? http1[side]() : NOTHING_STAYS;
    };
    return eachSide((side) => {
      const outline = new FramedRuns(new TlsFraming(), begin(side));
      return new TlsRuns(session.records[side], this.#disguises, content(side), outline);
    });
  }

  #http2(begin: number | null): RunRewriter {
    const { likeness, names } = this.#disguises;
    return new FramedRuns(new Http2Framing(likeness, names, this.#tunnels), begin);
  }

  #http1(begin: (side: Side) => number | null): readonly [() => RunRewriter, () => RunRewriter] {
    const asked: Asked = [];
    const { likeness, names } = this.#disguises;
    return eachSide((side) => new Http1Runs(names, likeness, asked, side === this.#client, begin(side) !== null));
  }
}

function eachSide(of: (side: Side) => RunRewriter): readonly [() => RunRewriter, () => RunRewriter] {
  return [() => of(0), () => of(1)];
}
