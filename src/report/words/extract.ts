import { escapeTerminal } from '../escape.ts';
import type { Connection, Evidence, Finding, Report, Window } from '../model.ts';
import { fileName } from './packet-name.ts';
import { counted } from './phrase.ts';
import { endedText } from './window-end.ts';

/** What Wireshark shows as a packet's comment: what it proves, line by line. Wire text in it is escaped: tshark prints it as it is. */

export function evidenceComment({ id }: Window, { connection, text }: Evidence): string {
  return line(`${id}: ${text} (${connection})`);
}

/** @param upstream  its upstream connection */
export function endComment(window: Window, upstream: Connection | undefined): string {
  return line(`${window.id}: here the window ends, ${endedText(window, upstream)}`);
}

export function findingComment({ code, title }: Finding): string {
  return line(`${code}: ${title}`);
}

/** Where it stands in what was captured: `gateway.pcap#92`. */
export function originComment(path: string, packet: number): string {
  return line(`${fileName(path)}#${packet}`);
}

/** The whole extract's comment. */
export function extractComment({ capture, verdict, trust }: Report): string {
  const names = capture.files.map(({ path }) => fileName(path)).join(', ');
  const isAnonymized = trust.some(({ code }) => code === 'anonymized');
  return line(
    `Extracted by watchpcap from ${names}: ${verdict.state}. ${verdict.summary}${isAnonymized ? ANONYMIZED : ''}`,
  );
}

const ANONYMIZED =
  ' Anonymised: addresses and names are stand-ins, bodies are numbers, and what TLS held is sealed under secrets made for this file, which open nothing else.';

/** What an extract lacks. */
export interface ExtractLacks {
  /** Packets without their payload, and packets that are not in it, for want of room. */
  readonly shortened: number;
  readonly leftOut: number;
  readonly tellsTheSame: boolean;
  readonly lacksSecrets: boolean;
}

/** What who opens or analyses it should know; nothing as a rule. */
export function extractNotes({ shortened, leftOut, tellsTheSame, lacksSecrets }: ExtractLacks): string[] {
  const notes: string[] = [];
  if (shortened + leftOut > 0)
    notes.push(
      `to stay small, ${counted(shortened, 'packet has', 'packets have')} less payload than was captured, and ${counted(leftOut, 'packet is', 'packets are')} left out`,
    );
  if (!tellsTheSame) notes.push('analysing it does not give the verdict of the whole capture: keep that too');
  if (lacksSecrets)
    notes.push(
      'the TLS secrets of the capture are not in it; to read it, they are needed (--keep-secrets, or --keylog)',
    );
  return notes;
}

const LINE_MAX = 500;

function line(text: string): string {
  return escapeTerminal(text.length > LINE_MAX ? `${text.slice(0, LINE_MAX - 1)}…` : text);
}
