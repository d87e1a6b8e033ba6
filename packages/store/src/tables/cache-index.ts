import { type ExecId, isIdText } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { prefixRange, readKeys, refreshSnapshot, renewSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';

/** Lists the execs noted for an execution key, at the newest commit; the index is derived and may lag. */
export function cacheEntries(engine: Engine, executionKey: string): ExecId[] {
  if (!isIdText(executionKey)) throw storeError('store_misuse', { detail: 'execution_key' });
  const range = prefixRange(Buffer.from(executionKey, 'hex'));
  renewSnapshot(engine);
  // @spec DML-STO-0531
  let keys = readKeys(engine, 'cache', range);
  if (keys.length === 0) {
    refreshSnapshot(engine);
    keys = readKeys(engine, 'cache', range);
  }
  // @spec DML-STO-0008
  return keys.map((key) => key.subarray(32).toString('hex') as ExecId);
}
