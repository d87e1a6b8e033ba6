import {
  type OpenRun,
  type PlannedReason,
  type PlannedState,
  planCalls,
  planReasons,
  type RunNode,
} from '@daggerml/execution';
import type { NodeId } from '@daggerml/object-model';
import type { CallText, Comparison } from '@daggerml/repository';

/** A call of a dag whose calls do not run. */
export interface CallPlan {
  readonly nodeId: NodeId;
  /** The label of the call, the function's export name without one. */
  readonly name: string;
  readonly functionName: string;
  readonly state: PlannedState;
  /** Of a cached call: true where an input is another node than before, with the same value. */
  readonly isCutOff: boolean;
  /** The shared cache that answers the call; undefined where the repository does, or nothing. */
  readonly cacheName: string | undefined;
  /** Reason for a run of the call; for the state `run`. */
  readonly reason: PlannedReason | undefined;
  /** The nearest calls without a known value that it depends on; the one whose run answers it for `shared`. */
  readonly dependsOn: readonly NodeId[];
}

/** Number of calls by state. */
export type PlanCounts = Readonly<Record<PlannedState, number>>;

/** Calls of a dag as they would come to their outcomes. */
export interface DagPlan {
  readonly calls: readonly CallPlan[];
  readonly counts: PlanCounts;
  /** False where the pipeline asked for a value that is not known, so that there may be more calls. */
  readonly isComplete: boolean;
  /** The dag of the base, and the dag itself. */
  readonly comparison: Comparison;
}

/** The dag that is planned. */
export interface PlannedDag {
  readonly open: OpenRun;
  readonly dagName: string;
  nameOf(node: Pick<RunNode, 'nodeId'>): string | undefined;
  describeCall(nodeId: NodeId): CallText;
}

/** Returns how the calls of a dag would come to their outcomes, once its run is idle. */
export function planDag(dag: PlannedDag, isComplete: boolean): DagPlan {
  const { open, dagName } = dag;
  const planned = planCalls(open.run, open.objects);
  const nameOf = (nodeId: NodeId): string | undefined => dag.nameOf({ nodeId });
  const { reasons, comparison } = planReasons({ open, dagName, nameOf }, planned);
  const counts = { cached: 0, failed: 0, blocked: 0, run: 0, shared: 0, unknown: 0 };
  const calls = planned.map(({ node, state, isCutOff, cacheName, dependsOn }): CallPlan => {
    counts[state] += 1;
    const { nodeId, callee } = node;
    const name = callee?.name ?? node.kind;
    const functionName = callee?.functionName ?? name;
    const reason = reasons.get(nodeId);
    return { nodeId, name, functionName, state, isCutOff, cacheName, dependsOn, reason };
  });
  return { calls, counts, isComplete, comparison };
}
