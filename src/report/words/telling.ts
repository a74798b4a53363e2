import type { Telling } from '../../incident/index.ts';

/** Sooner than that nobody would call it a wait. */
const AT_ONCE_SECONDS = 0.1;

const WAYS: Readonly<Record<Telling, string>> = {
  response: 'by an error response',
  'rst-stream': 'by RST_STREAM',
  'end-stream': "by the stream's end",
  closed: 'by closing its connection',
};

/** What a report of an older version does not have is absent. */
interface Told {
  readonly clientTold: boolean;
  readonly toldBy?: Telling | null;
  readonly toldAfterSeconds?: number | null;
}

/** Whether, when and how a client heard of its upstream's reset: `the client was told after 2 s, by RST_STREAM`. */
export function toldText(
  { clientTold, toldBy = null, toldAfterSeconds = null }: Told,
  span: (seconds: number) => string,
): string {
  if (!clientTold) return 'nothing in the capture tells the client';
  const when =
    toldAfterSeconds === null
      ? ''
      : toldAfterSeconds < AT_ONCE_SECONDS
        ? ' at once'
        : ` after ${span(toldAfterSeconds)}`;
  return `the client was told${when}${toldBy === null ? '' : `, ${WAYS[toldBy]}`}`;
}
