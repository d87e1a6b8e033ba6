import type { CommitId } from '@daggerml/object-model';
import type { RefName } from '@daggerml/store';
import type { ByteSource } from '../objects/closure.ts';
import type { PackedObjects } from '../worker/packed-objects.ts';

/** Place where a backend finds the inputs of an attempt and leaves its result. */
export interface SnapshotPlace {
  readonly snapshotRef: RefName;
  readonly remoteUri: string;
}

/**
 * Way of the inputs of an attempt to a backend that does not share the repository, and of its result back. An adapter
 * that needs one is made with it. All methods come to an end, and reject where the other side cannot be reached.
 */
export interface SnapshotTransport {
  /**
   * Hands over a commit with everything that it reaches, read from `source`, under the exec ref of the attempt. Doing
   * so again is harmless.
   */
  handOver(executionUuid: string, snapshotCommitId: CommitId, source: ByteSource): Promise<SnapshotPlace>;
  /**
   * Returns what a result commit reaches and the snapshot does not; ids are computed again. Undefined where the exec
   * ref does not name that commit or an object of it is not there.
   */
  takeOver(executionUuid: string, resultCommitId: CommitId): Promise<PackedObjects | undefined>;
  /** Deletes the exec ref of an attempt; harmless when it is gone. */
  discard(executionUuid: string): Promise<void>;
}
