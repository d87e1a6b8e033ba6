import { readKeys, readRows } from '../engine/reading.ts';
import type { Pin } from '../pins.ts';
import { parseRecentKey } from '../recents.ts';
import { unsealJson } from '../sealed-row.ts';
import { isSessionAlive, type SessionRow } from '../sessions.ts';
import type { WriteTransaction } from '../write-transaction.ts';

/** Rows of recent objects one transaction may delete. */
const ROWS_PER_TRANSACTION = 5_000;

/**
 * Deletes rows of recent objects that no living session holds, and expired pins.
 * Yields whether more rows are left for another transaction.
 *
 * @spec DML-STO-0728
 */
export function pruneRows(transaction: WriteTransaction): boolean {
  const { engine, environment } = transaction;
  const starts = new Map<string, number>();
  for (const row of readRows(engine, 'sessions')) {
    const session = unsealJson<SessionRow>('sessions', row.key, row.value);
    if (isSessionAlive(session, environment)) starts.set(session.sessionId, session.startGeneration);
  }
  const nowMs = environment.nowMs();
  for (const row of readRows(engine, 'pins')) {
    const pin = unsealJson<Pin>('pins', row.key, row.value);
    if (pin.expiresMs !== null && pin.expiresMs <= nowMs) transaction.deleteRow('pins', row.key);
  }
  let deleted = 0;
  for (const key of readKeys(engine, 'recents')) {
    const row = parseRecentKey(key);
    const start = starts.get(row.sessionId);
    if (start !== undefined && row.generation >= start) continue;
    if (deleted === ROWS_PER_TRANSACTION) return true;
    transaction.deleteRow('recents', key);
    deleted += 1;
  }
  return false;
}
