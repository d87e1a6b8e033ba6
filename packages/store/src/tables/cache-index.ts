import { type ExecId, isIdText } from '@daggerml/object-model';
import type { Engine } from '../engine/engine.ts';
import { prefixRange, readKeys, readRows, refreshSnapshot } from '../engine/reading.ts';
import { storeError } from '../errors.ts';

/** First byte of the value of every row; the name of the remote that the exec was found on follows, where there is one. */
const CACHE_MARK = 1;
/** Longest such name in bytes. */
const MAX_ORIGIN_BYTES = 255;

/** Returns the value of a row. */
export function cacheValue(origin: string | undefined): Buffer {
  const name = Buffer.from(origin ?? '');
  if (name.length > MAX_ORIGIN_BYTES) throw storeError('store_misuse', { detail: 'origin' });
  return Buffer.concat([Buffer.of(CACHE_MARK), name]);
}

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

/** Returns the remotes on which execs of an execution key were found, by exec. */
export function cacheOrigins(engine: Engine, executionKey: string): Map<ExecId, string> {
  if (!isIdText(executionKey)) throw storeError('store_misuse', { detail: 'execution_key' });
  refreshSnapshot(engine);
  const rows = readRows(engine, 'cache', prefixRange(Buffer.from(executionKey, 'hex')));
  // @spec DML-STO-0547
  return new Map(
    rows.flatMap(({ key, value }) =>
      value.length > 1
        ? [[key.subarray(32).toString('hex') as ExecId, value.subarray(1).toString('utf8')]]
        : [],
    ),
  );
}
