import { clearKeptFields, createKeptFields } from '../../../src/http/headers.ts';
import { FieldDecoder } from '../../../src/http/hpack/decode.ts';
import { DynamicTable, TableBudget } from '../../../src/http/hpack/table.ts';
import type { KeptFields } from '../../../src/http/sink.ts';

/** Decodes the blocks of one flow, one after the other. */
export class BlockReader {
  readonly decoder: FieldDecoder = new FieldDecoder();
  readonly table: DynamicTable;
  readonly #fields = createKeptFields();

  /** @param complete  the flow is seen from its start on */
  constructor(complete = true) {
    this.table = new DynamicTable(complete, new TableBudget());
  }

  /** @returns the kept fields that the block has, without `unknownNames` where that is 0; null where it is malformed */
  read(block: Uint8Array | string): Partial<KeptFields> | null {
    const bytes = typeof block === 'string' ? Uint8Array.from(Buffer.from(block.replaceAll(' ', ''), 'hex')) : block;
    clearKeptFields(this.#fields);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    if (!this.decoder.decode(this.table, view, 0, bytes.length, this.#fields)) return null;
    return Object.fromEntries(
      Object.entries(this.#fields).filter(
        ([key, value]) => value !== undefined && !(key === 'unknownNames' && value === 0),
      ),
    );
  }
}
