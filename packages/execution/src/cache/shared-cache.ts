import type { ExecId, ExecutionKey } from '@daggerml/object-model';
import type { ByteSource } from '../objects/closure.ts';
import type { PackedObjects } from '../worker/packed-objects.ts';

/** An outcome as a shared cache answers it. Nothing of it is trusted before it was checked. */
export interface SharedOutcome {
  readonly execId: ExecId;
  /** The exec and what its outcome is made of, as far as the store does not have it; ids are computed again. */
  readonly objects: PackedObjects;
}

/** An outcome to publish. */
export interface Publication {
  readonly executionKey: ExecutionKey;
  readonly execId: ExecId;
  readonly status: 'ok' | 'error';
  /** Fencing number of the claim under which it was computed; an older one than the newest known is refused. */
  readonly fencing: number | undefined;
}

/**
 * The outcomes that several repositories share, by execution key. Both methods come to an end, and reject where the
 * cache cannot be reached.
 */
export interface SharedCache {
  /** Looks up keys together; those without an outcome are absent from the answer. */
  lookUp(keys: readonly ExecutionKey[]): Promise<ReadonlyMap<ExecutionKey, SharedOutcome>>;
  /** Publishes outcomes with all that they are made of, read from `source`; a success is kept over a failure. */
  publish(publications: readonly Publication[], source: ByteSource): Promise<void>;
}
