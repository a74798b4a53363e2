import type { Leg } from './model.ts';
import type { Scene } from './scene.ts';
import { givenUpAtNs } from './surroundings.ts';
import type { TraceStream } from '../trace/index.ts';

/** Client streams that ended together with an upstream connection, and how sure that makes the two belong together. */
export interface TimedStreams {
  readonly byClient: ReadonlyMap<Leg, readonly TraceStream[]>;
  readonly confidence: number;
}

/** Nothing else in the capture explains it; still only time speaks for it. */
const ALONE_CONFIDENCE = 0.9;

const NONE: TimedStreams = { byClient: new Map(), confidence: 0 };

/**
 * A gateway that gives an upstream connection up and at once resets or answers client streams shows that they were on it
 * (contract §3, Links). Only streams that no join explains count, and each other upstream that closed in the same moment explains them just as well.
 */
export function timedStreams(scene: Scene, upstream: Leg): TimedStreams {
  const { actsWithinNs } = scene.thresholds;
  const closedNs = givenUpAtNs(upstream);
  if (closedNs === null) return NONE;
  const around = scene.around(upstream);
  const told = around.words
    .between(closedNs, closedNs + actsWithinNs)
    .filter(({ client, stream }) => client !== upstream && stream.opened.timeNs <= closedNs);
  const byClient = new Map<Leg, Set<TraceStream>>();
  for (const { client, stream } of told.toSorted((a, b) => a.stream.index - b.stream.index)) {
    const streams = byClient.get(client) ?? new Set();
    byClient.set(client, streams.add(stream));
  }
  // Itself is among them.
  const givenUp = around.gaveUp(closedNs - actsWithinNs, closedNs + actsWithinNs);
  return {
    byClient: new Map([...byClient].map(([client, streams]) => [client, [...streams]])),
    confidence: ALONE_CONFIDENCE / Math.max(1, givenUp),
  };
}
