import type { RawRoot, RawTable } from './raw-engine.ts';

/** A table whose keys and values are raw bytes. */
export type Table = RawTable;

export const TABLE_NAMES = [
  'objects',
  'refs',
  'journal',
  'meta',
  'recents',
  'sessions',
  'pins',
  'cache',
  'excised',
  'attempts',
  'stubs',
  'files',
] as const;

export type TableName = (typeof TABLE_NAMES)[number];
export type Tables = Readonly<Record<TableName, Table>>;

/** Looks at the rows of `meta` and throws when the file is not to be opened. */
export type CheckSchema = (readMetaRow: (key: Uint8Array) => Buffer | undefined) => void;

const BINARY = { encoding: 'binary', keyEncoding: 'binary' } as const;

/** Callbacks of an opening of the tables. */
export interface TablesOpening {
  readonly checkMeta?: CheckSchema | undefined;
  /** Called before each table is opened, which in an open for writing is a transaction. */
  readonly beforeEach?: (() => void) | undefined;
}

/** Opens every named table. */
export function openTables(root: RawRoot, opening: TablesOpening = {}): Tables {
  const { checkMeta, beforeEach } = opening;
  const tables: Partial<Record<TableName, Table>> = {};
  if (checkMeta !== undefined) {
    beforeEach?.();
    // Whether this file is for this program is known before anything in it is created.
    const meta = root.openDB('meta', { ...BINARY, create: false } as typeof BINARY);
    // @spec DML-STO-0022
    checkMeta((key) => meta?.getBinary(key));
  }
  for (const name of TABLE_NAMES) {
    beforeEach?.();
    const table = root.openDB(name, BINARY);
    if (table !== undefined) tables[name] = table;
  }
  return tables as Tables;
}
