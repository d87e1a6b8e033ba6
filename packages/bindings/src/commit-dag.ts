import {
  executionError,
  failureError,
  isOutcomeNode,
  type OpenRun,
  type RunNode,
  reachableFrom,
} from '@daggerml/execution';
import {
  type CommitId,
  type DagId,
  type ExecId,
  type NodeId,
  type TreeChange,
  treeEdit,
} from '@daggerml/object-model';
import {
  type DagsEdit,
  holdCommits,
  METRIC_PREFIX,
  planCommit,
  planDag,
  standingOf,
} from '@daggerml/repository';
import type { WriteTransaction } from '@daggerml/store';
import { valuesError } from '@daggerml/values';
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
  /** Calls with an outcome that are part of the dag; a call of which only the awaited value was used is none. */
  readonly calls: number;
}

/** Waits for a dag and commits it on top of its branch; plans again when the branch has moved. */
export async function commitDag(context: DagContext, content: DagContent): Promise<DagCommit> {
  const { open, store, branch, actor } = context;
  const { objects } = open;
  const reachable = reachableFrom([content.rootNode, ...content.names.values()]);
  // @spec DML-BND-1207
  await allOk(open, reachable, content);
  checkMetrics(open, content.names);
  open.run.flush();
  const calls = callsIn(reachable);
  const names = [...content.names].map(
    ([name, { nodeId }]): TreeChange<'names'> => ({ set: [name, nodeId] }),
  );
  const dagId = objects.put({
    type: 'dag',
    rootNodeId: content.rootNode.nodeId,
    names: treeEdit('names', [], names, objects),
  });
  const { name, nowMs } = context;
  for (;;) {
    const headId = heldHead(context);
    const standing = standingOf(objects, headId);
    const pins = pinsOf(reachable, headId === open.baseCommitId);
    const edit = planDag(standing, { dagId, name, pins, nodeIds: () => nodeIdsOf(reachable) }, objects);
    const commit = planCommit(standing, edit, { actor, nowMs, message: content.message }, objects);
    if (!commit) {
      releaseIndex(context);
      return { dagId, commitId: headId as CommitId, changed: false, calls };
    }
    const commitId = objects.put(commit);
    let isApplied = false;
    store.transact('commit', (transaction) => {
      objects.writeTo(transaction);
      // @spec DML-EXE-0722
      assertPresent(edit, transaction);
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
    if (isApplied) return { dagId, commitId, changed: true, calls };
  }
}

function callsIn(nodes: Iterable<RunNode>): number {
  let calls = 0;
  for (const { kind, execId } of nodes) if (kind === 'call' && execId !== undefined) calls += 1;
  return calls;
}

async function allOk(
  { run }: OpenRun,
  nodes: Iterable<RunNode>,
  { rootNode, names }: DagContent,
): Promise<void> {
  const failed: RunNode[] = [];
  for (const node of nodes) {
    // @spec DML-BND-0601
    if (node.status === 'pending') await run.settled(node);
    if (node.failure) failed.push(node);
  }
  if (run.stoppedBy) throw dagFailure([run.stoppedBy]);
  if (failed.length === 0) return;
  // @spec DML-BND-1743
  const needed = reachableFrom([rootNode, ...names.values()], isOutcomeNode).filter(({ failure }) => failure);
  const originIds = new Set(needed.map(({ nodeId, failure }) => failure?.originNodeId ?? nodeId));
  // @spec DML-BND-0602
  if (needed.length > 0) throw dagFailure(failed.filter(({ nodeId }) => originIds.has(nodeId)));
}

/** Returns the error of a dag that failed because of these nodes. */
export function dagFailure(failed: readonly RunNode[]): unknown {
  const first = failed[0] as RunNode;
  const { code = '', message = '' } = first.failure ?? {};
  const cause = failureError(first);
  const others = failed.length - 1;
  // It is not the dag that failed.
  if (first.runError !== undefined || first.failure?.class === 'cancelled') return cause;
  return bindingsError(
    'dag_failed',
    {
      name: first.callee?.name ?? first.kind,
      nodeId: first.nodeId,
      failureCode: code,
      message,
      failed: failed.map((node) => node.callee?.name ?? node.kind),
      reason: cause.message,
      ...(others > 0 && { others: `${others} more ${others === 1 ? 'call' : 'calls'}` }),
    },
    cause,
  );
}

/** Kinds of data that a metric may be. */
const METRIC_KINDS: readonly string[] = ['i64', 'f64', 'bool', 'string'];

/** Throws `unsupported_value` for a metric that cannot be a cell of a table. @spec DML-BND-1721 */
function checkMetrics({ objects, run }: OpenRun, names: DagContent['names']): void {
  for (const [name, node] of names) {
    if (!name.startsWith(METRIC_PREFIX)) continue;
    const { kind } = objects.read('datum', run.valueOf(node));
    if (METRIC_KINDS.includes(kind)) continue;
    const instead = 'a metric is a number, a boolean or text';
    throw valuesError('unsupported_value', { path: name, found: `a value of the kind ${kind}`, instead });
  }
}

/** Returns the head of the branch, held while a commit on top of it is planned. */
function heldHead({ store, branch, open }: DagContext): CommitId | undefined {
  const headId = store.getRef(branch)?.commitId;
  if (headId === undefined || headId === open.baseCommitId) return headId;
  return holdCommits(store, () => [store.getRef(branch)?.commitId])[0];
}

/** Throws when an object to commit is gone in spite of all holds. */
function assertPresent({ pins }: DagsEdit, transaction: WriteTransaction): void {
  for (const pin of pins) {
    if ('set' in pin && !transaction.has('exec', pin.set[1]))
      throw executionError('object_missing', { class: 'exec', objectId: pin.set[1] });
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
