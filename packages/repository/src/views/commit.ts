import {
  type CommitId,
  type CommitRecord,
  type DagId,
  type ExecId,
  type NodeId,
  type TreeId,
  treeEntries,
} from '@daggerml/object-model';
import type { RecordSource } from '../nodes/stored-value.ts';

/** A read-only view of a commit. */
export class Commit {
  readonly commitId: CommitId;
  readonly record: CommitRecord;
  readonly #objects: RecordSource;

  /** Creates the view of a commit; only a repository does. */
  constructor(commitId: CommitId, objects: RecordSource) {
    this.commitId = commitId;
    this.record = objects.read('commit', commitId);
    this.#objects = objects;
  }

  get treeId(): TreeId {
    return this.record.treeId;
  }

  get parentCommitIds(): readonly CommitId[] {
    return this.record.parentCommitIds;
  }

  get author(): string {
    return this.record.author;
  }

  get message(): string {
    return this.record.message;
  }

  /** Time at which the content was made. */
  get authoredMs(): number {
    return this.record.authoredMs;
  }

  /** Person who made the commit; not the author where it was made again on another parent. */
  get committer(): string {
    return this.record.committer;
  }

  get committedMs(): number {
    return this.record.committedMs;
  }

  /** The dags by name; read again at each access. */
  get dags(): ReadonlyMap<string, DagId> {
    return new Map(treeEntries('dags', this.#objects.read('tree', this.treeId).dags, this.#objects));
  }

  /**
   * Node → pinned exec, for every call and builtin of the dags; read again at each access, O(pins).
   *
   * @spec DML-BND-0607
   */
  get execMap(): ReadonlyMap<NodeId, ExecId> {
    return new Map(treeEntries('pins', this.record.pins, this.#objects));
  }
}
