import {
  type CommitId,
  type CommitRecord,
  type DagId,
  type ExecId,
  isDmlError,
  type NodeId,
  type PageStore,
  type Records,
  type TreeChange,
  type TreeId,
  type TreeRoot,
  treeEdit,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { ownCommitFacts } from '@daggerml/store';
import type { RecordSource } from '../nodes/stored-value.ts';
import { dagNodes } from './import-dag.ts';

/** Objects that a commit is planned from, and those that it adds. */
export interface CommitDraft extends RecordSource, PageStore {
  put(record: Records['tree']): TreeId;
}

/** The dags and pins of a branch as it stands. */
export interface Standing {
  readonly commitId: CommitId | undefined;
  readonly dags: TreeRoot<'dags'>;
  readonly pins: TreeRoot<'pins'>;
  readonly requests: TreeRoot<'requests'>;
}

/** Changes of the dags and pins of a branch. */
export interface DagsEdit {
  readonly dagId: DagId;
  readonly dags: readonly TreeChange<'dags'>[];
  readonly pins: readonly TreeChange<'pins'>[];
}

/** A dag to commit, and the outcomes of its nodes. */
export interface DagToCommit {
  readonly dagId: DagId;
  readonly name: string;
  readonly pins: Iterable<readonly [NodeId, ExecId]>;
  /** Every node of the dag, imported ones included. */
  readonly nodeIds: () => Iterable<NodeId>;
}

/** Reads the dags and pins of a branch by its commit. */
export function standingOf(objects: RecordSource, commitId: CommitId | undefined): Standing {
  if (commitId === undefined) return { commitId, dags: [], pins: [], requests: [] };
  const { treeId, pins, requests } = objects.read('commit', commitId);
  return { commitId, dags: objects.read('tree', treeId).dags, pins, requests };
}

/**
 * Plans to put a dag under its name, in the place of one that has it, with the pins that the branch does not have.
 *
 * @spec DML-BND-0603
 */
export function planDag(
  { dags, pins }: Standing,
  { dagId, name, pins: ownPins, nodeIds }: DagToCommit,
  objects: RecordSource,
): DagsEdit {
  const changes: TreeChange<'pins'>[] = [];
  for (const set of ownPins)
    if (treeGet('pins', pins, set[0], objects)?.[1] !== set[1]) changes.push({ set });
  const replacedId = treeGet('dags', dags, name, objects)?.[1];
  if (replacedId === dagId) return { dagId, dags: [], pins: changes };
  if (replacedId !== undefined)
    changes.push(...readableStalePins({ dagId: replacedId, name, dags, kept: nodeIds() }, objects));
  return { dagId, dags: [{ set: [name, dagId] }], pins: changes };
}

/** Returns the pins to take out; none where a dag cannot be read to its end, as a pin too many does no harm. */
export function readableStalePins(leaving: LeavingDag, objects: RecordSource): TreeChange<'pins'>[] {
  try {
    return stalePins(leaving, objects);
  } catch (error) {
    if (isDmlError(error)) return [];
    throw error;
  }
}

/** Author, time and message of a commit. */
export interface CommitWords {
  readonly actor: string;
  readonly nowMs: () => number;
  readonly message: string;
}

/**
 * Returns the commit of an edit on top of a branch; undefined where the branch stands so already.
 *
 * @spec DML-BND-0605
 */
export function planCommit(
  { commitId, dags, pins, requests }: Standing,
  edit: DagsEdit,
  { actor, nowMs, message }: CommitWords,
  objects: CommitDraft,
): CommitRecord | undefined {
  if (commitId !== undefined && edit.dags.length === 0 && edit.pins.length === 0) return undefined;
  return {
    type: 'commit',
    treeId: objects.put({ type: 'tree', dags: treeEdit('dags', dags, edit.dags, objects) }),
    parentCommitIds: commitId === undefined ? [] : [commitId],
    pins: treeEdit('pins', pins, edit.pins, objects),
    requests,
    ...ownCommitFacts(actor, nowMs(), message),
  };
}

/** A dag that leaves a tree, and what stays. */
interface LeavingDag {
  readonly dagId: DagId;
  /** The name that it has in the tree. */
  readonly name: string;
  /** The tree that it is still in. */
  readonly dags: TreeRoot<'dags'>;
  /** Nodes of the dag that takes its place. */
  readonly kept: Iterable<NodeId>;
}

/** Takes out the pins of nodes that only the leaving dag had: a commit pins the nodes of its own dags. */
function stalePins({ dagId, name, dags, kept }: LeavingDag, objects: RecordSource): TreeChange<'pins'>[] {
  const stale = dagNodes(dagId, objects);
  for (const nodeId of kept) stale.delete(nodeId);
  for (const [otherName, otherDagId] of treeEntries('dags', dags, objects)) {
    if (stale.size === 0) break;
    if (otherName === name) continue;
    for (const nodeId of dagNodes(otherDagId, objects)) stale.delete(nodeId);
  }
  return Array.from(stale, (deleteKey) => ({ deleteKey }));
}
