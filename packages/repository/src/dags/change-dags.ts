import { type CommitId, type DagId, treeEntries, treeGet } from '@daggerml/object-model';
import { Draft, type RefName, type Store } from '@daggerml/store';
import { branchOf } from '../names/ref-text.ts';
import { unknownName } from '../names/unknown-name.ts';
import { holdCommits } from '../workspace/hold-commits.ts';
import { findImportSource, pinsOfDag } from './import-dag.ts';
import {
  type CommitWords,
  type DagsEdit,
  planCommit,
  planDag,
  readableStalePins,
  type Standing,
  standingOf,
} from './plan-commit.ts';

/** The branch whose dags change, and what its new commit says. */
export interface DagsChange extends CommitWords {
  readonly store: Store;
  readonly branch: RefName;
}

/** Result of a commit without a run. */
export interface ChangedDags {
  readonly commitId: CommitId;
  readonly dagId: DagId;
  /** The commit before; undefined when there was none. */
  readonly parentCommitId: CommitId | undefined;
  /** False when the branch had this very dag with these very pins already; then there is no new commit. */
  readonly changed: boolean;
}

/** Commits a branch without one of its dags. Throws `unknown_name`. */
export function deleteDag(change: DagsChange, name: string): ChangedDags {
  return commitEdit(change, ({ dags }, objects) => {
    const dagId = treeGet('dags', dags, name, objects)?.[1];
    // @spec DML-BND-0609
    if (dagId === undefined) {
      const known = Array.from(treeEntries('dags', dags, objects), ([each]) => each);
      throw unknownName({
        name,
        word: name,
        detail: 'dag',
        inside: branchOf(change.branch),
        known,
        listed: true,
      });
    }
    const pins = readableStalePins({ dagId, name, dags, kept: [] }, objects);
    // @spec DML-BND-0608
    return { dagId, dags: [{ deleteKey: name }], pins };
  });
}

/**
 * Commits a dag of another commit to a branch, in the place of one that has its name. Throws as `findImportSource`.
 */
export function restoreDag(change: DagsChange, name: string, revision: string): ChangedDags {
  const source = findImportSource(change.store, name, revision);
  return commitEdit(change, (standing, objects) => {
    const { dagId } = source;
    const { pins } = pinsOfDag(source, objects);
    // @spec DML-BND-0610
    return planDag(standing, { dagId, name, pins, nodeIds: () => pins.keys() }, objects);
  });
}

/** Puts a commit with the edited dags on top of a branch; a branch that another process moves is read again. */
function commitEdit(change: DagsChange, plan: (standing: Standing, objects: Draft) => DagsEdit): ChangedDags {
  const { store, branch, actor, message } = change;
  for (;;) {
    const [headId] = holdCommits(store, () => [store.getRef(branch)?.commitId]);
    const objects = new Draft(store);
    const standing = standingOf(objects, headId);
    const edit = plan(standing, objects);
    const { dagId } = edit;
    const commit = planCommit(standing, edit, change, objects);
    if (commit === undefined)
      return { commitId: headId as CommitId, dagId, parentCommitId: headId, changed: false };
    const commitId = objects.put(commit);
    let isApplied = false;
    store.transact('commit', (transaction) => {
      objects.writeTo(transaction);
      const update = { ref: branch, expected: headId ?? null, next: commitId, actor, reason: message };
      isApplied = transaction.updateRef(update).applied;
    });
    if (isApplied) return { commitId, dagId, parentCommitId: headId, changed: true };
  }
}
