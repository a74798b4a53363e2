import { otherSide } from '../tcp/index.ts';
import type { TraceStream } from '../trace/index.ts';
import { ByTime } from './by-time.ts';
import { grouped } from './grouped.ts';
import { clientSide, neverOpened, serverOf, triedAt } from './leg.ts';
import { isOneSided } from './liveness.ts';
import type { Leg } from './model.ts';
import { nextSynNs } from './next-try.ts';
import { type Span, Spans } from './spans.ts';
import { isUnreadTunnel, wordsOf } from './stream-fate.ts';

/** A stream of a connection that a gateway accepted. */
export interface Asked {
  readonly client: Leg;
  readonly stream: TraceStream;
}

/** What one gateway accepted and opened, in order of time: asked for each death, so that it costs a look-up and no search. */
export class Surroundings {
  /** Connections that the gateway opened. */
  readonly upstreams: readonly Leg[];
  /** Those of them that stood. */
  readonly opened: readonly Leg[];
  /** Requests of its clients. */
  readonly requests: ByTime<Asked>;
  /** What it told its clients on streams that no join explains; a stream stands there once for each word. */
  readonly words: ByTime<Asked & { readonly timeNs: number }>;
  /** What the gateway sends to upstreams is in the capture, on one connection at least. */
  readonly seesGateway: boolean;
  /** When requests may have been passed on of which the capture lacks the packets. */
  readonly #unread: Spans;
  readonly #attempts: ByTime<Leg>;
  readonly #attemptsTo: ReadonlyMap<string, ByTime<Leg>>;
  readonly #tries: Spans;
  readonly #givenUp: ByTime<number>;

  constructor(clients: readonly Leg[], upstreams: readonly Leg[]) {
    this.upstreams = upstreams;
    this.opened = upstreams.filter((leg) => !neverOpened(leg));
    this.seesGateway = this.opened.some(({ trace }) => !isOneSided(trace));
    this.#unread = new Spans(
      this.opened.flatMap((leg) => [
        ...leg.trace.flows[clientSide(leg)].unread,
        ...unreadInTunnels(leg),
        ...leg.streams.filter(isNameless).map(({ opened: { timeNs } }) => ({ fromNs: timeNs, toNs: timeNs })),
      ]),
    );
    const asked = clients.flatMap((client) => client.streams.map((stream) => ({ client, stream })));
    this.requests = new ByTime(
      asked.filter(({ stream }) => stream.sawRequest),
      ({ stream }) => stream.opened.timeNs,
    );
    this.words = new ByTime(asked.filter(({ stream }) => stream.partners.length === 0).flatMap(eachWord), timeNsOf);
    const attempts = upstreams.filter(neverOpened);
    this.#attempts = new ByTime(attempts, begunNs);
    const byServer = grouped(attempts, (leg) => serverOf(leg).ip);
    this.#attemptsTo = new Map([...byServer].map(([server, legs]) => [server, new ByTime(legs, begunNs)]));
    this.#tries = new Spans(attempts.flatMap(triedNs));
    this.#givenUp = inOrder(upstreams.map(givenUpAtNs));
  }

  /** Whatever the gateway passed on in that time is in the capture. */
  seesPassedOn(fromNs: number, toNs: number): boolean {
    return !this.#unread.overlap(fromNs, toNs);
  }

  /** Attempts to other servers than that of `leg` within `withinNs` of its own. */
  rivalAttempts(leg: Leg, withinNs: number): number {
    const [fromNs, toNs] = [begunNs(leg) - withinNs, begunNs(leg) + withinNs];
    const same = this.#attemptsTo.get(serverOf(leg).ip)?.count(fromNs, toNs) ?? 0;
    return this.#attempts.count(fromNs, toNs) - same;
  }

  /** Whether at some time in this interval it was trying to connect, in vain: what came then may wait for that. */
  isTrying(fromNs: number, toNs: number): boolean {
    return this.#tries.overlap(fromNs, toNs);
  }

  /** Upstream connections that it gave up in this time. */
  gaveUp(fromNs: number, toNs: number): number {
    return this.#givenUp.count(fromNs, toNs);
  }
}

/** When something was said through a tunnel that could not be read, and may have been what a client had asked. */
function unreadInTunnels({ streams, serverSide }: Leg): Span[] {
  return streams.filter(isUnreadTunnel).flatMap(({ opened, lastData }) => {
    const last = lastData[otherSide(serverSide)];
    return last === null ? [] : [{ fromNs: opened.timeNs, toNs: last.timeNs }];
  });
}

/** Whose request it is cannot be known: what it asks for stood in fields that the capture lost, or in a table that those filled. */
function isNameless({ partners, request }: TraceStream): boolean {
  return partners.length === 0 && request?.path == null;
}

function eachWord({ client, stream }: Asked): (Asked & { readonly timeNs: number })[] {
  return wordsOf(client, stream).map(({ timeNs }) => ({ client, stream, timeNs }));
}

function timeNsOf({ timeNs }: { readonly timeNs: number }): number {
  return timeNs;
}

function inOrder(times: readonly (number | null)[]): ByTime<number> {
  return new ByTime(
    times.filter((timeNs) => timeNs !== null),
    (timeNs) => timeNs,
  );
}

/** From the first SYN to when the one after the last would be due; a refusal ends it at once. */
function triedNs(attempt: Leg): Span[] {
  const tried = triedAt(attempt);
  if (tried === null) return [];
  const [fromNs, lastNs] = [tried.first.timeNs, tried.last.timeNs];
  const toNs = attempt.opened === 'refused' ? lastNs : nextSynNs(fromNs, lastNs);
  return [{ fromNs, toNs }];
}

function begunNs({ trace }: Leg): number {
  return trace.first.timeNs;
}

/** When the gateway closed the connection, or either side reset it. */
export function givenUpAtNs(upstream: Leg): number | null {
  const gateway = clientSide(upstream);
  const close = upstream.trace.closes.find(
    (candidate) => candidate.accepted && (candidate.by === gateway || candidate.kind === 'rst'),
  );
  return close?.at.timeNs ?? null;
}
