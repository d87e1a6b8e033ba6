/**
 * What this package uses of the engine, in types of its own: those of the engine's package do not compile in an ES
 * module that checks the declarations of its dependencies.
 */

/** A part of a table, by the order of its keys. */
export interface RawRange {
  readonly start?: Uint8Array | undefined;
  readonly end?: Uint8Array | undefined;
  readonly reverse?: boolean;
  readonly limit?: number;
  readonly exclusiveStart?: boolean;
}

export interface RawRow {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** A table whose keys and values are raw bytes. */
export interface RawTable {
  getBinary(key: Uint8Array): Buffer | undefined;
  /** Returns bytes that are valid until the next read. */
  getBinaryFast(key: Uint8Array): Buffer | undefined;
  getKeys(range?: RawRange): Iterable<Uint8Array>;
  getKeysCount(range?: RawRange): number;
  getRange(range?: RawRange): Iterable<RawRow>;
  getStats(): {
    readonly entryCount: number;
    readonly treeLeafPageCount: number;
    readonly overflowPages: number;
  };
  putSync(key: Uint8Array, value: Uint8Array): void;
  putSync(key: Uint8Array, value: Uint8Array, options: { readonly noOverwrite?: boolean }): void;
  removeSync(key: Uint8Array): boolean;
  clearSync(): void;
}

/** The engine's handle of an open file. */
export interface RawRoot {
  openDB(
    name: string,
    options: { readonly encoding: 'binary'; readonly keyEncoding: 'binary' },
  ): RawTable | undefined;
  transactionSync<T>(action: () => T, flags?: number): T;
  getWriteTxnId(): number;
  useReadTransaction(): { done(): void };
  resetReadTxn(): void;
  readerCheck(): number;
  readerList(): string;
  getStats(): object;
  close(): Promise<void>;
}

/** Options that the engine opens a file with. */
export interface RawOptions {
  readonly path: string;
  readonly noSubdir: boolean;
  readonly readOnly: boolean;
  readonly mapSize: number;
  readonly maxDbs: number;
  readonly maxReaders: number;
  readonly encoding: 'binary';
  readonly keyEncoding: 'binary';
  readonly overlappingSync: boolean;
  readonly noSync: boolean;
  readonly noMetaSync: boolean;
  readonly noMemInit: boolean;
  readonly useWritemap: boolean;
  readonly cache: boolean;
  readonly compression: boolean;
}
