import { type ExecId, isIdText } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { prefixRange, readKeys, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';

/** The value of every row; the key says all. */
export const CACHE_VALUE: Buffer = Buffer.from([1]);

/** Returns the key of a row: the execution key, then the exec. */
export function cacheKey(executionKey: string, execId: string): Buffer {
  if (!isIdText(executionKey)) throw storeError('store_misuse', { detail: 'execution_key' });
  if (!isIdText(execId)) throw storeError('store_misuse', { detail: 'exec_id' });
  return Buffer.from(executionKey + execId, 'hex');
}

/** Lists the execs noted for an execution key, at the newest commit; the index is derived and may lag. */
export function cacheEntries(engine: Engine, executionKey: string): ExecId[] {
  if (!isIdText(executionKey)) throw storeError('store_misuse', { detail: 'execution_key' });
  // Most look-ups find nothing; to look twice for that would cost more than this.
  refreshSnapshot(engine);
  // @spec DML-STO-0531
  const keys = readKeys(engine, 'cache', prefixRange(Buffer.from(executionKey, 'hex')));
  // @spec DML-STO-0008
  return keys.map((key) => key.subarray(32).toString('hex') as ExecId);
}
