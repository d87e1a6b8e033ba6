import type { CommitId, ObjectClass } from '@daggerml/object-model';
import { execRef } from '@daggerml/store';
import type { SnapshotPlace, SnapshotTransport } from '../adapters/snapshot-transport.ts';
import { type ByteSource, commitClosure } from '../objects/closure.ts';
import { type PackedObjects, packObjects, type UnpackedObject } from '../worker/packed-objects.ts';
import type { SnapshotBackend } from './snapshot-suite.ts';

interface Attempt {
  readonly snapshotCommitId: CommitId;
  commitId: CommitId;
}

/** Snapshots in memory: one side of the Executor, one of the backend. */
export class MemorySnapshots implements SnapshotTransport, SnapshotBackend {
  readonly #objects = new Map<string, UnpackedObject>();
  readonly #attempts = new Map<string, Attempt>();

  async handOver(
    executionUuid: string,
    snapshotCommitId: CommitId,
    source: ByteSource,
  ): Promise<SnapshotPlace> {
    this.#put(commitClosure(snapshotCommitId, source));
    const snapshotRef = execRef(executionUuid);
    if (!this.#attempts.has(snapshotRef))
      this.#attempts.set(snapshotRef, { snapshotCommitId, commitId: snapshotCommitId });
    return { snapshotRef, remoteUri: 'memory:' };
  }

  async takeOver(executionUuid: string, resultCommitId: CommitId): Promise<PackedObjects | undefined> {
    const attempt = this.#attempts.get(execRef(executionUuid));
    if (attempt?.commitId !== resultCommitId || !this.#objects.has(resultCommitId)) return undefined;
    try {
      return packObjects(commitClosure(resultCommitId, this, [attempt.snapshotCommitId]));
    } catch {
      return undefined;
    }
  }

  async discard(executionUuid: string): Promise<void> {
    this.#attempts.delete(execRef(executionUuid));
  }

  async fetch({ snapshotRef }: SnapshotPlace): Promise<CommitId | undefined> {
    return this.#attempts.get(snapshotRef)?.commitId;
  }

  async push(
    { snapshotRef }: SnapshotPlace,
    commitId: CommitId,
    objects: readonly UnpackedObject[],
  ): Promise<void> {
    this.#put(objects);
    const attempt = this.#attempts.get(snapshotRef);
    if (attempt) attempt.commitId = commitId;
  }

  getBytes(_objectClass: ObjectClass, objectId: string): Uint8Array | undefined {
    return this.#objects.get(objectId)?.bytes;
  }

  #put(objects: readonly UnpackedObject[]): void {
    for (const object of objects) this.#objects.set(object.objectId, object);
  }
}
