import {
  buildTree,
  type CallExec,
  type DagId,
  type DatumId,
  type ExecId,
  encodeRecord,
  hashBytes,
  type NodeId,
  type TreeRoot,
  treeEntries,
} from '@daggerml/object-model';
import { type PinScope, storedValue } from '@daggerml/repository';
import type { AdapterReport } from '../adapters/port.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { isNotRun } from '../plan/not-run.ts';
import { type Callee, Callees, type CallSpec, type CapturedFacts } from './callee.ts';
import { Interpreter, type InterpreterOptions } from './interpreter.ts';
import { type CallState, initialState, type RetryBudget } from './machine.ts';
import { NestedCalls } from './nested-calls.ts';
import { RunNode } from './run-node.ts';

export interface RunOptions extends Omit<InterpreterOptions, 'onNested'> {
  readonly budget: RetryBudget;
  /** Cancels every call that is open when it is aborted, and every later one. */
  readonly signal: AbortSignal;
  /** Hears of a node whose value is asked for although its call did not run, where the run is only planned. */
  readonly whenUnknown?: ((node: RunNode) => void) | undefined;
}

/** New objects that are held in memory before they are written. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const DEFAULT_RETRIES = 2;
const noInputs: readonly RunNode[] = [];
const complete: CallState = { name: 'complete' };
const NO_CAPTURE: Pick<CapturedFacts, 'ambientInputs' | 'leftOut'> = { ambientInputs: [], leftOut: [] };

/**
 * The nodes of one dag under construction and the execution of its calls.
 *
 * Nodes are added at once and never wait; a call runs as soon as its inputs have values. Answers from pins and
 * from the cache are found without leaving the caller's turn.
 */
export class Run {
  readonly #options: RunOptions;
  readonly #objects: RunObjects;
  readonly #interpreter: Interpreter;
  readonly #callees: Callees;
  readonly #nodes = new Map<NodeId, RunNode>();
  /** Functions whose reads of other things than inputs were reported. */
  readonly #warned = new Set<DatumId>();
  /** Calls that were added, also those that functions have made. */
  callCount = 0;
  readonly #initialStates = new Map<number, CallState>();

  constructor(options: RunOptions) {
    const { objects, signal } = options;
    this.#options = options;
    this.#objects = objects;
    this.#callees = new Callees(objects);
    const nested = new NestedCalls({
      objects,
      adapter: options.adapter,
      addLiteral: (datumId) => this.addLiteral(datumId),
      addCall: (spec, inputs, depth) => this.addCall(spec, inputs, depth),
      raise: (node, depth) => this.#interpreter.raise(node, depth),
      endAttempt: (node, failure) => this.#interpreter.endAttempt(node, failure),
      valueOf: (node) => this.valueOf(node),
    });
    const onNested: InterpreterOptions['onNested'] = (attempt, request) => nested.begin(attempt, request);
    this.#interpreter = new Interpreter({ ...options, onNested }, this.#nodes);
    objects.whenFull = () => this.#interpreter.write();
    // @spec DML-EXE-2336
    const cancel = (): void => this.#interpreter.cancel(reasonOf(signal));
    if (signal.aborted) cancel();
    else signal.addEventListener('abort', cancel, { once: true });
  }

  /** Adds a node that is a datum. */
  addLiteral(datumId: DatumId): RunNode {
    const nodeId = this.#objects.put({ type: 'node', kind: 'literal', datumId });
    return this.#nodes.get(nodeId) ?? this.#addResolved(resolvedNode(nodeId, 'literal'), datumId);
  }

  /** Adds a node that selects a name of another dag; its value and pins come from the scope of that dag's commit. */
  addImport(
    dagId: DagId,
    name: string,
    from: { scope: PinScope; pins: ReadonlyMap<NodeId, ExecId> },
  ): RunNode {
    const nodeId = this.#objects.put({ type: 'node', kind: 'import', dagId, name });
    const known = this.#nodes.get(nodeId);
    if (known) return known;
    const node = resolvedNode(nodeId, 'import');
    node.importedPins = from.pins;
    return this.#addResolved(node, storedValue(nodeId, from.scope, this.#objects));
  }

  /** Adds a builtin applied to nodes. */
  addBuiltin(functionDatumId: DatumId, uri: string, inputs: readonly RunNode[]): RunNode {
    const callee = this.#callees.ofBuiltin(functionDatumId, uri);
    return this.#addComputed('builtin', inputs, { callee, depth: 0 });
  }

  /**
   * Adds a call of a function on nodes; it starts when it can. `depth` is the number of running functions that wait for
   * it, each by way of the next.
   */
  addCall(spec: CallSpec, inputs: readonly RunNode[], depth = 0): RunNode {
    const node = this.#addComputed('call', inputs, { callee: this.#callees.ofCall(spec), depth });
    const { ambientInputs, leftOut } = spec.captured ?? NO_CAPTURE;
    // @spec DML-EXE-1105
    if (ambientInputs.length + leftOut.length > 0 && !this.#warned.has(spec.functionDatumId)) {
      this.#warned.add(spec.functionDatumId);
      const functionName = node.callee?.functionName ?? '';
      this.#interpreter.report(node, { type: 'ambient-inputs', functionName, ambientInputs, leftOut });
    }
    return node;
  }

  /**
   * Adds a call that the store has an exec of, on the input values of that exec. Its code comes from the store, the way
   * from its code to the sources does not.
   *
   * @spec DML-EXE-3151
   */
  addRecorded(exec: CallExec, options: CallSpec['options']): RunNode {
    const { nodeId, functionDatumId } = exec;
    const known = this.#nodes.get(nodeId);
    if (known) return known;
    const record = this.#objects.read('node', nodeId);
    const inputNodeIds = 'inputs' in record ? treeEntries('inputs', record.inputs, this.#objects) : [];
    const values = treeEntries('values', exec.inputs, this.#objects);
    const inputs = Array.from(inputNodeIds, (inputNodeId) => {
      const input = resolvedNode(inputNodeId, 'literal');
      input.valueId = values.next().value;
      return input;
    });
    const callee = this.#callees.ofCall({ functionDatumId, options, isFromRecord: true });
    const node = new RunNode(nodeId, 'call', { inputs, callee, state: this.#initialStateOf(callee) });
    this.#nodes.set(nodeId, node);
    this.#interpreter.add(node);
    return node;
  }

  /** Resolves when the node has an outcome that is kept, also when that is a failure: nobody has to handle it. */
  settled(node: RunNode): Promise<void> {
    const { whenUnknown } = this.#options;
    const settled = this.#interpreter.settlements.settled(node);
    return whenUnknown ? settled.then(() => ifRun(node, whenUnknown)) : settled;
  }

  /** The nodes of the run, inputs before the nodes that use them. */
  get nodes(): ReadonlyMap<NodeId, RunNode> {
    return this.#nodes;
  }

  /** The shared caches that have answered calls; of a run that writes nothing. */
  get cacheNames(): ReadonlyMap<RunNode, string> {
    return this.#interpreter.cacheNames;
  }

  /** The node whose failure ended a run that is to end with the first one. */
  get stoppedBy(): RunNode | undefined {
    return this.#interpreter.stoppedBy;
  }

  /** Throws the error of the store that ended the run, and `cancelled` once that was asked for. */
  assertOpen(): void {
    this.#interpreter.assertOpen();
  }

  /** Takes news of attempts. */
  take(reports: readonly AdapterReport[]): void {
    this.#interpreter.take(reports);
  }

  /** Checks whether no call is open. */
  get isIdle(): boolean {
    return this.#interpreter.settlements.isIdle;
  }

  /** Resolves when no call is open any more; rejects with the error of the store that ended the run. */
  idle(): Promise<void> {
    return this.#interpreter.settlements.idle();
  }

  /** Returns the value of a node whose status is `ok`; looked up when it is first asked for. */
  valueOf(node: RunNode): DatumId {
    return this.#options.cache.valueOf(node);
  }

  /** Returns how many calls only functions have made, and that have an outcome. */
  countNested(): number {
    let count = 0;
    for (const { isOfDag, execId } of this.#nodes.values()) if (!isOfDag && execId !== undefined) count += 1;
    return count;
  }

  /** Writes what is new and settles the calls that waited for it. */
  flush(): void {
    this.#interpreter.flush();
  }

  /** Resolves when nothing is asked of others for the run any more. */
  closeSharing(): Promise<void> {
    return this.#interpreter.closeSharing();
  }

  #addResolved(node: RunNode, valueId: DatumId): RunNode {
    node.valueId = valueId;
    // An import's value hangs on the pins of its commit, which may differ from those of the base.
    node.isFromBase = node.kind === 'literal';
    this.#nodes.set(node.nodeId, node);
    this.#boundMemory();
    return node;
  }

  #addComputed(
    kind: 'call' | 'builtin',
    inputs: readonly RunNode[],
    { callee, depth }: { readonly callee: Callee; readonly depth: number },
  ): RunNode {
    this.#interpreter.assertUnbroken();
    const { functionDatumId } = callee;
    const record = encodeRecord({
      type: 'node',
      kind,
      functionDatumId,
      inputs: inputsTree(inputs, this.#objects),
    });
    const nodeId = hashBytes<'node'>(record);
    const known = this.#nodes.get(nodeId);
    if (known) {
      if (depth === 0) known.isOfDag = true;
      return known;
    }
    const node = new RunNode(nodeId, kind, { inputs, callee, state: this.#initialStateOf(callee) });
    if (kind === 'call') this.callCount += 1;
    node.depth = depth;
    node.isOfDag = depth === 0;
    this.#nodes.set(nodeId, node);
    const isAnswerable = inputs.every((input) => input.isFromBase) && !this.#interpreter.isCancelled;
    const outcome = isAnswerable ? this.#options.cache.ofBase(node) : undefined;
    // What the base has pinned it also holds the records of.
    if (outcome) this.#interpreter.addAnswered(node, outcome);
    else {
      this.#objects.putHashed('node', nodeId, record);
      this.#interpreter.add(node);
    }
    this.#boundMemory();
    return node;
  }

  /** States are values: calls with the same budget begin in the same one. */
  #initialStateOf(callee: Callee): CallState {
    const retries = callee.options.retries ?? DEFAULT_RETRIES;
    let state = this.#initialStates.get(retries);
    if (!state) {
      state = initialState({ ...this.#options.budget, maxAttempts: 1 + retries });
      this.#initialStates.set(retries, state);
    }
    return state;
  }

  #boundMemory(): void {
    if (this.#objects.sizeBytes >= MAX_BUFFERED_BYTES) this.#interpreter.write();
  }
}

/** Returns the root of the inputs; a page never ends before its fourth entry, so few inputs are their own tree. */
function inputsTree(inputs: readonly RunNode[], objects: RunObjects): TreeRoot<'inputs'> {
  const nodeIds = inputs.map((input) => input.nodeId);
  return nodeIds.length < 4 ? nodeIds : buildTree('inputs', nodeIds, objects);
}

/** Literals and imports have their outcome from the start. */
function resolvedNode(nodeId: NodeId, kind: 'literal' | 'import'): RunNode {
  return new RunNode(nodeId, kind, { inputs: noInputs, callee: undefined, state: complete });
}

/**
 * Returns a promise that never resolves, for a node whose value hangs on a call that did not run: an error would lead
 * the pipeline to build another dag.
 *
 * @spec DML-EXE-3503
 */
function ifRun(node: RunNode, whenUnknown: (node: RunNode) => void): Promise<void> {
  if (!isNotRun(node)) return Promise.resolve();
  whenUnknown(node);
  return new Promise(() => {});
}

function reasonOf({ reason }: AbortSignal): string {
  return reason instanceof Error ? reason.message : String(reason);
}
