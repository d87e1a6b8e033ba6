import { readKeys, readRows } from '../engine/reading.ts';
import { Liveness } from '../sessions/liveness.ts';
import { listWritesRows, parseWritesKey, type WritesRow } from '../sessions/session-writes.ts';
import { dropDeadSessions } from '../sessions/sessions.ts';
import { decodeJsonRow } from '../tables/checksummed-row.ts';
import type { Hold } from '../tables/holds.ts';
import { pruneListings } from '../tables/listings.ts';
import type { WriteTransaction } from '../write-transaction.ts';
import { liveGc } from './gc-state.ts';

/** Rows of session writes one transaction may delete. */
const ROWS_PER_TRANSACTION = 5_000;

/**
 * Deletes rows of session writes that no living session holds, expired holds, and listings that are of no use.
 * Returns whether more rows are left for another transaction.
 */
export function pruneRows(transaction: WriteTransaction): boolean {
  const { engine, environment } = transaction;
  const { living } = dropDeadSessions(transaction, new Liveness(engine, environment));
  const starts = new Map(living.map(({ sessionId, startGeneration }) => [sessionId, startGeneration]));
  const nowMs = environment.nowMs();
  for (const row of readRows(engine, 'pins')) {
    const hold = decodeJsonRow<Hold>('pins', row.key, row.value);
    if (hold.expiresMs !== null && hold.expiresMs <= nowMs) transaction.deleteRow('pins', row.key);
  }
  let deleted = 0;
  for (const key of readKeys(engine, 'recents')) {
    const row = parseWritesKey(key);
    const start = starts.get(row.sessionId);
    // @spec DML-STO-0728
    if (start !== undefined && row.generation >= start) continue;
    if (deleted === ROWS_PER_TRANSACTION) return true;
    transaction.deleteRow('recents', key);
    deleted += 1;
  }
  pruneListings(transaction);
  return false;
}

/**
 * Deletes the rows of session writes that their session gives up.
 * While a collection lives they stay for it to see and to prune: it must know of every object that was put
 * during its run, also of one that nothing references after all, since that one links to others.
 */
export function dropWritesRows(transaction: WriteTransaction, drops: (row: WritesRow) => boolean): void {
  // @spec DML-STO-0729
  if (liveGc(transaction.engine, transaction.environment) !== undefined) return;
  for (const row of listWritesRows(transaction.engine, 0))
    if (drops(row)) transaction.deleteRow('recents', row.key);
}
