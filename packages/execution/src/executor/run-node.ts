import type { AmbientKind, CallOptions, CapturedFunction } from '@daggerml/capture';
import type { DagId, DatumId, ExecId, ExecutionKey, NodeId, NodeKind } from '@daggerml/object-model';
import type { Computed } from '@daggerml/repository';
import type { CallFailure } from './events.ts';
import type { CallState } from './machine.ts';

/** What a call needs beside its identity. */
export interface CallSpec {
  readonly functionDatumId: DatumId;
  readonly uri: string;
  readonly name: string;
  readonly options: CallOptions;
  /** What its capture tells of it; absent for a function that was not captured in this process. */
  readonly captured?: Pick<CapturedFunction, 'exportName' | 'ambientInputs' | 'leftOut' | 'locator'>;
}

/**
 * Yields a function without what its author allows it to read.
 *
 * @spec DML-EXE-1106
 */
export function allowing(spec: CallSpec, allow: readonly AmbientKind[]): CallSpec {
  const { captured } = spec;
  if (!captured || allow.length === 0) return spec;
  const ambientInputs = captured.ambientInputs.filter(({ kind }) => !allow.includes(kind));
  return { ...spec, captured: { ...captured, ambientInputs } };
}

/** A node of a dag under construction, with what is known of its outcome. */
export class RunNode {
  readonly nodeId: NodeId;
  readonly kind: NodeKind;
  readonly inputs: readonly RunNode[];
  /** `pending` until the outcome is known and kept; never changes afterwards. */
  status: 'pending' | 'ok' | 'error' = 'pending';
  /** The exec that answers the node; for calls and builtins that have an outcome. */
  execId: ExecId | undefined;
  /** The value, where it was needed already. */
  valueId: DatumId | undefined;
  /** The result dag of a call that the base answers. */
  resultDagId: DagId | undefined;
  failure: CallFailure | undefined;
  /** The error that ended the whole run, when the node has no outcome because of it. */
  runError: unknown;
  /** Whether outcome and value are known; dependents go on before the outcome is kept. */
  isResolved = false;
  /** Whether the outcome hangs on cached execs that are not retained yet, so that it may have to be decided anew. */
  isTentative = false;
  /** Whether the outcome stems unchanged from the commit that the run is based on. */
  isFromBase = false;
  spec: CallSpec | undefined;
  state: CallState | undefined;
  /** What the node is computed from, once its inputs have values. */
  computed: (Computed & { readonly executionKey: ExecutionKey }) | undefined;
  /** Inputs that have no outcome yet. */
  unresolvedInputs = 0;
  dependents: RunNode[] | undefined;
  waiters: (() => void)[] | undefined;
  /** Pins that the node brings along: those of an imported dag. */
  importedPins: ReadonlyMap<NodeId, ExecId> | undefined;

  /** Of the walk that has come by last. */
  mark: object | undefined;

  /** The key under which outcomes of what the node is computed from are known. */
  get executionKey(): ExecutionKey | undefined {
    return this.computed?.executionKey;
  }

  constructor(nodeId: NodeId, kind: NodeKind, inputs: readonly RunNode[]) {
    this.nodeId = nodeId;
    this.kind = kind;
    this.inputs = inputs;
  }
}

/** Lists the nodes that some nodes depend on, themselves included, each once. */
export function reachableFrom(nodes: Iterable<RunNode>): RunNode[] {
  // A mark costs a tenth of a set of all nodes.
  const mark = {};
  const reached: RunNode[] = [];
  const reach = (node: RunNode): void => {
    if (node.mark === mark) return;
    node.mark = mark;
    reached.push(node);
  };
  for (const node of nodes) reach(node);
  for (const node of reached) for (const input of node.inputs) reach(input);
  return reached;
}

/** Returns what a node is computed from; for nodes whose inputs have values. */
export function computedOf(node: RunNode): NonNullable<RunNode['computed']> {
  return node.computed as NonNullable<RunNode['computed']>;
}
