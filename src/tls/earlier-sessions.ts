import { createHash } from 'node:crypto';
import type { Hello } from './hello.ts';

/** Sessions whose master secrets are kept; at 200 bytes each 3 MB. */
export const SESSIONS_MAX = 16_384;

/**
 * Master secrets of TLS 1.2 sessions that a later connection may go on with, by session id (RFC 5246 §7.3) or ticket (RFC 5077 §3.1): many
 * clients write down no secret for such a connection, since it has none of its own.
 */
export class EarlierSessions {
  /** Sessions that made room for newer ones. */
  forgotten = 0;
  readonly #masters = new Map<string, Uint8Array>();

  /** The server gave the session this id; empty means none. */
  named(sessionId: string, master: Uint8Array): void {
    if (sessionId !== '') this.#keep(`id ${sessionId}`, master);
  }

  /** @param body of the server's NewSessionTicket: a lifetime, then the ticket behind its length (RFC 5077 §3.3) */
  ticket(body: Uint8Array, master: Uint8Array): void {
    const ticket = body.subarray(6);
    if (ticket.length > 0) this.#keep(ticketKey(ticket), master);
  }

  /** The secret of the session that the client offers to go on with. Whether the server does is told by its hello. */
  offeredBy({ sessionId, ticket }: Pick<Hello, 'sessionId' | 'ticket'>): Uint8Array | undefined {
    const byTicket = ticket.length === 0 ? undefined : this.#masters.get(ticketKey(ticket));
    return byTicket ?? this.#masters.get(`id ${sessionId}`);
  }

  /** The newest are the likeliest to be gone on with. */
  #keep(key: string, master: Uint8Array): void {
    this.#masters.delete(key);
    this.#masters.set(key, master);
    if (this.#masters.size <= SESSIONS_MAX) return;
    this.forgotten++;
    for (const oldest of this.#masters.keys()) {
      this.#masters.delete(oldest);
      break;
    }
  }
}

function ticketKey(ticket: Uint8Array): string {
  return `ticket ${createHash('sha256').update(ticket).digest('hex')}`;
}
