import type { Database, RootDatabase } from 'lmdb';

/** A table whose keys and values are raw bytes. */
export type Table = Database<Uint8Array, Uint8Array>;

export const TABLE_NAMES = [
  'objects',
  'refs',
  'journal',
  'snapshots',
  'meta',
  'recents',
  'sessions',
  'pins',
  'cache',
  'excised',
] as const;

export type TableName = (typeof TABLE_NAMES)[number];
export type Tables = Readonly<Record<TableName, Table>>;

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Opens every named table; `undefined` when the file lacks one, which only a read-only open can meet. */
export function openTables(root: RootDatabase<Uint8Array, Uint8Array>): Tables | undefined {
  const tables: Partial<Record<TableName, Table>> = {};
  for (const name of TABLE_NAMES) {
    const table = root.openDB<Uint8Array, Uint8Array>(name, BINARY) as Table | undefined;
    if (table === undefined) return undefined;
    tables[name] = table;
  }
  return tables as Tables;
}
