import type { RefName } from '@daggerml/store';

const HEADS = 'refs/heads/';

/** Yields a head as people name it. */
export function branchName(head: RefName): string {
  return head.slice(HEADS.length);
}

/** Yields a revision as people name it: a head by its branch, any other as it is. */
export function shortRevision(revision: string): string {
  return revision.startsWith(HEADS) ? branchName(revision as RefName) : revision;
}
