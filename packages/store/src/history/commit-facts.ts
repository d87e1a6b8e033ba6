import type { CommitRecord } from '@daggerml/object-model';
import { wholeMs } from './whole-ms.ts';

/** The members of a commit other than its content and its parents. */
export type CommitFacts = Omit<CommitRecord, 'type' | 'treeId' | 'parentCommitIds' | 'pins' | 'requests'>;

/** Returns the facts of a commit of new content: whoever makes the content makes the commit of it, at one time. */
export function ownCommitFacts(actor: string, timeMs: number, message: string): CommitFacts {
  // @spec DML-STO-0640
  const committedMs = wholeMs(timeMs);
  return {
    author: actor,
    authoredMs: committedMs,
    committer: actor,
    committedMs,
    message,
    detailsDatumId: null,
  };
}
