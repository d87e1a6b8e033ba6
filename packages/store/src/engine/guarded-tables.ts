import type { PageGuard } from './page-guard.ts';
import type { RawRange, RawRow, RawTable } from './raw-engine.ts';
import { TABLE_NAMES, type TableName, type Tables } from './tables.ts';

/** What a guarded table asks of its engine. */
export interface GuardedEngine {
  readonly guard: PageGuard;
  /** Runs a look at pages while they cannot be used anew. */
  pinned(look: () => void): void;
  /** Looks at every page of the file, which is trusted from then on. */
  checkAll(): void;
}

/** A deletion merges a page with its neighbours, so the whole of a small table is looked at before. */
const SMALL_TABLES: ReadonlySet<TableName> = new Set([
  'refs',
  'meta',
  'recents',
  'sessions',
  'pins',
  'excised',
]);

/** Has every page looked at before the engine uses it. */
class GuardedTable implements RawTable {
  readonly #name: TableName;
  readonly #table: RawTable;
  readonly #engine: GuardedEngine;

  constructor(name: TableName, table: RawTable, engine: GuardedEngine) {
    this.#name = name;
    this.#table = table;
    this.#engine = engine;
  }

  get lastSize(): number {
    return (this.#table as RawTable & { readonly lastSize: number }).lastSize;
  }

  getBinary(key: Uint8Array): Buffer | undefined {
    this.#touchKey(key);
    return this.#table.getBinary(key);
  }

  getBinaryFast(key: Uint8Array): Buffer | undefined {
    this.#touchKey(key);
    return this.#table.getBinaryFast(key);
  }

  getKeys(range?: RawRange): Iterable<Uint8Array> {
    this.#touchRange(range);
    return this.#table.getKeys(range);
  }

  getKeysCount(range?: RawRange): number {
    this.#touchRange(range);
    return this.#table.getKeysCount(range);
  }

  getRange(range?: RawRange): Iterable<RawRow> {
    this.#touchRange(range);
    return this.#table.getRange(range);
  }

  getStats(): ReturnType<RawTable['getStats']> {
    return this.#table.getStats();
  }

  putSync(key: Uint8Array, value: Uint8Array, options?: { readonly noOverwrite?: boolean }): void {
    this.#touchKey(key);
    this.#engine.guard.touchFreePages();
    if (options === undefined) return this.#table.putSync(key, value);
    return this.#table.putSync(key, value, options);
  }

  removeSync(key: Uint8Array): boolean {
    if (SMALL_TABLES.has(this.#name)) {
      this.#touchRange();
      this.#engine.guard.touchFreePages();
    } else this.#engine.checkAll();
    return this.#table.removeSync(key);
  }

  clearSync(): void {
    this.#engine.checkAll();
    this.#table.clearSync();
  }

  #touchKey(key: Uint8Array): void {
    this.#engine.pinned(() => this.#engine.guard.touchKey(this.#name, key));
  }

  #touchRange(range?: RawRange): void {
    this.#engine.pinned(() => this.#engine.guard.touchRange(this.#name, range));
  }
}

/** Returns tables of a file that nobody vouches for. */
export function guardTables(tables: Tables, engine: GuardedEngine): Tables {
  const guarded = TABLE_NAMES.flatMap((name) =>
    tables[name] === undefined ? [] : [[name, new GuardedTable(name, tables[name], engine)] as const],
  );
  return Object.fromEntries(guarded) as unknown as Tables;
}
