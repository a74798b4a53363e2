import type { Ref } from './values.ts';

/** The connection that carried the same request, told by the moment alone: no other had one that could have been it. */
export interface TimedPartner {
  /** As in `AskJoin`. */
  readonly hop: number;
  readonly connection: number;
  /** As in `Partner`: this stream is the one nearer the client. */
  readonly nearerClient: boolean;
  /** When it was passed on. */
  readonly at: Ref;
}

/** Requests of two connections of which one cannot be read, as far as their moments tell. */
export interface AskJoin {
  /** Index of ASK_HOPS_NS: they left within that time. */
  readonly hop: number;
  /** Connection ids: the one nearer the client, the one nearer the upstream. */
  readonly near: number;
  readonly far: number;
  readonly matched: number;
  /** Of these, those that are not what one clock does again and again. */
  readonly anew: number;
  /** When they were passed on. */
  readonly first: Ref;
  readonly last: Ref;
}

/** What times tell of the requests on a connection, if what is passed on leaves within a hop of its coming. */
export interface Asks {
  /** Moments, each as long as the hop, in which there were any, or more of one, as far as they can be told. */
  readonly asked: number;
  /** Requests; where they cannot be read, those that follow no other at once. And those before which nothing came that could have been it. */
  readonly acts: number;
  readonly unexplained: number;
  readonly openedFor: OpenedFor | null;
}

/** Whose request a connection was opened for: none other came in the moment before its SYN. */
export interface OpenedFor {
  readonly connection: number;
  readonly asked: Ref;
  /** When that request was passed on, on whatever connection. */
  readonly passedOn: Ref | null;
  /** The first request since then that left on another connection, and that nothing explains: it may be this one. */
  readonly elsewhere: Ref | null;
}
