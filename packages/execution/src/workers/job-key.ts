import { type ExecutionKey, executionKey, sha256Hex } from '@daggerml/object-model';
import { inputsRoot } from '@daggerml/repository';
import type { RunObjects } from '../objects/run-objects.ts';
import type { SnapshotCall } from './snapshot.ts';

/** A call as far as it decides the key of its job. */
export interface KeyedCall {
  readonly executionUuid: string;
  readonly cache: boolean | undefined;
  readonly executionKey: ExecutionKey;
}

/**
 * Returns the key under which a job is claimed: that of what it computes, or one of its own for a call that is to run
 * whatever is known.
 *
 * @spec DML-EXE-1511
 */
export function jobKey({ executionUuid, cache, executionKey: key }: KeyedCall): ExecutionKey {
  if (cache !== false) return key;
  return sha256Hex(Buffer.from(`daggerml/execution/${executionUuid}`, 'utf8')) as ExecutionKey;
}

/** Returns the key of the job of a call that came in a snapshot. */
export function keyOfSnapshot(
  executionUuid: string,
  { functionDatumId, inputDatumIds, options }: SnapshotCall,
  objects: RunObjects,
): ExecutionKey {
  const key = executionKey(functionDatumId, inputsRoot(inputDatumIds, objects));
  return jobKey({ executionUuid, cache: options.cache, executionKey: key });
}
