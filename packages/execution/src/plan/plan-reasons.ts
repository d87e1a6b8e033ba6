import { type DagId, executionKey, type NodeId, type TreeRoot, treeGet } from '@daggerml/object-model';
import {
  type CallDifference,
  type CallSide,
  type Comparison,
  callDifferences,
  callsOf,
  inputsRoot,
  matchCalls,
  type NodeNames,
  namesIn,
  pinnedSide,
  scriptOf,
  treeScope,
} from '@daggerml/repository';
import type { OpenRun } from '../executor.ts';
import { presentSources } from '../run/receipt-sources.ts';
import type { RunNode } from '../run/run-node.ts';
import { NOT_RUN } from './not-run.ts';
import type { PlannedCall } from './plan-calls.ts';

/** Reason for a run of a call. */
export interface PlannedReason {
  readonly kind: 'new' | 'changed' | 'forced' | 'retried' | 'lost';
  /** The call of the base whose place it takes, for `changed`. */
  readonly earlierNodeId?: NodeId;
  readonly differences: readonly CallDifference[];
}

/** Both sides of a planned run: what its base has of the dag, and the dag itself. */
export interface PlanContext {
  readonly open: OpenRun;
  readonly dagName: string;
  nameOf(nodeId: NodeId): string | undefined;
}

/**
 * Returns the reason of each planned call that would run.
 *
 * @spec DML-EXE-3507
 */
export function planReasons(
  context: PlanContext,
  calls: readonly PlannedCall[],
): { readonly reasons: ReadonlyMap<NodeId, PlannedReason>; readonly comparison: Comparison } {
  const { open } = context;
  const { objects, run } = open;
  const base = baseOf(context);
  const comparison: Comparison = { source: objects, before: base.side, after: plannedSide(context) };
  const reasons = new Map<NodeId, PlannedReason>();
  const wanted = calls.filter(({ state }) => state === 'run');
  if (wanted.length === 0) return { reasons, comparison };
  const gone = base.dagId === undefined ? [] : callsOf(objects, base.dagId);
  const matches = matchCalls(comparison, {
    before: gone.filter((nodeId) => !run.nodes.has(nodeId)),
    after: calls.flatMap(({ node, state }) => (state === 'cached' ? [] : [node.nodeId])),
  });
  for (const { node } of wanted) reasons.set(node.nodeId, reasonOf(node));
  return { reasons, comparison };

  function reasonOf(node: RunNode): PlannedReason {
    const { nodeId, callee, failure } = node;
    const known = knownOutcomes(node);
    if (known.length > 0) {
      const isForced = callee?.options.cache === false;
      const isRetried =
        callee?.options.retryFailed === true && known.some(({ status }) => status === 'error');
      return { kind: isForced ? 'forced' : isRetried ? 'retried' : 'lost', differences: [] };
    }
    const earlierNodeId = matches.get(nodeId);
    if (earlierNodeId === undefined) return { kind: 'new', differences: [] };
    const differences = callDifferences(comparison, { before: earlierNodeId, after: nodeId });
    // Of a call whose inputs are not known only the function is compared.
    const isKnown = failure?.code === NOT_RUN;
    return {
      kind: 'changed',
      earlierNodeId,
      differences: isKnown ? differences : differences.filter(({ kind }) => kind === 'function'),
    };
  }

  /** Lists what the repository has of the function and input values of a call. */
  function knownOutcomes({ nodeId, callee }: RunNode): readonly { readonly status: 'ok' | 'error' }[] {
    const inputs = comparison.after.inputsOf(nodeId);
    if (inputs === undefined || callee === undefined) return [];
    return objects.store
      .cacheEntries(executionKey(callee.functionDatumId, inputs))
      .flatMap((execId) => objects.getPresent('exec', execId) ?? []);
  }
}

/** Returns the dag of the base under the name that is run, with what its commit pins. */
function baseOf({ open, dagName }: PlanContext): {
  readonly side: CallSide;
  readonly dagId: DagId | undefined;
} {
  const { objects, baseCommitId } = open;
  const commit = baseCommitId === undefined ? undefined : objects.read('commit', baseCommitId);
  const dags = commit && objects.read('tree', commit.treeId).dags;
  const dagId = dags && treeGet('dags', dags, dagName, objects)?.[1];
  const names: NodeNames = dagId === undefined ? new Map() : namesIn(objects, dagId);
  return { side: pinnedSide(objects, treeScope(commit?.pins ?? [], objects), names), dagId };
}

function plannedSide({ open, nameOf }: PlanContext): CallSide {
  const { run, objects } = open;
  const valueIn: CallSide['valueOf'] = (nodeId) => {
    const node = run.nodes.get(nodeId);
    return node?.status === 'ok' ? run.valueOf(node) : undefined;
  };
  return {
    valueOf: valueIn,
    inputsOf: (nodeId): TreeRoot<'values'> | undefined => {
      const values = run.nodes.get(nodeId)?.inputs.map((input) => valueIn(input.nodeId));
      return values?.every((value) => value !== undefined) ? inputsRoot(values, objects) : undefined;
    },
    nameOf,
    sourcesOf: (nodeId) => {
      const captured = run.nodes.get(nodeId)?.callee?.captured;
      return scriptOf(objects, nodeId) ?? (captured && presentSources(captured));
    },
  };
}
