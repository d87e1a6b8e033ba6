import type { Engine } from './engine.ts';
import { readError } from './engine-error.ts';
import type { RawRange } from './raw-engine.ts';
import type { Table, TableName } from './tables.ts';

/** Number of rows that one batch of an iteration reads before it releases the engine's snapshot. */
const BATCH_ROWS = 256;
const BATCH_KEYS = 5_000;

export interface Row {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** Moves later reads to the newest commit; inside a write transaction reads are of that transaction anyway. */
export function refreshSnapshot(engine: Engine): void {
  if (engine.writing !== undefined) return;
  try {
    engine.txnId.settle();
    engine.root.resetReadTxn();
  } catch (cause) {
    throw failedRead(engine, cause);
  }
}

/**
 * Moves later reads to what is most likely the newest commit, for less; whoever then finds nothing has to look
 * again after `refreshSnapshot`.
 */
export function renewSnapshot(engine: Engine): void {
  if (engine.writing === undefined) engine.root.resetReadTxn();
}

/** Returns the error of a read that failed. @internal For readers that ask the engine by themselves. */
export function failedRead(engine: Engine, cause: unknown, table?: TableName): Error {
  if (engine.unreadable !== undefined) return engine.unreadable;
  return readError(cause, {
    path: engine.path,
    ...(table !== undefined && { table }),
    detail: 'engine_read',
  });
}

function wrapEngine<T>(engine: Engine, table: TableName, read: () => T): T {
  engine.drain?.();
  try {
    return read();
  } catch (cause) {
    throw failedRead(engine, cause, table);
  }
}

/** Reads one row's bytes as a view of memory that the next read reuses; undefined when absent. */
export function peekRow(engine: Engine, table: TableName, key: Uint8Array): Buffer | undefined {
  engine.drain?.();
  const from = engine.tables[table] as Table & { lastSize: number };
  try {
    const bytes = from.getBinaryFast(key);
    return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, from.lastSize);
  } catch (cause) {
    throw failedRead(engine, cause, table);
  }
}

/** Reads one row's bytes, copied; undefined when absent. */
export function readRow(engine: Engine, table: TableName, key: Uint8Array): Buffer | undefined {
  return wrapEngine(engine, table, () => engine.tables[table].getBinary(key) as Buffer | undefined);
}

/** Checks whether a row is there without copying more than the engine must. */
export function hasRow(engine: Engine, table: TableName, key: Uint8Array): boolean {
  return wrapEngine(engine, table, () => engine.tables[table].getBinaryFast(key) !== undefined);
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** Reads the rows of a range at one snapshot, copied. */
export function readRows(engine: Engine, table: TableName, range: RawRange = {}): Row[] {
  return wrapEngine(engine, table, () => {
    const rows: Row[] = [];
    for (const row of (engine.tables[table] as Table).getRange({ ...range })) {
      rows.push({ key: asBuffer(row.key as Uint8Array), value: Buffer.from(row.value) });
    }
    return rows;
  });
}

/** Reads the keys of a range at one snapshot, copied. */
export function readKeys(engine: Engine, table: TableName, range: RawRange = {}): Buffer[] {
  return wrapEngine(engine, table, () => {
    const keys: Buffer[] = [];
    for (const key of (engine.tables[table] as Table).getKeys({ ...range }))
      keys.push(asBuffer(key as Uint8Array));
    return keys;
  });
}

/** Iterates the rows of a range in batches, each at the newest commit, so no snapshot is held between steps. */
export function* iterateRows(engine: Engine, table: TableName, range: RawRange = {}): Generator<Row> {
  let next: RawRange = range;
  let left = range.limit ?? Number.POSITIVE_INFINITY;
  for (;;) {
    // @spec DML-STO-0142
    refreshSnapshot(engine);
    const rows = readRows(engine, table, { ...next, limit: Math.min(BATCH_ROWS, left) });
    yield* rows;
    left -= rows.length;
    const last = rows.at(-1);
    if (last === undefined || rows.length < BATCH_ROWS || left <= 0) return;
    next = { ...range, start: last.key, exclusiveStart: true };
  }
}

/** Iterates the keys of a table in batches, each at the newest commit, so no snapshot is held between steps. */
export function* iterateKeys(engine: Engine, table: TableName): Generator<Buffer> {
  let range: RawRange = {};
  for (;;) {
    refreshSnapshot(engine);
    const keys = readKeys(engine, table, { ...range, limit: BATCH_KEYS });
    yield* keys;
    const last = keys.at(-1);
    if (last === undefined || keys.length < BATCH_KEYS) return;
    range = { start: last, exclusiveStart: true };
  }
}

/** Returns the smallest key above every key that starts with `prefix`; undefined when there is none. */
function prefixEnd(prefix: Uint8Array): Buffer | undefined {
  for (let length = prefix.length; length > 0; length -= 1) {
    const byte = prefix[length - 1] as number;
    if (byte === 0xff) continue;
    const end = Buffer.from(prefix.subarray(0, length));
    end[length - 1] = byte + 1;
    return end;
  }
  return undefined;
}

/** Returns the range of keys that start with `prefix`. */
export function prefixRange(prefix: Uint8Array): RawRange {
  const end = prefixEnd(prefix);
  return end === undefined ? { start: prefix } : { start: prefix, end };
}
