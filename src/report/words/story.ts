import { durationText } from '../duration.ts';
import type { Cause, Connection, HurtStream, Window } from '../model.ts';
import { askedOf } from './asked.ts';
import { hurtText, streamText } from './hurt.ts';
import { packetName } from './packet-name.ts';
import { clockText, farEnd, listedUpTo, NAMED_MAX, named, namedClient } from './phrase.ts';
import { streamName } from './stream-name.ts';
import { endedText } from './window-end.ts';

/** A window that has no story yet. */
export type ToldWindow = Omit<Window, 'story'>;

type Connections = ReadonlyMap<string, Connection>;

/** What happened in a window, in the order of time: the death, the client's leg, who was hurt, who stood by, the end. */
export function storyOf(window: ToldWindow, connections: Connections, paths: readonly string[]): string {
  return [
    deathText(window, connections),
    clientText(window, connections),
    ...inferredText(window),
    ...streamsText(window),
    ...alternativesText(window, connections),
    endText(window, connections, paths),
    ...recoveryText(window, connections),
  ].join(' ');
}

/** What a cause means, as a heading. */
export const CAUSES: Readonly<Record<Cause, string>> = {
  'peer-silent': 'nothing more came from the upstream',
  'path-one-way': 'packets of one direction did not arrive',
  reset: 'the upstream reset the connection',
  refused: 'the upstream refused the connection',
  'goaway-ignored': 'the upstream said GOAWAY and was used on',
  'connect-unanswered': 'the upstream never answered the SYN',
  'closed-not-propagated': 'the upstream closed, and the client was not told',
};

/** What nobody could read is told as what it is. */
function inferredText({ isInferred }: ToldWindow): string[] {
  return isInferred
    ? [
        'What the two connections carried could not be read: that they belong together, and that somebody waited, is inferred from sizes ' +
          'and times of their records.',
      ]
    : [];
}

function deathText(window: ToldWindow, connections: Connections): string {
  const at = clockText(window.onset.firstUnanswered);
  const upstream = connections.get(window.upstream);
  const peer = upstream === undefined ? 'the upstream' : farEnd(upstream);
  const id = window.upstream;
  switch (window.cause) {
    case 'peer-silent':
      return `${heardText(peer, window)} What the gateway sent on ${id} from ${at} on stayed unanswered.`;
    case 'path-one-way':
      return oneWayText(window, upstream, peer);
    case 'reset':
      return `At ${at} ${peer} reset ${id}.`;
    case 'refused':
      return refusedText(window, peer);
    case 'goaway-ignored':
      return `At ${at} ${peer} said GOAWAY on ${id}; streams stayed on it or waited for it all the same.`;
    case 'connect-unanswered':
      return `From ${at} on ${peer} answered none of the gateway's SYNs (${id}).`;
    case 'closed-not-propagated':
      return `At ${at} ${peer} closed ${id}; the client's streams were left open.`;
  }
}

/** A SYN that is answered and not in the capture was answered before it came there. */
function refusedText({ upstream: id, onset, evidence }: ToldWindow, peer: string): string {
  const at = clockText(onset.firstUnanswered);
  if (evidence.some(({ kind, connection }) => kind === 'syn' && connection === id))
    return `At ${at} ${peer} refused the gateway's connection attempt ${id}.`;
  return (
    `At ${at} the gateway's connection attempt ${id} was refused in the name of ${peer}. Its SYN is not in the capture: what refused it may stand ` +
    'between the gateway and the point of capture, as a REJECT rule of its own does.'
  );
}

function heardText(peer: string, window: ToldWindow): string {
  const { onset, upstream } = window;
  if (onset.lastHeard === null) return `The capture shows no packet of ${peer} on ${upstream}.`;
  return `The last packet of ${peer} on ${upstream}${beforeText(window)} is at ${clockText(onset.lastHeard)}.`;
}

/** Who was heard again later has sent packets since. */
function beforeText({ end }: ToldWindow): string {
  return end.how === 'healed' ? ' before this' : '';
}

/** Which direction is dead tells who owes the answers; where packets were dropped, a capture at one place cannot tell. */
function oneWayText(window: ToldWindow, upstream: Connection | undefined, peer: string): string {
  const at = clockText(window.onset.firstUnanswered);
  const debtor = upstream?.liveness.find((span) => span.state === 'dead' && span.to > window.from)?.owedBy ?? null;
  const place = 'One direction of this connection is dead; where its packets are dropped, the capture cannot tell.';
  if (window.oneWay === 'acknowledged-in-vain') {
    return (
      `From ${at} on the same bytes are sent again and again on ${window.upstream}, though this capture shows them ` +
      `acknowledged: the acknowledgements do not arrive. ${place}`
    );
  }
  if (window.oneWay === 'gateway-unseen') return `${unseenText(window, upstream)} ${place}`;
  if (debtor === 'client') {
    const heard = window.onset.lastHeard === null ? 'No packet' : 'The last packet';
    const when = window.onset.lastHeard === null ? 'in the capture' : `at ${clockText(window.onset.lastHeard)}`;
    return (
      `${heard} of the gateway on ${window.upstream}${beforeText(window)} is ${when}. From ${at} on ${peer} keeps sending there and ` +
      `nothing acknowledges it. ${place}`
    );
  }
  const both = debtor === 'both' ? ' Both sides retransmit past each other.' : '';
  return (
    `From ${at} on ${peer} acknowledges nothing that the gateway sends on ${window.upstream}, ` +
    `though it is still heard.${both} ${place}`
  );
}

/** Nothing was owed to anybody: what tells is what the gateway did before and is not seen to do any more. */
function unseenText({ upstream: id, onset }: ToldWindow, upstream: Connection | undefined): string {
  const time = upstream?.keepalive.fromClient.time ?? null;
  const due = time === null ? '' : `, due after ${durationText(time)} of silence,`;
  const last = onset.lastHeard === null ? 'in the capture' : `at ${clockText(onset.lastHeard)}`;
  return (
    `The last packet of the gateway on ${id} is ${last}. Its keep-alive probes${due} are not seen any more, nor does the capture show that it ` +
    `cancelled what it gave up at ${clockText(onset.firstUnanswered)}, or closed ${id}.`
  );
}

function clientText(window: ToldWindow, connections: Connections): string {
  const answered = window.meanwhile?.pingsAnswered ?? 0;
  const pings = answered > 0 ? `, and the gateway answered its PING${answered === 1 ? '' : 's'}` : '';
  return `Meanwhile the client's connection ${namedClient(window.client, connections)} stayed up${pings}.`;
}

function streamsText({ streams }: ToldWindow): string[] {
  const [first] = streams.toSorted((a, b) =>
    a.silentSince < b.silentSince ? -1 : a.silentSince > b.silentSince ? 1 : 0,
  );
  if (first === undefined) return [];
  if (streams.length === 1) return [`On it ${hurtText(streams)}, silent since ${clockText(first.silentSince)}.`];
  return [
    `On it ${hurtText(streams)}; the first to fall silent was ${streamText(first)} at ${clockText(first.silentSince)}.`,
  ];
}

function alternativesText({ alternatives }: ToldWindow, connections: Connections): string[] {
  const groups = askedOf(alternatives, connections);
  const [only] = groups;
  if (only === undefined) return [];
  if (alternatives.length === 1) {
    const got = only.what === null ? 'what it was asked cannot be read' : `it got ${only.what}`;
    return [`${only.who} was open in this time and not seen to die; ${got}.`];
  }
  const told = groups.map(({ who, what }) => `${who} with ${what ?? 'requests that cannot be read'}`);
  return [`Open in this time, and not seen to die, were ${listedUpTo(NAMED_MAX, told)}.`];
}

function endText(window: ToldWindow, connections: Connections, paths: readonly string[]): string {
  const { end, open } = window;
  if (open || end.at === null) return 'This was still so when the capture ended.';
  const where = end.packet === null ? '' : ` (packet ${packetName(paths, end.packet, end.file)})`;
  return `The window ended at ${clockText(end.at)}${where}: ${endedText(window, connections.get(window.upstream))}.`;
}

function recoveryText({ streams }: ToldWindow, connections: Connections): string[] {
  const recovered = streams.flatMap((stream) =>
    stream.recoveredBy === null ? [] : [{ stream, by: stream.recoveredBy }],
  );
  return recovered.slice(0, 1).map(({ stream, by }) => recoverySentence(stream, by, recovered.length - 1, connections));
}

function recoverySentence(
  stream: HurtStream,
  by: NonNullable<HurtStream['recoveredBy']>,
  more: number,
  connections: Connections,
): string {
  const through = by.upstream === null ? '' : ` through ${named(by.upstream, connections)}`;
  const others = more === 0 ? '' : `; ${more} more recovered likewise`;
  return `What stream ${streamName(stream.id, stream.tunnel)} asked for was served again on stream ${streamName(by.stream, by.tunnel)} of the same client connection${through}${others}.`;
}
