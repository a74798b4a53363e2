import type { Moment } from '../capture/index.ts';
import type { ConnectionFacts, Side } from '../tcp/index.ts';
import type { TlsAlert, TlsFacts } from '../tls/index.ts';
import type { AskBooks } from './ask-books.ts';
import type { Books } from './books.ts';
import type { Gathered } from './gathered.ts';
import { refOf } from './ref-table.ts';
import { SHAPE, type ShapeBook } from './shapes.ts';

/** What the tls stage tells. Of TLS in a tunnel nothing is kept: sizes and times of its records are those of what carries it, too. */
export class TlsRecorder {
  readonly #moment: Moment;
  readonly #tcp: ConnectionFacts;
  readonly #gathered: readonly (Gathered | undefined)[];
  readonly #shapes: ShapeBook;
  readonly #asks: AskBooks;

  constructor(moment: Moment, books: Books) {
    this.#moment = moment;
    this.#tcp = books.tcp;
    this.#gathered = books.gathered;
    this.#shapes = books.shapes;
    this.#asks = books.asks;
  }

  /** What is told of a connection stood in TLS, and was decrypted. It is no more than TLS until something is told. */
  decrypted(connection: number): void {
    const gathered = this.#of(connection);
    if (gathered === undefined) return;
    gathered.isDecrypted = true;
    if (gathered.protocol === 'unknown') gathered.protocol = 'tls';
  }

  /** A hello was read. */
  facts(connection: number, facts: TlsFacts): void {
    const gathered = this.#of(connection);
    if (gathered !== undefined) gathered.tls = facts;
  }

  /** @param said  null: it was not opened */
  alert(connection: number, by: Side, said: TlsAlert | null): void {
    this.#of(connection)?.tlsAlert({ by, at: refOf(this.#moment), said });
  }

  /** A record that is not decrypted is complete. */
  record(connection: number, side: Side, type: number, bytes: number): void {
    const gathered = this.#of(connection);
    if (gathered === undefined) return;
    const shape = this.#shapes.record(connection, side, type, bytes, gathered.tls, this.#clientByPort(connection));
    if (shape === SHAPE.request || shape === SHAPE.supposed) this.#asks.request(connection, side, null);
  }

  #of(connection: number): Gathered | undefined {
    return connection < 0 ? undefined : this.#gathered[connection];
  }

  /** Servers have the lower port, as a rule. */
  #clientByPort(connection: number): Side | null {
    const [zero, one] = [this.#tcp.port(connection, 0), this.#tcp.port(connection, 1)];
    if (zero === one) return null;
    return zero > one ? 0 : 1;
  }
}
