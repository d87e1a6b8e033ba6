import {
  hasRow,
  iterateKeys,
  iterateRows,
  type Row,
  readKeys,
  readRow,
  readRows,
  refreshSnapshot,
} from '../engine/reading.ts';
import type { TableName } from '../engine/tables.ts';
import { storeError } from '../errors.ts';
import { lastSequence } from '../refs/journal.ts';
import type { Store } from '../store.ts';
import { CLASS_BYTES, sequenceKey } from '../tables/keyspace.ts';
import { dropListings } from '../tables/listings.ts';
import type { ObjectKeySet } from '../walk/object-key-set.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { type CopyResult, isWhole } from './copy-objects.ts';
import type { Cut } from './cut.ts';
import type { Target } from './target.ts';

/** Contents that the last transaction of a backup gives the target. */
export interface MirrorPlan {
  readonly source: Store;
  readonly cut: Cut;
  readonly copied: CopyResult;
  readonly target: Target;
  /** Keys of all objects that the backup holds, or of which it holds the stub or the tombstone. */
  readonly wanted: ObjectKeySet;
  /** Stubs of those that the source lacked at the cut. */
  readonly stubs: readonly Row[];
}

/**
 * Makes every table of the target but `objects` what it was at the cut, and settles what has been excised and
 * lifted since the last backup. Called when all objects are there.
 */
export function mirrorRows(transaction: WriteTransaction, plan: MirrorPlan): void {
  const { cut, source, stubs } = plan;
  const { engine } = transaction;
  mirrorExcisions(transaction, plan);
  mirrorTable(transaction, 'refs', cut.refs);
  mirrorTable(transaction, 'pins', cut.holds);
  // @spec DML-STO-0573
  mirrorTable(transaction, 'attempts', cut.attempts);
  // The target may hold one from before. @spec DML-STO-0847
  mirrorTable(
    transaction,
    'stubs',
    stubs.filter(({ key }) => !hasRow(engine, 'objects', key)),
  );
  assertComplete(transaction, plan);
  mirrorCache(transaction, plan);
  // They are of the machine that the backup comes from, or of bytes that it does not hold any more. @spec DML-STO-0588
  dropListings(transaction);
  appendJournal(transaction, source, cut.sequence);
  // @spec DML-STO-1403
  for (const [key, value] of cut.meta) transaction.setMeta(key, value);
  transaction.setMeta('backup', cut.timeMs);
}

/** Throws `backup_refused` when the target lacks an object that the backup is to hold, or its stub. */
function assertComplete({ engine }: WriteTransaction, { target, wanted }: MirrorPlan): void {
  let count = 0;
  for (const table of ['objects', 'stubs'] as const)
    for (const key of iterateKeys(engine, table)) if (wanted.has(key)) count += 1;
  // @spec DML-STO-1423
  if (count < wanted.size)
    throw storeError('backup_refused', { detail: 'target_changed', path: target.path });
}

/** Makes a table hold these rows and no others. */
function mirrorTable(transaction: WriteTransaction, table: TableName, rows: readonly Row[]): void {
  const keys = new Set(rows.map((row) => row.key.toString('hex')));
  for (const key of readKeys(transaction.engine, table))
    if (!keys.has(key.toString('hex'))) transaction.deleteRow(table, key);
  for (const row of rows) {
    if (readRow(transaction.engine, table, row.key)?.equals(row.value)) continue;
    transaction.putRow(table, row.key, row.value);
  }
}

function mirrorExcisions(transaction: WriteTransaction, { source, cut, copied, wanted }: MirrorPlan): void {
  const excised = new Set(cut.excised.map(({ key }) => key.toString('hex')));
  // @spec DML-STO-1413
  for (const key of readKeys(transaction.engine, 'excised'))
    if (!excised.has(key.toString('hex')) && !wanted.has(key)) transaction.deleteRow('objects', key);
  refreshSnapshot(source.engine);
  for (const key of copied.lifted) {
    const bytes = readRow(source.engine, 'objects', key);
    if (bytes === undefined || !isWhole(key, bytes))
      throw storeError('backup_refused', { detail: 'source_changed' });
    transaction.putRow('objects', key, bytes);
  }
  // @spec DML-STO-1412
  for (const { key, tombstone } of cut.excised)
    if (!readRow(transaction.engine, 'objects', key)?.equals(tombstone))
      transaction.putRow('objects', key, tombstone);
  const notes = cut.excised.map(({ key, note }) => ({ key, value: note }));
  mirrorTable(transaction, 'excised', notes);
}

/** Copies what the index knows of execs in the backup. */
function mirrorCache(transaction: WriteTransaction, { source, wanted }: MirrorPlan): void {
  const execKey = Buffer.alloc(33, CLASS_BYTES.exec);
  const rows: Row[] = [];
  for (const row of iterateRows(source.engine, 'cache')) {
    row.key.copy(execKey, 1, 32);
    if (wanted.has(execKey)) rows.push(row);
  }
  mirrorTable(transaction, 'cache', rows);
}

/** Copies the rows of the journal that are new up to a sequence. */
function appendJournal(transaction: WriteTransaction, source: Store, sequence: number): void {
  const start = sequenceKey(lastSequence(transaction.engine) + 1);
  for (const row of iterateRows(source.engine, 'journal', { start, end: sequenceKey(sequence + 1) }))
    transaction.putRow('journal', row.key, row.value);
}

/** Checks whether the target's journal is the beginning of the source's; one without rows is. */
export function isBeginning(target: Store, source: Store): boolean {
  refreshSnapshot(target.engine);
  refreshSnapshot(source.engine);
  const [last] = readRows(target.engine, 'journal', { reverse: true, limit: 1 });
  return last === undefined || readRow(source.engine, 'journal', last.key)?.equals(last.value) === true;
}
