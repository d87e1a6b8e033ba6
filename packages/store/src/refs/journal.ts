import type { CommitId } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { iterateRows, readRows } from '../engine/reading.ts';
import { storeError } from '../errors.ts';
import { decodeJsonRow } from '../tables/checksummed-row.ts';
import { parseSequenceKey, sequenceKey } from '../tables/keyspace.ts';
import type { RefName } from './ref-name.ts';

/** One ref update as it happened. */
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
