import type { ExecId, ExecutionKey, ObjectClass } from '@daggerml/object-model';
import type { ByteSource } from '../objects/closure.ts';
import type { PackedObjects } from '../worker/packed-objects.ts';

/** An outcome as a shared cache answers it. Nothing of it is trusted before it was checked. */
export interface SharedOutcome {
  readonly execId: ExecId;
  /**
   * The exec and what its outcome is made of, without what is here or came with an earlier outcome of the same question;
   * ids are computed again.
   */
  readonly objects: PackedObjects;
  /** The cache that has it, for people, where there are several. */
  readonly origin?: string | undefined;
}

/** Objects that need not be sent. */
export interface PresentObjects {
  /** Checks whether an object is here, and with it all that it reaches. */
  hasBytes(objectClass: ObjectClass, objectId: string): boolean;
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
 * The outcomes that several repositories share, by execution key. All methods come to an end, and reject where the
 * cache cannot be reached.
 */
export interface SharedCache {
  /**
   * Looks up keys together and yields the outcomes of some of them at a time; those without an outcome are in none. What
   * was yielded is taken before the next is asked for.
   */
  lookUp(
    keys: readonly ExecutionKey[],
    present?: PresentObjects,
  ): AsyncIterable<ReadonlyMap<ExecutionKey, SharedOutcome>>;
  /**
   * Publishes outcomes with all that they are made of, read from `source`; a success is kept over a failure. It may wait
   * for others to publish them together.
   */
  publish(publications: readonly Publication[], source: ByteSource): Promise<void>;
  /** Publishes at once what waits for others; nothing waits by default. */
  flush?(): void;
}
