import type { NodeId } from '@daggerml/object-model';
import type { RunObjects } from '../objects/run-objects.ts';
import type { RunNode } from '../run/run-node.ts';
import { NOT_RUN } from './not-run.ts';

/** The way in which a call of a planned run would come to its outcome. */
export type PlannedState =
  /** Answered by what the repository knows. */
  | 'cached'
  /** Answered by a failure that is recorded. */
  | 'failed'
  /** Not run, because an input fails. */
  | 'blocked'
  | 'run'
  /** Answered by the run of another call with the same function and input values. */
  | 'shared'
  /** Decided by values that calls which would run come to: it may be answered by what the repository knows. */
  | 'unknown';

/** A call of a planned run. */
export interface PlannedCall {
  readonly node: RunNode;
  readonly state: PlannedState;
  /** True for a call whose inputs are other nodes than those of the outcome that answers it, with the same values. */
  readonly isCutOff: boolean;
  /** The shared cache that answers the call, if one does. */
  readonly cacheName: string | undefined;
  /** Calls without a known value that the call depends on, the nearest ones. */
  readonly dependsOn: readonly NodeId[];
}

/** A run in which nothing runs. */
interface PlannedRun {
  readonly nodes: ReadonlyMap<NodeId, RunNode>;
  /** The shared caches that have answered calls. */
  readonly cacheNames: ReadonlyMap<RunNode, string>;
}

/** Calls that are named as what another one depends on. */
const MAX_DEPENDENCIES = 5;

/**
 * Returns how each call of a run that is idle would come to its outcome, inputs first.
 *
 * @spec DML-EXE-3506
 */
export function planCalls({ nodes, cacheNames }: PlannedRun, objects: RunObjects): PlannedCall[] {
  const planned: PlannedCall[] = [];
  const states = new Map<RunNode, PlannedState>();
  const leaders = new Map<string, NodeId>();
  for (const node of nodes.values()) {
    const state = stateOf(node);
    states.set(node, state);
    if (node.kind !== 'call') continue;
    const leaderId = state === 'run' && node.failure?.code === NOT_RUN ? leaderOf(node) : undefined;
    planned.push({
      node,
      state: leaderId === undefined ? state : 'shared',
      isCutOff: state === 'cached' && isCutOff(node, objects),
      cacheName: cacheNames.get(node),
      dependsOn: leaderId === undefined ? dependenciesOf(node) : [leaderId],
    });
  }
  return planned;

  function stateOf(node: RunNode): PlannedState {
    const { failure } = node;
    if (failure === undefined) return 'cached';
    if (failure.code === NOT_RUN) return 'run';
    if (failure.class !== 'input') return 'failed';
    const inputs = node.inputs.map((input) => states.get(input));
    if (inputs.some((state) => state === 'failed' || state === 'blocked')) return 'blocked';
    return mustRun(node, objects) ? 'run' : 'unknown';
  }

  /** Returns the call before with the same function and values, as which a call is not run twice. */
  function leaderOf(node: RunNode): NodeId | undefined {
    const values = node.inputs.map(({ valueId }) => valueId);
    const key = [node.callee?.functionDatumId, ...values].join(' ');
    const leaderId = leaders.get(key);
    if (leaderId === undefined) leaders.set(key, node.nodeId);
    return leaderId;
  }

  function dependenciesOf(node: RunNode): NodeId[] {
    if (node.failure?.class !== 'input') return [];
    const found = new Set<NodeId>();
    const open = node.inputs.filter(({ failure }) => failure !== undefined);
    for (const input of open) {
      if (found.size === MAX_DEPENDENCIES) break;
      if (input.kind === 'call') found.add(input.nodeId);
      else open.push(...input.inputs.filter(({ failure }) => failure !== undefined));
    }
    return [...found];
  }
}

/**
 * Checks whether a call runs whatever its unknown inputs come to: it is to run in any case, or the store has never seen
 * its function or one of its values.
 *
 * @spec DML-EXE-3504
 */
function mustRun({ callee, inputs }: RunNode, { store }: RunObjects): boolean {
  if (callee === undefined) return false;
  if (callee.options.cache === false) return true;
  if (!store.has('datum', callee.functionDatumId)) return true;
  return inputs.some(({ valueId }) => valueId !== undefined && !store.has('datum', valueId));
}

function isCutOff({ execId, isFromBase }: RunNode, objects: RunObjects): boolean {
  if (isFromBase || execId === undefined || objects.store.has('exec', execId)) return false;
  const exec = objects.getPresent('exec', execId);
  return exec?.nodeKind === 'call' && exec.sourceExecId !== null;
}
