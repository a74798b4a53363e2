import type { Report } from '../model.ts';
import { endComment, evidenceComment, findingComment, originComment } from '../words/extract.ts';
import { packetKey } from './selection.ts';

/** Lines on one packet beside its origin. */
const LINES_MAX = 6;

/** What Wireshark is to show on each packet. */
export class PacketComments {
  readonly #report: Report;
  readonly #lines = new Map<number, string[]>();

  /** @param report  in whose words: one with stand-ins gives comments with stand-ins */
  constructor(report: Report) {
    this.#report = report;
    const byId = new Map(report.connections.map((connection) => [connection.id, connection]));
    for (const window of report.windows) {
      for (const evidence of window.evidence) this.#add(evidence, evidenceComment(window, evidence));
      this.#add(window.end, endComment(window, byId.get(window.upstream)));
    }
    for (const finding of report.findings) {
      const { packets, files } = finding;
      for (const [i, packet] of packets.entries()) {
        this.#add({ packet, file: files?.[i] ?? 0 }, findingComment(finding));
      }
    }
  }

  /** What it proves, a line each, and where it was captured: `gateway.pcap#92`. */
  of(file: number, packet: number): string {
    const path = this.#report.capture.files[file]?.path ?? '';
    return [...(this.#lines.get(packetKey(file, packet)) ?? []), originComment(path, packet)].join('\n');
  }

  #add({ packet, file = 0 }: { readonly packet: number | null; readonly file?: number }, line: string): void {
    if (packet === null) return;
    const key = packetKey(file, packet);
    const lines = this.#lines.get(key) ?? [];
    if (lines.length < LINES_MAX && !lines.includes(line)) lines.push(line);
    this.#lines.set(key, lines);
  }
}
