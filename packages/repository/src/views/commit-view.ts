import { type CommitId, type CommitRecord, type DagId, treeEntries } from '@daggerml/object-model';
import type { RecordReader } from '../workspace/record-reader.ts';

/** One named dag of a commit. */
export interface NamedDag {
  readonly name: string;
  readonly dagId: DagId;
}

/** Lists the dags of a commit in the order of their names. */
export function dagsOf(reader: RecordReader, commit: CommitRecord): NamedDag[] {
  const { dags } = reader.read('tree', commit.treeId);
  return [...treeEntries('dags', dags, reader)].map(([name, dagId]) => ({ name, dagId }));
}

/** Reads the commit that the current branch points to; undefined before the first one. */
export function currentCommit(
  reader: RecordReader,
): { commitId: CommitId; commit: CommitRecord } | undefined {
  const ref = reader.store.getRef(reader.store.head());
  return ref && { commitId: ref.commitId, commit: reader.read('commit', ref.commitId) };
}
