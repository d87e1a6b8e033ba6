import {
  buildTree,
  type CommitId,
  type DatumId,
  type ExecId,
  type NodeId,
  type TreeChange,
  type TreeId,
  type TreeRoot,
  treeEdit,
  treeEntries,
  treeGet,
} from '@daggerml/object-model';
import { execValue, type PinScope, type RecordSource, readFailure } from '@daggerml/repository';
import type { RefName, Store } from '@daggerml/store';
import { liftDatum, lowerValue } from '@daggerml/values';
import { type RunIndex, runIndexRef } from '../cache/run-index.ts';
import { executionError } from '../errors.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { CallSpec } from '../run/callee.ts';
import type { OpPlan } from './op-plan.ts';
import { readPlan } from './op-plan.ts';
import type { PhaseCall, PhaseOutcome } from './target-run.ts';

/** The names of a journal that are no phases; those have a space. */
const OWNER = 'owner';
const CANCEL = 'cancel';
const CODE = /^code\./;

/** Returns the name of the work that a run of ops is; no dag can have it, since those name their branch. */
export function opWorkName(name: string): string {
  return `ops ${name}`;
}

/** Returns the name of a phase's node in the journal and in the committed dag. */
export function phaseName({ op, phase, attempt, target }: PhaseCall): string {
  return `${op.name}.${phase}${attempt === 1 ? '' : `.${attempt}`} ${target.id}`;
}

/**
 * Records of a run of ops under its IndexRef: a dag with the plan as its root, and a name for the code of each
 * phase, for each phase on a target that began, for who carries the run out, and for the wish to cancel it.
 */
export interface JournalState {
  readonly commitId: CommitId;
  readonly planId: DatumId;
  readonly plan: OpPlan;
  readonly names: TreeRoot<'names'>;
  readonly owner: string | undefined;
  readonly cancelReason: string | undefined;
}

type Reader = RecordSource & Parameters<typeof liftDatum>[0];

/** Reads the journal at a commit of an IndexRef; undefined where the work is no run of ops. */
export function readJournal(commitId: CommitId, ref: RefName, reader: Reader): JournalState | undefined {
  const { treeId } = reader.read('commit', commitId);
  const [entry, ...others] = [...treeEntries('dags', reader.read('tree', treeId).dags, reader)];
  if (!entry || others.length > 0 || runIndexRef(opWorkName(entry[0])) !== ref) return undefined;
  const { rootNodeId, names } = reader.read('dag', entry[1]);
  const planId = literalOf(rootNodeId, reader);
  const textOf = (name: string): string | undefined => {
    const nodeId = treeGet('names', names, name, reader)?.[1];
    return nodeId && String(liftDatum(reader, literalOf(nodeId, reader)));
  };
  const plan = readPlan(planId, reader);
  return { commitId, planId, plan, names, owner: textOf(OWNER), cancelReason: textOf(CANCEL) };
}

function literalOf(nodeId: NodeId, reader: RecordSource): DatumId {
  const node = reader.read('node', nodeId);
  if (node.kind !== 'literal') throw executionError('object_missing', { class: 'literal', objectId: nodeId });
  return node.datumId;
}

/** Returns the captured functions that a journal holds, by name. */
export function codeIn({ names }: JournalState, reader: RecordSource): Map<string, CallSpec> {
  const code = new Map<string, CallSpec>();
  for (const [name, nodeId] of treeEntries('names', names, reader))
    if (CODE.test(name)) code.set(name, { functionDatumId: literalOf(nodeId, reader), options: {} });
  return code;
}

/** Returns the nodes of the phases that a journal names, by name. */
export function phasesIn(names: TreeRoot<'names'>, reader: RecordSource): Map<string, NodeId> {
  return new Map([...treeEntries('names', names, reader)].filter(([name]) => name.includes(' ')));
}

/** Returns the recorded outcome of a phase; undefined where it has none. */
export function recordedOutcome(nodeId: NodeId, scope: PinScope, reader: Reader): PhaseOutcome | undefined {
  const execId: ExecId | undefined = scope.getPin(nodeId);
  if (execId === undefined) return undefined;
  const exec = reader.read('exec', execId);
  if (exec.status === 'error') return failedOutcome(readFailure(exec, reader));
  return { type: 'returned', value: liftDatum(reader, execValue(exec, reader)) };
}

/**
 * Returns the outcome of a phase that has no value: only a function that threw says itself that it failed.
 *
 * @spec DML-EXE-3709
 */
export function failedOutcome({ code, message }: { code: string; message: string }): PhaseOutcome {
  return code === 'function_threw'
    ? { type: 'threw', reason: message }
    : { type: 'lost', reason: message === '' ? code : `${code}: ${message}` };
}

/** Checks whether a process that still lives carries a run out. */
export function isOwned({ owner }: Pick<JournalState, 'owner'>, store: Store): boolean {
  return owner !== undefined && store.liveSessions().some(({ sessionId }) => sessionId === owner);
}

/** Returns the error of a run that another process carries out. */
export function activeRun({ name, runId }: Pick<OpPlan, 'name' | 'runId'>): Error {
  return executionError('op_run_active', { name, runId });
}

/** Records a run as it goes on, under the IndexRef that stages its outcomes. */
export class OpJournal {
  readonly #objects: RunObjects;
  readonly #index: RunIndex;
  readonly #plan: OpPlan;
  readonly #rootNodeId: NodeId;
  #names: TreeRoot<'names'>;
  #changes: TreeChange<'names'>[] = [];
  #treeId: TreeId | undefined;
  /** The commit that the journal was read from, until the run is claimed. */
  #claimedFrom: CommitId | null | undefined;
  #cancelReason: string | undefined;
  #flushing: Promise<void> | undefined;

  constructor(
    { objects, index }: { readonly objects: RunObjects; readonly index: RunIndex },
    run: Pick<JournalState, 'plan' | 'planId' | 'names' | 'cancelReason'>,
  ) {
    this.#objects = objects;
    this.#index = index;
    this.#plan = run.plan;
    this.#rootNodeId = this.#literal(run.planId);
    this.#names = run.names;
    this.#cancelReason = run.cancelReason;
    this.#claimedFrom = index.commitId;
    index.planTree = (found) => this.#planTree(found);
  }

  /** The reason to cancel the run, if somebody asked for that. */
  get cancelReason(): string | undefined {
    return this.#cancelReason;
  }

  /** The names that are recorded. */
  get names(): TreeRoot<'names'> {
    return this.#names;
  }

  /**
   * Records that this process carries the run out, and its code if it begins. Throws `op_run_active` when another
   * process was faster.
   */
  claim(code: ReadonlyMap<string, CallSpec>): void {
    for (const [name, { functionDatumId }] of code) this.name(name, this.#literal(functionDatumId));
    this.name(OWNER, this.#literal(this.#lowered(this.#objects.store.sessionId)));
    this.#write();
  }

  /** Records that nobody carries the run out any more. */
  release(): void {
    this.#changes.push({ deleteKey: OWNER });
    this.#write();
  }

  /** Names a node with what is recorded next. */
  name(name: string, nodeId: NodeId): void {
    this.#changes.push({ set: [name, nodeId] });
  }

  /**
   * Resolves when everything that was named is durable, together with what others name in the same turn.
   *
   * @spec DML-EXE-3702
   */
  durable(flush: () => void): Promise<void> {
    this.#flushing ??= new Promise((resolve, reject) => {
      setImmediate(() => {
        this.#flushing = undefined;
        try {
          flush();
          this.flush();
          resolve();
        } catch (error) {
          reject(error);
        }
      });
    });
    return this.#flushing;
  }

  /** Writes what was named and is not recorded yet. */
  flush(): void {
    if (this.#changes.length > 0) this.#write();
  }

  /** Looks whether somebody asked to cancel the run. Throws `op_run_active` when another process has taken it. */
  look(): void {
    const found = this.#objects.store.getRef(this.#index.ref)?.commitId;
    if (found !== undefined && found !== this.#index.commitId) this.#adopt(found);
  }

  #write(): void {
    this.#index.keep([]);
  }

  #planTree(found: CommitId | null): TreeId {
    // @spec DML-EXE-3711
    if (this.#claimedFrom !== undefined && this.#claimedFrom !== found) throw activeRun(this.#plan);
    if (this.#claimedFrom === undefined && found !== null && found !== this.#index.commitId)
      this.#adopt(found);
    this.#claimedFrom = undefined;
    if (this.#treeId !== undefined && this.#changes.length === 0) return this.#treeId;
    this.#names = treeEdit('names', this.#names, this.#changes, this.#objects);
    this.#changes = [];
    this.#treeId = journalTree(this.#plan.name, this.#rootNodeId, this.#names, this.#objects);
    return this.#treeId;
  }

  /** Takes over what another process recorded: the wish to cancel, and nothing else. */
  #adopt(commitId: CommitId): void {
    const state = readJournal(commitId, this.#index.ref, this.#objects);
    // @spec DML-EXE-3712
    const isOwn = state?.plan.runId === this.#plan.runId && state.owner === this.#objects.store.sessionId;
    if (!isOwn) throw activeRun(state?.plan ?? this.#plan);
    if (state.cancelReason === undefined || this.#cancelReason !== undefined) return;
    this.#cancelReason = state.cancelReason;
    this.name(CANCEL, this.#literal(this.#lowered(state.cancelReason)));
  }

  #literal(datumId: DatumId): NodeId {
    return this.#objects.put({ type: 'node', kind: 'literal', datumId });
  }

  #lowered(text: string): DatumId {
    return lowerValue(text, this.#objects, '');
  }
}

/** Returns a journal's names with the wish to cancel the run, and the tree that holds them. */
export function cancelTree(state: JournalState, reason: string, objects: RunObjects): TreeId {
  const literal = (datumId: DatumId): NodeId => objects.put({ type: 'node', kind: 'literal', datumId });
  const nodeId = literal(lowerValue(reason, objects, ''));
  const names = treeEdit('names', state.names, [{ set: [CANCEL, nodeId] }], objects);
  return journalTree(state.plan.name, literal(state.planId), names, objects);
}

function journalTree(
  name: string,
  rootNodeId: NodeId,
  names: TreeRoot<'names'>,
  objects: RunObjects,
): TreeId {
  const dagId = objects.put({ type: 'dag', rootNodeId, names });
  return objects.put({ type: 'tree', dags: buildTree('dags', [[name, dagId]], objects) });
}
