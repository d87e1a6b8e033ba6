import {
  type CommitId,
  type DagId,
  isDmlError,
  type TreeChange,
  type TreeRoot,
  treeEdit,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { Draft, ownCommitFacts, type RefName, type Store } from '@daggerml/store';
import { branchOf } from '../names/ref-text.ts';
import { unknownName } from '../names/unknown-name.ts';
import { holdCommits } from '../workspace/hold-commits.ts';
import { findImportSource, pinsOfDag } from './import-dag.ts';
import { type LeavingDag, stalePins } from './stale-pins.ts';

/** The branch whose dags change, and what its new commit says. */
export interface DagsChange {
  readonly store: Store;
  readonly branch: RefName;
  readonly actor: string;
  readonly message: string;
  readonly nowMs: () => number;
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

/** The dags and pins of a branch as it stands. */
interface Standing {
  readonly commitId: CommitId | undefined;
  readonly dags: TreeRoot<'dags'>;
  readonly pins: TreeRoot<'pins'>;
  readonly requests: TreeRoot<'requests'>;
}

interface Edit {
  readonly dagId: DagId;
  readonly dags: readonly TreeChange<'dags'>[];
  readonly pins: readonly TreeChange<'pins'>[];
}

/**
 * Commits a branch without one of its dags. Throws `unknown_name`.
 *
 * @spec DML-BND-0608
 */
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
    return { dagId, dags: [{ deleteKey: name }], pins };
  });
}

/**
 * Commits a dag of another commit to a branch, in the place of one that has its name. Throws as `findImportSource`.
 *
 * @spec DML-BND-0610
 */
export function restoreDag(change: DagsChange, name: string, revision: string): ChangedDags {
  const source = findImportSource(change.store, name, revision);
  return commitEdit(change, ({ dags, pins }, objects) => {
    const { dagId } = source;
    const restored = pinsOfDag(source, objects).pins;
    const changes = Array.from(restored)
      .filter(([nodeId, execId]) => treeGet('pins', pins, nodeId, objects)?.[1] !== execId)
      .map((set): TreeChange<'pins'> => ({ set }));
    const replacedId = treeGet('dags', dags, name, objects)?.[1];
    if (replacedId === dagId) return { dagId, dags: [], pins: changes };
    if (replacedId !== undefined)
      changes.push(...readableStalePins({ dagId: replacedId, name, dags, kept: restored.keys() }, objects));
    return { dagId, dags: [{ set: [name, dagId] }], pins: changes };
  });
}

/** Pins to take out; none where a dag cannot be read to its end, as a pin too many does no harm. */
function readableStalePins(leaving: LeavingDag, objects: Draft): TreeChange<'pins'>[] {
  try {
    return stalePins(leaving, objects);
  } catch (error) {
    if (isDmlError(error)) return [];
    throw error;
  }
}

/** Puts a commit with the edited dags on top of a branch; a branch that another process moves is read again. */
function commitEdit(
  { store, branch, actor, message, nowMs }: DagsChange,
  plan: (standing: Standing, objects: Draft) => Edit,
): ChangedDags {
  for (;;) {
    const [headId] = holdCommits(store, () => [store.getRef(branch)?.commitId]);
    const objects = new Draft(store);
    const standing = standingOf(objects, headId);
    const { dagId, dags, pins } = plan(standing, objects);
    if (headId !== undefined && dags.length === 0 && pins.length === 0)
      return { commitId: headId, dagId, parentCommitId: headId, changed: false };
    const commitId = objects.put({
      type: 'commit',
      treeId: objects.put({ type: 'tree', dags: treeEdit('dags', standing.dags, dags, objects) }),
      parentCommitIds: headId === undefined ? [] : [headId],
      pins: treeEdit('pins', standing.pins, pins, objects),
      requests: standing.requests,
      ...ownCommitFacts(actor, nowMs(), message),
    });
    let isApplied = false;
    store.transact('commit', (transaction) => {
      objects.writeTo(transaction);
      const update = { ref: branch, expected: headId ?? null, next: commitId, actor, reason: message };
      isApplied = transaction.updateRef(update).applied;
    });
    if (isApplied) return { commitId, dagId, parentCommitId: headId, changed: true };
  }
}

function standingOf(objects: Draft, commitId: CommitId | undefined): Standing {
  if (commitId === undefined) return { commitId, dags: [], pins: [], requests: [] };
  const { treeId, pins, requests } = objects.read('commit', commitId);
  return { commitId, dags: objects.read('tree', treeId).dags, pins, requests };
}
