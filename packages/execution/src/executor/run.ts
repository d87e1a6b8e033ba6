import {
  buildTree,
  type DagId,
  type DatumId,
  type ExecId,
  encodeRecord,
  hashBytes,
  type NodeId,
  type TreeRoot,
} from '@daggerml/object-model';
import { type PinScope, storedValue, treeScope } from '@daggerml/repository';
import type { AdapterReport } from '../adapters/port.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { CallLifecycle, type CallLifecycleOptions } from './call-lifecycle.ts';
import { Decisions } from './decisions.ts';
import { Integrations, type IntegrationsOptions } from './integrations.ts';
import { KnownOutcomes } from './known-outcomes.ts';
import { type CallState, initialState, type RetryBudget } from './machine.ts';
import { type CallSpec, RunNode } from './run-node.ts';

export interface RunOptions extends CallLifecycleOptions, IntegrationsOptions {
  readonly basePins: TreeRoot<'pins'>;
  readonly budget: RetryBudget;
}

/** New objects that are held in memory before they are written. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;
const DEFAULT_RETRIES = 2;
const noInputs: readonly RunNode[] = [];
const noCapture = { exportName: '', ambientInputs: [], leftOut: [] };

/**
 * The nodes of one dag under construction and the execution of its calls.
 *
 * Nodes are added at once and never wait; a call runs as soon as its inputs have values. Answers from pins and
 * from the cache are found without leaving the caller's turn.
 */
export class Run {
  readonly #objects: RunObjects;
  readonly #budget: RetryBudget;
  readonly #known: KnownOutcomes;
  readonly #lifecycle: CallLifecycle;
  readonly #integrations: Integrations;
  readonly #decisions: Decisions;
  readonly #nodes = new Map<NodeId, RunNode>();
  /** Functions of which was told what they read beside their inputs. */
  readonly #warned = new Set<DatumId>();
  readonly #initialStates = new Map<number, CallState>();

  constructor(options: RunOptions) {
    const { objects, staging, basePins, budget } = options;
    this.#objects = objects;
    this.#budget = budget;
    const base = treeScope(basePins, objects);
    const staged = staging.isBegun ? treeScope(staging.pins, objects) : base;
    const known = new KnownOutcomes(objects, { base, staged });
    const lifecycle = new CallLifecycle(options, known, {
      integrate: (node, how) => integrations.add(node, how),
      resolve: (node) => decisions.resolve(node),
      drain: () => decisions.drain(),
      reconsider: (node) => decisions.reconsider(node),
    });
    const integrations = new Integrations(options, {
      get isDraining() {
        return decisions.isDraining;
      },
      advance: (node, event, integrated) => lifecycle.advance(node, event, integrated),
      resolve: (node) => decisions.resolve(node),
      begin: (node) => decisions.begin(node),
      forget: (node) => decisions.forget(node),
      drain: () => decisions.drain(),
      break: (error) => lifecycle.break(error),
      assertUnbroken: () => lifecycle.assertUnbroken(),
    });
    const decisions = new Decisions({ objects, known, lifecycle, integrations });
    this.#known = known;
    this.#lifecycle = lifecycle;
    this.#integrations = integrations;
    this.#decisions = decisions;
    objects.whenFull = () => integrations.write();
  }

  /** Adds a node that is a datum. */
  addLiteral(datumId: DatumId): RunNode {
    const nodeId = this.#objects.put({ type: 'node', kind: 'literal', datumId });
    return this.#nodes.get(nodeId) ?? this.#addResolved(new RunNode(nodeId, 'literal', noInputs), datumId);
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
    const node = new RunNode(nodeId, 'import', noInputs);
    node.importedPins = from.pins;
    return this.#addResolved(node, storedValue(nodeId, from.scope, this.#objects));
  }

  /** Adds a builtin applied to nodes. */
  addBuiltin(functionDatumId: DatumId, uri: string, inputs: readonly RunNode[]): RunNode {
    return this.#addComputed('builtin', inputs, { functionDatumId, uri, name: uri, options: {} });
  }

  /** Adds a call of a function on nodes; it starts when it can. */
  addCall(spec: CallSpec, inputs: readonly RunNode[]): RunNode {
    const node = this.#addComputed('call', inputs, spec);
    const { exportName: functionName, ambientInputs, leftOut } = spec.captured ?? noCapture;
    // @spec DML-EXE-1105
    if (ambientInputs.length + leftOut.length > 0 && !this.#warned.has(spec.functionDatumId)) {
      this.#warned.add(spec.functionDatumId);
      this.#lifecycle.report(node, { type: 'ambient-inputs', functionName, ambientInputs, leftOut });
    }
    return node;
  }

  /** Resolves when the node has an outcome that is kept, also when that is a failure: nobody has to handle it. */
  settled(node: RunNode): Promise<void> {
    return this.#lifecycle.settled(node);
  }

  /** Throws the error of the store that ended the run, and `cancelled` once that was asked for. */
  assertOpen(): void {
    this.#lifecycle.assertOpen();
  }

  /** Takes news of attempts. */
  report(reports: readonly AdapterReport[]): void {
    this.#lifecycle.takeNews(reports);
  }

  /** Whether no call is open. */
  get isIdle(): boolean {
    return this.#lifecycle.isIdle;
  }

  /** Resolves when no call is open any more; rejects with the error of the store that ended the run. */
  idle(): Promise<void> {
    return this.#lifecycle.idle();
  }

  /** The value of a node whose status is `ok`; looked up when it is first asked for. */
  valueOf(node: RunNode): DatumId {
    return this.#decisions.valueOf(node);
  }

  /** Ends every call that is still open; what was integrated stays. */
  cancel(reason: string): void {
    this.#lifecycle.refuse(reason);
    this.flush();
    this.#lifecycle.cancelOpen(reason);
    this.#decisions.drain();
  }

  /** Writes what is new and settles the calls that waited for it. */
  flush(): void {
    this.#integrations.flush();
  }

  #addResolved(node: RunNode, valueId: DatumId): RunNode {
    node.valueId = valueId;
    node.status = 'ok';
    node.isResolved = true;
    // An import's value hangs on the pins of its commit, which may differ from those of the base.
    node.isFromBase = node.kind === 'literal';
    this.#nodes.set(node.nodeId, node);
    this.#boundMemory();
    return node;
  }

  #addComputed(kind: 'call' | 'builtin', inputs: readonly RunNode[], spec: CallSpec): RunNode {
    this.#lifecycle.assertUnbroken();
    const { functionDatumId } = spec;
    const record = encodeRecord({
      type: 'node',
      kind,
      functionDatumId,
      inputs: inputsTree(inputs, this.#objects),
    });
    const nodeId = hashBytes<'node'>(record);
    const known = this.#nodes.get(nodeId);
    if (known) return known;
    const node = new RunNode(nodeId, kind, inputs);
    node.spec = spec;
    if (kind === 'call') node.state = this.#initialStateOf(spec);
    this.#nodes.set(nodeId, node);
    let areInputsFromBase = true;
    for (const input of inputs) {
      if (!input.isFromBase) areInputsFromBase = false;
      if (!input.isResolved) node.unresolvedInputs += 1;
      else if (!input.isTentative) continue;
      input.dependents ??= [];
      input.dependents.push(node);
    }
    const isAnswerable = areInputsFromBase && !this.#lifecycle.isCancelled;
    const outcome = isAnswerable ? this.#known.ofBase(node, (input) => this.valueOf(input)) : undefined;
    if (outcome) {
      // What the base has pinned it also holds the records of.
      this.#decisions.answerFromBase(node, outcome);
    } else {
      this.#objects.putHashed('node', nodeId, record);
      if (this.#lifecycle.open(node) && node.unresolvedInputs === 0) this.#decisions.begin(node);
      this.#decisions.drain();
    }
    this.#boundMemory();
    return node;
  }

  /** States are values: calls with the same budget begin in the same one. */
  #initialStateOf(spec: CallSpec): CallState {
    const retries = spec.options.retries ?? DEFAULT_RETRIES;
    let state = this.#initialStates.get(retries);
    if (!state) {
      state = initialState({ ...this.#budget, maxAttempts: 1 + retries });
      this.#initialStates.set(retries, state);
    }
    return state;
  }

  #boundMemory(): void {
    if (this.#objects.sizeBytes >= MAX_BUFFERED_BYTES) this.#integrations.write();
  }
}

/** A page never ends before its fourth entry, so that few inputs are their own tree. */
function inputsTree(inputs: readonly RunNode[], objects: RunObjects): TreeRoot<'inputs'> {
  const nodeIds = inputs.map((input) => input.nodeId);
  return nodeIds.length < 4 ? nodeIds : buildTree('inputs', nodeIds, objects);
}
