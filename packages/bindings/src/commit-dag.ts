import { executionError, failureError, type OpenRun, type RunNode, reachableFrom } from '@daggerml/execution';
import {
  type CommitId,
  type CommitRecord,
  type DagId,
  type ExecId,
  type NodeId,
  type TreeChange,
  type TreeRoot,
  treeEdit,
  treeGet,
} from '@daggerml/object-model';
import { holdCommits, stalePins } from '@daggerml/repository';
import { ownCommitFacts, type WriteTransaction } from '@daggerml/store';
import type { DagContext } from './dag-options.ts';
import { bindingsError } from './errors.ts';

export interface DagContent {
  readonly rootNode: RunNode;
  readonly names: ReadonlyMap<string, RunNode>;
  readonly message: string;
}

/** Result of committing a dag. */
export interface DagCommit {
  readonly dagId: DagId;
  readonly commitId: CommitId;
  /** False when the head already has this dag with these pins; then there is no new commit. */
  readonly changed: boolean;
}

/** A head and the commit planned on top of it; undefined when there is nothing to change. */
interface CommitPlan {
  readonly headId: CommitId | undefined;
  readonly commit: CommitRecord | undefined;
  /** Pins that the head does not have. */
  readonly newPins: readonly (readonly [NodeId, ExecId])[];
}

/** Waits for a dag and commits it on top of its branch; plans again when the branch has moved. */
export async function commitDag(context: DagContext, content: DagContent): Promise<DagCommit> {
  const { open, store, branch, actor } = context;
  const { objects } = open;
  const reachable = reachableFrom([content.rootNode, ...content.names.values()]);
  await allOk(open, reachable);
  open.run.flush();
  const names = [...content.names].map(
    ([name, { nodeId }]): TreeChange<'names'> => ({ set: [name, nodeId] }),
  );
  const dagId = objects.put({
    type: 'dag',
    rootNodeId: content.rootNode.nodeId,
    names: treeEdit('names', [], names, objects),
  });
  for (;;) {
    const plan = planCommit(context, { dagId, nodes: reachable, message: content.message });
    const { headId, commit, newPins } = plan;
    if (!commit) {
      releaseIndex(context);
      return { dagId, commitId: headId as CommitId, changed: false };
    }
    const commitId = objects.put(commit);
    let isApplied = false;
    store.transact('commit', (transaction) => {
      objects.writeTo(transaction);
      // @spec DML-EXE-0722
      assertPresent(newPins, transaction);
      const update = {
        ref: branch,
        expected: headId ?? null,
        next: commitId,
        actor,
        reason: content.message,
      };
      // @spec DML-BND-0604
      isApplied = transaction.updateRef(update).applied;
      if (isApplied) open.index.release(transaction);
    });
    objects.clear();
    if (isApplied) return { dagId, commitId, changed: true };
  }
}

/**
 * @spec DML-BND-0601
 * @spec DML-BND-0602
 */
async function allOk({ run }: OpenRun, nodes: Iterable<RunNode>): Promise<void> {
  const failed: RunNode[] = [];
  for (const node of nodes) {
    if (node.status === 'pending') await run.settled(node);
    if (node.failure) failed.push(node);
  }
  if (failed.length === 0) return;
  // A failed call fails all that depend on it: name the ones where it began.
  const origins = failed.filter((node) => node.failure?.originNodeId === undefined);
  const first = origins[0] ?? (failed[0] as RunNode);
  const { code = '', message = '' } = first.failure ?? {};
  const cause = failureError(first);
  const others = origins.length - 1;
  // It is not the dag that failed.
  if (first.runError !== undefined) throw cause;
  throw bindingsError(
    'dag_failed',
    {
      name: first.callee?.name ?? first.kind,
      nodeId: first.nodeId,
      failureCode: code,
      message,
      failed: origins.map((node) => node.callee?.name ?? node.kind),
      reason: cause.message,
      ...(others > 0 && { others: `${others} more ${others === 1 ? 'call' : 'calls'}` }),
    },
    cause,
  );
}

interface NewDag {
  readonly dagId: DagId;
  readonly nodes: readonly RunNode[];
  readonly message: string;
}

/** Plans the commit of a dag on top of its branch. */
function planCommit(context: DagContext, { dagId, nodes, message }: NewDag): CommitPlan {
  const { open, name, actor, nowMs } = context;
  const { objects, baseCommitId } = open;
  const headId = heldHead(context);
  const head = headId === undefined ? undefined : objects.read('commit', headId);
  const dags: TreeRoot<'dags'> = head ? objects.read('tree', head.treeId).dags : [];
  const oldDagId = treeGet('dags', dags, name, objects)?.[1];
  const oldPins = head?.pins ?? [];
  const newPins: (readonly [NodeId, ExecId])[] = [];
  for (const pin of pinsOf(nodes, headId === baseCommitId)) {
    if (treeGet('pins', oldPins, pin[0], objects)?.[1] !== pin[1]) newPins.push(pin);
  }
  // @spec DML-BND-0605
  if (oldDagId === dagId && newPins.length === 0) return { headId, commit: undefined, newPins };
  const changes = newPins.map((pin): TreeChange<'pins'> => ({ set: pin }));
  if (oldDagId !== undefined && oldDagId !== dagId) {
    changes.push(...stalePins({ dagId: oldDagId, name, dags, kept: nodeIdsOf(nodes) }, objects));
  }
  // @spec DML-BND-0603
  const newDags = treeEdit('dags', dags, [{ set: [name, dagId] }], objects);
  const commit: CommitRecord = {
    type: 'commit',
    treeId: objects.put({ type: 'tree', dags: newDags }),
    parentCommitIds: headId === undefined ? [] : [headId],
    pins: treeEdit('pins', oldPins, changes, objects),
    requests: head?.requests ?? [],
    ...ownCommitFacts(actor, nowMs(), message),
  };
  return { headId, commit, newPins };
}

/** Returns the head of the branch, held while a commit on top of it is planned. */
function heldHead({ store, branch, open }: DagContext): CommitId | undefined {
  const headId = store.getRef(branch)?.commitId;
  if (headId === undefined || headId === open.baseCommitId) return headId;
  return holdCommits(store, () => [store.getRef(branch)?.commitId])[0];
}

/** Throws when an object to commit is gone in spite of all holds. */
function assertPresent(pins: CommitPlan['newPins'], transaction: WriteTransaction): void {
  for (const [, execId] of pins) {
    if (!transaction.has('exec', execId))
      throw executionError('object_missing', { class: 'exec', objectId: execId });
  }
}

/** Yields the pins of a dag, without those that the base answered where the head is still the base. */
function* pinsOf(nodes: Iterable<RunNode>, isOnBase: boolean): Generator<readonly [NodeId, ExecId]> {
  for (const node of nodes) {
    if (node.execId !== undefined && !(isOnBase && node.isFromBase)) yield [node.nodeId, node.execId];
    // @spec DML-BND-0415
    if (node.importedPins) yield* node.importedPins;
  }
}

/** Yields the nodes of a dag to commit, imported ones included. */
function* nodeIdsOf(nodes: Iterable<RunNode>): Generator<NodeId> {
  for (const { nodeId, importedPins } of nodes) {
    yield nodeId;
    if (importedPins) yield* importedPins.keys();
  }
}

/** Drops the staged work: it is in the head already or not part of the dag. */
function releaseIndex({ open, store }: DagContext): void {
  if (open.index.isBegun) store.transact('release', (transaction) => open.index.release(transaction));
}
