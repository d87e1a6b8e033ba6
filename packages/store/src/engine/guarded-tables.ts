import type { PageTrust } from './page-trust.ts';
import type { RawRange, RawRow, RawTable } from './raw-engine.ts';
import { TABLE_NAMES, type TableName, type Tables } from './tables.ts';

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
  readonly #trust: PageTrust;

  constructor(name: TableName, table: RawTable, trust: PageTrust) {
    this.#name = name;
    this.#table = table;
    this.#trust = trust;
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
    // The engine counts the free pages as well.
    this.#trust.look((guard) => guard.touchFreePages());
    return this.#table.getStats();
  }

  putSync(key: Uint8Array, value: Uint8Array, options?: { readonly noOverwrite?: boolean }): void {
    this.#trust.look((guard) => {
      guard.touchKey(this.#name, key);
      guard.touchFreePages();
    });
    if (options === undefined) return this.#table.putSync(key, value);
    return this.#table.putSync(key, value, options);
  }

  removeSync(key: Uint8Array): boolean {
    // @spec DML-STO-0872
    if (SMALL_TABLES.has(this.#name)) {
      this.#trust.look((guard) => {
        guard.touchRange(this.#name);
        guard.touchFreePages();
      });
    } else this.#trust.checkAll();
    return this.#table.removeSync(key);
  }

  clearSync(): void {
    this.#trust.checkAll();
    this.#table.clearSync();
  }

  #touchKey(key: Uint8Array): void {
    this.#trust.look((guard) => guard.touchKey(this.#name, key));
  }

  #touchRange(range?: RawRange): void {
    this.#trust.look((guard) => guard.touchRange(this.#name, range));
  }
}

/** Returns tables that have each page looked at before the engine uses it. */
export function guardTables(tables: Tables, trust: PageTrust): Tables {
  const guarded = TABLE_NAMES.flatMap((name) =>
    tables[name] === undefined ? [] : [[name, new GuardedTable(name, tables[name], trust)] as const],
  );
  return Object.fromEntries(guarded) as unknown as Tables;
}
