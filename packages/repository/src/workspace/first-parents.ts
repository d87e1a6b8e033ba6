import { type CommitId, type CommitRecord, isDmlError } from '@daggerml/object-model';
import type { RecordReader } from './record-reader.ts';

/** Returns a commit; undefined for one that was excised or left out, where history ends. */
export function readUnlessGone(reader: RecordReader, commitId: CommitId): CommitRecord | undefined {
  try {
    return reader.read('commit', commitId);
  } catch (error) {
    if (isDmlError(error) && (error.detail === 'excised' || error.detail === 'left_out')) return undefined;
    throw error;
  }
}

/** Iterates a commit and its first parents, up to one that was excised or left out. */
export function* readFirstParents(
  reader: RecordReader,
  from: CommitId,
): Generator<readonly [CommitId, CommitRecord]> {
  for (let next: CommitId | undefined = from; next !== undefined; ) {
    const commit = readUnlessGone(reader, next);
    if (commit === undefined) return;
    yield [next, commit];
    [next] = commit.parentCommitIds;
  }
}
