import type { Engine } from '../engine/engine.ts';
import { readKeys } from '../engine/reading.ts';
import type { Table } from '../engine/tables.ts';

/** Number of new objects in a row after which keys count as new; the table's count is checked after as many again. */
const RUN_OBJECTS = 256;

/** Writing longer bytes once more costs more than asking. */
const MAX_UNASKED_BYTES = 1024;

/**
 * Decides for each object put whether the engine must be asked first if its key is taken: that costs as much as
 * half a put, and whoever has put many new objects goes on putting new ones.
 *
 * Not asking writes a present object's equal bytes again, which the table's count shows at the next look. Where
 * there are tombstones, which must stay, the engine is always asked.
 */
export class NewKeyRun {
  readonly #engine: Engine;
  readonly #objects: Table;
  #length = 0;
  /** Rows of the table at the last look; undefined while the engine is asked. */
  #rows: number | undefined;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#objects = engine.tables.objects;
  }

  /** Checks whether the next put must ask. */
  mustAsk(sizeBytes: number): boolean {
    return this.#rows === undefined || sizeBytes > MAX_UNASKED_BYTES;
  }

  /** Counts a put of what was new as far as is known. */
  noteNew(): void {
    this.#length += 1;
    if (this.#length < RUN_OBJECTS) return;
    this.#length = 0;
    const rows = this.#countRows();
    if (this.#rows === undefined) this.#rows = this.#hasTombstones() ? undefined : rows;
    else this.#rows = rows - this.#rows === RUN_OBJECTS ? rows : undefined;
  }

  /** Ends the run: an object was present, or rows came or went another way. */
  end(): void {
    this.#length = 0;
    this.#rows = undefined;
  }

  #countRows(): number {
    return (this.#objects.getStats() as { entryCount: number }).entryCount;
  }

  #hasTombstones(): boolean {
    return readKeys(this.#engine, 'excised', { limit: 1 }).length > 0;
  }
}
