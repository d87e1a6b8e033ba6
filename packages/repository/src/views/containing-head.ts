import type { CommitId } from '@daggerml/object-model';
import type { Ref, RefName } from '@daggerml/store';
import { readUnlessGone } from '../workspace/history.ts';
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
        open.push(...(readUnlessGone(reader, next)?.parentCommitIds ?? []));
      }
      return false;
    })
  );
}
