import { durationText } from '../duration.ts';
import type { Connection, Report, Role } from '../model.ts';
import { notAnalyzedTexts } from './not-analyzed.ts';
import { counted, countedOrNo, listed } from './phrase.ts';
import { tunnelTexts } from './tunnels.ts';

type Sum = (of: (connection: Connection) => number) => number;

/** How much was looked at: how many legs, what was asked, whether what was sent was answered, and what was not looked at. */
export function lookedAtTexts({ connections, links, capture }: Report): string[] {
  const sum: Sum = (of) => connections.reduce((total, connection) => total + of(connection), 0);
  const legs = listed(legTexts(sum));
  return [
    `In ${durationText(capture.duration)}: ${legs}; ${counted(links.length, 'link')} between clients and upstreams.`,
    `Seen on them: ${listed(seenTexts(sum))}.`,
    ...tunnelTexts(connections),
    ...notAnalyzedTexts(capture),
  ];
}

function legTexts(sum: Sum): string[] {
  const ofRole = (role: Role): number => sum((connection) => (connection.role === role ? 1 : 0));
  const others = ofRole('other');
  return [
    counted(ofRole('client'), 'client connection'),
    counted(ofRole('upstream'), 'upstream connection'),
    ...(others === 0 ? [] : [counted(others, 'other connection')]),
  ];
}

function seenTexts(sum: Sum): string[] {
  const streams = sum(({ streams: kept, foldedStreams }) => kept.length + foldedStreams.count);
  const open = sum(({ streams: kept }) => kept.filter(({ how }) => how === 'open').length);
  return [
    streams === 0 ? 'no stream' : `${counted(streams, 'stream')} (${open} still open at the end)`,
    answered(
      'keep-alive probe',
      sum(({ keepalive }) => keepalive.fromClient.probes + keepalive.fromServer.probes),
      sum(({ keepalive }) => keepalive.fromClient.answered + keepalive.fromServer.answered),
    ),
    answered(
      'PING',
      sum(({ pings }) => pings.fromClient.sent + pings.fromServer.sent),
      sum(({ pings }) => pings.fromClient.answered + pings.fromServer.answered),
    ),
    countedOrNo(
      sum(({ retransmissions }) => retransmissions.fromClient + retransmissions.fromServer),
      'retransmission',
    ),
  ];
}

function answered(noun: string, sent: number, got: number): string {
  if (sent === 0) return `no ${noun}`;
  const all = sent === 1 ? 'answered' : 'all answered';
  return `${counted(sent, noun)} (${got === sent ? all : `${got} answered`})`;
}
