import { type CommitId, isDmlError } from '@daggerml/object-model';
import type { Ref, RefName } from '@daggerml/store';
import type { RecordReader } from '../workspace/record-reader.ts';

/** Finds a head other than `except` whose history contains a commit; each commit of it is read once at most. */
export function containingHead(reader: RecordReader, commitId: CommitId, except: RefName): Ref | undefined {
  const heads = reader.store.readRefs('heads').filter(({ name }) => name !== except);
  const seen = new Set<CommitId>();
  return (
    heads.find((head) => head.commitId === commitId) ??
    heads.find((head) => {
      const open = [head.commitId];
      for (let next = open.pop(); next !== undefined; next = open.pop()) {
        if (next === commitId) return true;
        // What an earlier head reaches does not lead to the commit.
        if (seen.has(next)) continue;
        seen.add(next);
        open.push(...parentsOf(reader, next));
      }
      return false;
    })
  );
}

/** Returns the parents of a commit; none for an excised one, where the history ends. */
function parentsOf(reader: RecordReader, commitId: CommitId): readonly CommitId[] {
  try {
    return reader.read('commit', commitId).parentCommitIds;
  } catch (error) {
    if (isDmlError(error) && error.detail === 'excised') return [];
    throw error;
  }
}
