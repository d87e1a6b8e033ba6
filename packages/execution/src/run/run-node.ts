import type { DagId, DatumId, ExecId, ExecutionKey, NodeId, NodeKind } from '@daggerml/object-model';
import type { Computed } from '@daggerml/repository';
import type { Callee } from './callee.ts';
import type { CallFailure } from './events.ts';
import { type CallState, isFinal } from './machine.ts';

/** A node of a dag under construction, with what is known of its outcome. */
export class RunNode {
  readonly nodeId: NodeId;
  readonly kind: NodeKind;
  readonly inputs: readonly RunNode[];
  /** The function of a call or builtin. */
  readonly callee: Callee | undefined;
  /** Moved by the machine alone. */
  state: CallState;
  /** The exec that answers the node; for calls and builtins that have an outcome. */
  execId: ExecId | undefined;
  /** The value, where it was needed already. */
  valueId: DatumId | undefined;
  /** The result dag of a call that the base answers. */
  resultDagId: DagId | undefined;
  failure: CallFailure | undefined;
  /** The error that ended the whole run, when the node has no outcome because of it. */
  runError: unknown;
  /** True when the outcome stems unchanged from the commit that the run is based on. */
  isFromBase = false;
  /** Function and input values, from the look-up to the end. */
  computed: ComputedNode | undefined;
  /** Written by the scheduler: inputs without an outcome, and the nodes that wait for this one. */
  unknownInputs = 0;
  dependents: RunNode[] | undefined;
  /** Pins that the node brings along: those of an imported dag. */
  importedPins: ReadonlyMap<NodeId, ExecId> | undefined;
  /** Number of running functions that wait for it, each by way of the next; 0 for a call of the dag alone. */
  depth = 0;
  /** False for a call that only functions have made. */
  isOfDag = true;
  /** Calls that its function has made and that have no outcome yet. */
  awaited: Set<RunNode> | undefined;
  /** Runs when the outcome is known and cannot be withdrawn. */
  onKnown: (() => void)[] | undefined;
  /** Of the walk that has come by last. */
  mark: object | undefined;

  constructor(nodeId: NodeId, kind: NodeKind, from: NodeOrigin) {
    this.nodeId = nodeId;
    this.kind = kind;
    this.inputs = from.inputs;
    this.callee = from.callee;
    this.state = from.state;
  }

  /** `pending` until the outcome is known and kept; never changes afterwards. */
  get status(): 'pending' | 'ok' | 'error' {
    if (!isFinal(this.state)) return 'pending';
    return this.failure ? 'error' : 'ok';
  }

  /** Checks whether outcome and value are known; dependents go on before an outcome is kept, unless it is a failure. */
  get isKnown(): boolean {
    const { state } = this;
    if (isFinal(state)) return true;
    return state.name === 'integrate_ok' || (state.name === 'tentative' && this.failure === undefined);
  }

  /** Checks whether the outcome hangs on cached execs that are not retained yet, so that it may have to be found again. */
  get isTentative(): boolean {
    return this.state.name === 'tentative';
  }
}

/** Parts that a node is made of. */
export interface NodeOrigin {
  readonly inputs: readonly RunNode[];
  readonly callee: Callee | undefined;
  readonly state: CallState;
}

/** Function and input values of a node. */
export interface ComputedNode extends Computed {
  readonly executionKey: ExecutionKey;
  /** The exec of the cache index that the outcome stems from; nothing protects it before it is retained. */
  foundExecId: ExecId | undefined;
  /** The shared cache that the outcome came from. */
  origin?: string | undefined;
}

/** Returns function and input values of a node whose inputs have values. */
export function computedOf(node: RunNode): ComputedNode {
  return node.computed as ComputedNode;
}

/** Lists the nodes that some nodes depend on, themselves included, each once; `isEnd` says where not to go further. */
export function reachableFrom(nodes: Iterable<RunNode>, isEnd?: (node: RunNode) => boolean): RunNode[] {
  // A mark costs a tenth of a set of all nodes.
  const mark = {};
  const reached: RunNode[] = [];
  const reach = (node: RunNode): void => {
    if (node.mark === mark) return;
    node.mark = mark;
    reached.push(node);
  };
  for (const node of nodes) reach(node);
  for (const node of reached) if (!isEnd?.(node)) for (const input of node.inputs) reach(input);
  return reached;
}
