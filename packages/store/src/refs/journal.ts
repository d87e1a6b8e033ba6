import type { CommitId, ReferenceId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { iterateRows, readRows, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { decodeJsonRow } from '../tables/checksummed-row.ts';
import { parseSequenceKey, sequenceKey } from '../tables/keyspace.ts';
import { isReferenceRef, type RefName } from './ref-name.ts';
import { readRefRows } from './refs.ts';

/** One ref update as it happened; of a reference ref, `old` and `new` are references. */
export interface JournalEntry {
  readonly sequence: number;
  readonly timeMs: number;
  readonly actor: string;
  readonly ref: RefName;
  readonly old: CommitId | null;
  readonly new: CommitId | null;
  readonly reason: string;
}

/** Returns the sequence of the newest journal row, 0 before the first; reads at the current snapshot. */
export function lastSequence(engine: Engine): number {
  const [row] = readRows(engine, 'journal', { reverse: true, limit: 1 });
  // @spec DML-STO-0408
  return row === undefined ? 0 : parseSequenceKey(row.key);
}

/** Iterates journal rows after `afterSequence`, oldest first; unbounded by any one snapshot. */
export function* iterateJournal(engine: Engine, afterSequence: number): Generator<JournalEntry> {
  // @spec DML-STO-0411
  if (!Number.isSafeInteger(afterSequence) || afterSequence < 0)
    throw storeError('sequence_unknown', { sequence: afterSequence, lastSequence: lastSequence(engine) });
  let expected = afterSequence + 1;
  for (const row of iterateRows(engine, 'journal', { start: sequenceKey(expected) })) {
    // @spec DML-STO-0406
    if (parseSequenceKey(row.key) !== expected)
      throw storeError('store_damaged', { table: 'journal', detail: 'gap' });
    yield decodeJsonRow<JournalEntry>('journal', row.key, row.value);
    expected += 1;
  }
}

/**
 * Returns the refs to commits as they were after `sequence`: those of now with each later update undone, newest first. Reads
 * one journal row for each later update. Throws `sequence_unknown` for what the journal has not reached.
 */
export function refsAtSequence(engine: Engine, sequence: number): ReadonlyMap<RefName, CommitId> {
  refreshSnapshot(engine);
  const last = lastSequence(engine);
  // @spec DML-STO-0407
  if (!Number.isSafeInteger(sequence) || sequence < 0 || sequence > last)
    throw storeError('sequence_unknown', { sequence, lastSequence: last });
  const refs = new Map<RefName, CommitId | ReferenceId>(
    readRefRows(engine).map(({ name, targetId }) => [name, targetId]),
  );
  const rows = readRows(engine, 'journal', { start: sequenceKey(sequence + 1) });
  if (rows.length !== last - sequence) throw storeError('store_damaged', { table: 'journal', detail: 'gap' });
  for (const row of rows.reverse()) {
    const entry = decodeJsonRow<JournalEntry>('journal', row.key, row.value);
    // @spec DML-STO-0404
    if (entry.old === null) refs.delete(entry.ref);
    else refs.set(entry.ref, entry.old);
  }
  for (const name of refs.keys()) if (isReferenceRef(name)) refs.delete(name);
  return refs as ReadonlyMap<RefName, CommitId>;
}
