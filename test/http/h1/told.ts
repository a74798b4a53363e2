import type { Conversation } from '../conversation.ts';

/** What was told, without the protocol and the fingerprints of bodies. */
export function toldBy(conversation: Conversation): unknown[][] {
  return conversation
    .told()
    .filter(([call]) => call !== 'protocol')
    .map(([call, ...rest]) => (call === 'data' ? [call, rest[0], rest[1], rest[2], rest[4]] : [call, ...rest]));
}
