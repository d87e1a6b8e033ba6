import type { CommitRecord } from '@daggerml/object-model';

/** What a commit says beside its content and its parents. */
export type CommitFacts = Omit<CommitRecord, 'type' | 'treeId' | 'parentCommitIds' | 'pins' | 'requests'>;

/** Returns the facts of a commit of new content: whoever makes the content makes the commit of it, at one time. */
export function ownCommitFacts(actor: string, timeMs: number, message: string): CommitFacts {
  return {
    author: actor,
    authoredMs: timeMs,
    committer: actor,
    committedMs: timeMs,
    message,
    detailsDatumId: null,
  };
}
