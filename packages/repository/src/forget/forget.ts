import type { CommitId } from '@daggerml/object-model';
import type { RefName, Store } from '@daggerml/store';
import { repositoryError } from '../errors.ts';
import { branchOf } from '../names/ref-text.ts';
import type { ForgetPlan } from './plan-forget.ts';

/** Reason of the journal's row that takes a branch to a shorter history. */
const FORGET = 'forget';

/**
 * Moves a branch to a shorter history; the commits before stay until they are garbage collected. Returns false, and
 * changes nothing, where somebody else has moved the branch.
 *
 * @spec DML-REP-0421
 */
export function forget(store: Store, { branch, before, after, draft }: ForgetPlan, actor: string): boolean {
  if (after === before) return true;
  return store.transact('forget', (transaction) => {
    draft.writeTo(transaction);
    return transaction.updateRef({ ref: branch, expected: before, next: after, actor, reason: FORGET })
      .applied;
  });
}

/** A branch that has its longer history again. */
export interface Undone {
  readonly from: CommitId;
  readonly to: CommitId;
}

/**
 * Restores the history of a branch that it has forgotten. Throws `nothing_to_undo`: with `moved` where the branch has
 * been moved since, with `collected` where the history is gone.
 *
 * @spec DML-REP-0423
 */
export async function undoForget(store: Store, branch: RefName, actor: string): Promise<Undone> {
  const name = branchOf(branch);
  let last: Undone | undefined;
  for await (const { ref, reason, old: to, new: from } of store.listJournal())
    if (ref === branch && reason === FORGET && to !== null && from !== null) last = { from, to };
  if (last === undefined || store.getRef(branch)?.commitId === last.to)
    throw repositoryError('nothing_to_undo', { branch: name });
  const { from, to } = last;
  const isUndone = store.transact('forget', (transaction) => {
    if (!transaction.retain('commit', to))
      throw repositoryError('nothing_to_undo', { branch: name }, undefined, 'collected');
    return transaction.updateRef({ ref: branch, expected: from, next: to, actor, reason: 'undo forget' })
      .applied;
  });
  if (!isUndone) throw repositoryError('nothing_to_undo', { branch: name }, undefined, 'moved');
  return { from, to };
}
