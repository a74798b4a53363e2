import type { Side } from '../tcp/index.ts';
import { ConnectionState, type Flow } from './h2/flow.ts';
import { DynamicTable, TableBudget } from './hpack/table.ts';

const RECENT_STATES: number = 2 ** 9;
const RECENT_MASK: number = RECENT_STATES - 1;

/** The states of the connections that said something, by their numbers; made with a connection's first byte. */
export class ConnectionStates {
  readonly tables: TableBudget = new TableBudget();
  private readonly states = new Map<number, ConnectionState>();
  private readonly joinedMidway = new Set<number>();
  /** The states asked for lately, by the low bits of their numbers: a look into the map costs 40 ns. */
  private readonly recent: (ConnectionState | null)[] = Array.from({ length: RECENT_STATES }, () => null);

  /** Its first bytes will not be the first that were sent. */
  joinMidway(connection: number): void {
    this.joinedMidway.add(connection);
  }

  flowOf(connection: number, side: Side): Flow {
    let state = this.recent[connection & RECENT_MASK] ?? null;
    if (state === null || state.number !== connection) state = this.recall(connection);
    return side === 0 ? state.flow0 : state.flow1;
  }

  /** Undefined where it said nothing. */
  find(connection: number): ConnectionState | undefined {
    return this.states.get(connection);
  }

  /** Forgets a connection. @returns its state, undefined where it said nothing */
  remove(connection: number): ConnectionState | undefined {
    this.joinedMidway.delete(connection);
    const state = this.states.get(connection);
    if (state === undefined) return undefined;
    this.states.delete(connection);
    if (this.recent[connection & RECENT_MASK] === state) this.recent[connection & RECENT_MASK] = null;
    return state;
  }

  private recall(connection: number): ConnectionState {
    const state = this.states.get(connection) ?? this.create(connection);
    this.recent[connection & RECENT_MASK] = state;
    return state;
  }

  private create(connection: number): ConnectionState {
    const fromStart = !this.joinedMidway.has(connection);
    const { tables } = this;
    const [table0, table1] = [new DynamicTable(fromStart, tables), new DynamicTable(fromStart, tables)];
    const state = new ConnectionState(connection, fromStart, table0, table1);
    this.states.set(connection, state);
    return state;
  }
}
