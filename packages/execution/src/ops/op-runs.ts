import { randomUUID } from 'node:crypto';
import type { FunctionCapture } from '@daggerml/capture';
import type { CommitId } from '@daggerml/object-model';
import { ownCommitFacts, type RefName, type Store } from '@daggerml/store';
import { runIndexRef } from '../cache/run-index.ts';
import { executionError } from '../errors.ts';
import type { Executor, OpenRun } from '../executor.ts';
import { RunObjects } from '../objects/run-objects.ts';
import type { RunEvent } from '../run/events.ts';
import { checkOps, type OpsDefinition, targetsOf } from './op-definition.ts';
import type { OpEvent } from './op-events.ts';
import {
  activeRun,
  cancelTree,
  codeIn,
  isOwned,
  type JournalState,
  OpJournal,
  opWorkName,
  readJournal,
} from './op-journal.ts';
import { captureOps, type OpCode, type OpPlan, planRun } from './op-plan.ts';
import type { OpReport } from './op-report.ts';
import { OpRun } from './op-run.ts';
import { reportOf, savedReport } from './op-status.ts';

/** Parts that runs of ops are carried out with. */
export interface OpRunsOptions {
  readonly store: Store;
  readonly executor: Executor;
  readonly capture: FunctionCapture;
  readonly actor: string;
  readonly nowMs: () => number;
}

export interface OpProgress {
  /** Targets that are worked on at one time; 8 by default. */
  readonly parallel?: number | undefined;
  /** Keeps other phases from starting once it is aborted; the run can be resumed. */
  readonly signal?: AbortSignal | undefined;
  readonly onEvent?: ((event: OpEvent) => void) | undefined;
  /** The branch that the run is committed to when it ends. */
  readonly branch: RefName;
}

export interface OpStart extends OpProgress {
  readonly targets: unknown;
  /** Runs the validations alone and keeps nothing. */
  readonly isDry?: boolean | undefined;
}

const DEFAULT_PARALLEL = 8;
const MIN_PREFIX = 4;

/** Begins, resumes, cancels and reports the runs of ops of a repository. */
export class OpRuns {
  readonly #options: OpRunsOptions;

  constructor(options: OpRunsOptions) {
    this.#options = options;
  }

  /**
   * Applies ops to targets and commits the run when it ends. Rejects with `op_invalid`, with `op_run_unfinished` where
   * an earlier run of the pipeline has not ended, and with `cancelled` for a run that was interrupted.
   */
  async start(definition: OpsDefinition, options: OpStart): Promise<OpReport> {
    checkOps(definition);
    const targets = targetsOf(options.targets);
    const { name } = definition;
    const runId = randomUUID();
    const workName = options.isDry ? `ops ${name} dry run ${runId}` : opWorkName(name);
    return await this.#withRun(workName, options, async (open, heard) => {
      // @spec DML-EXE-3716
      if (open.index.isBegun) throw this.#unfinished(name);
      const code = captureOps(definition, this.#options.capture, open);
      const { plan, planId } = planRun(definition, { runId, targets, code }, open.objects);
      if (options.isDry) return await this.#dryRun(open, heard, { plan, code, options });
      const journal = new OpJournal(open, { plan, planId, names: [], cancelReason: undefined });
      journal.claim(code);
      return await this.#carryOut(open, heard, { plan, code, journal, options });
    });
  }

  /**
   * Continues a run that has not ended, named by its pipeline or the beginning of its id, with the code that it
   * began with. Rejects with `unknown_op_run`, and with `op_run_active` while another process carries it out.
   */
  async resume(which: string, options: OpProgress): Promise<OpReport> {
    const { store } = this.#options;
    const named = this.#find(which);
    // @spec DML-EXE-3717
    if (isOwned(named, store)) throw activeRun(named.plan);
    const workName = opWorkName(named.plan.name);
    return await this.#withRun(workName, options, async (open, heard) => {
      const { commitId } = open.index;
      const state = commitId && readJournal(commitId, open.index.ref, open.objects);
      if (!state || state.plan.runId !== named.plan.runId || isOwned(state, store))
        throw activeRun(named.plan);
      // @spec DML-EXE-3718
      const code = codeIn(state, open.objects);
      const journal = new OpJournal(open, state);
      journal.claim(new Map());
      return await this.#carryOut(open, heard, { plan: state.plan, code, journal, options });
    });
  }

  /**
   * Cancels a run: the process that carries it out starts no other phase and commits it; where there is none, this one
   * does. Returns the report of the run as it is then.
   */
  async cancel(which: string, reason: string, options: OpProgress): Promise<OpReport> {
    const { store } = this.#options;
    const state = this.#find(which);
    this.#askToCancel(state.plan.name, state.plan.runId, reason);
    if (isOwned(state, store)) return await this.status(state.plan.runId);
    // @spec DML-EXE-3719
    return await this.resume(state.plan.runId, options);
  }

  /** Returns how a run stands: one that has not ended, or the one that the dag of a name in a commit is. */
  async status(which: string, head?: CommitId): Promise<OpReport> {
    const reader = new RunObjects(this.#options.store);
    const state = this.#unended(which);
    // @spec DML-EXE-3720
    if (state) return await reportOf(state, { reader, isActive: isOwned(state, this.#options.store) });
    const saved = head && savedReport(which, head, reader);
    if (!saved) throw unknownRun(which);
    return saved;
  }

  /** Lists the runs that have not ended. */
  async unfinished(): Promise<OpReport[]> {
    const { store } = this.#options;
    const reader = new RunObjects(store);
    const states = this.#journals(reader);
    return await Promise.all(
      states.map((state) => reportOf(state, { reader, isActive: isOwned(state, store) })),
    );
  }

  #unfinished(name: string): Error {
    const state = this.#unended(name);
    const isActive = state !== undefined && isOwned(state, this.#options.store);
    if (isActive) return activeRun(state.plan);
    return executionError('op_run_unfinished', { name, runId: state?.plan.runId ?? '' });
  }

  #journals(reader: RunObjects): JournalState[] {
    return reader.store.readRefs('index').flatMap(({ name, commitId }) => {
      const state = readJournal(commitId, name, reader);
      return state ? [state] : [];
    });
  }

  #unended(which: string): JournalState | undefined {
    const reader = new RunObjects(this.#options.store);
    return this.#journals(reader).find(
      ({ plan }) => plan.name === which || (which.length >= MIN_PREFIX && plan.runId.startsWith(which)),
    );
  }

  #find(which: string): JournalState {
    const state = this.#unended(which);
    if (!state) throw executionError('unknown_op_run', { name: which }, undefined, 'unfinished');
    return state;
  }

  /** Records the wish to cancel a run, on top of whatever its process has recorded by then. */
  #askToCancel(name: string, runId: string, reason: string): void {
    const { store, actor, nowMs } = this.#options;
    const ref = runIndexRef(opWorkName(name));
    const objects = new RunObjects(store);
    store.transact('cancel', (transaction) => {
      const found = transaction.getRef(ref)?.commitId;
      const state = found && readJournal(found, ref, objects);
      if (!state || state.plan.runId !== runId) throw unknownRun(runId);
      if (state.cancelReason !== undefined) return;
      const { message, requests } = objects.read('commit', state.commitId);
      const next = objects.put({
        type: 'commit',
        treeId: cancelTree(state, reason, objects),
        parentCommitIds: [state.commitId],
        pins: [],
        requests,
        ...ownCommitFacts(actor, nowMs(), message),
      });
      objects.writeTo(transaction);
      transaction.updateRef({ ref, expected: state.commitId, next, actor, reason: 'cancel' });
    });
    objects.clear();
  }

  async #withRun(
    workName: string,
    { parallel = DEFAULT_PARALLEL, onEvent }: OpProgress,
    act: (open: OpenRun, heard: Heard) => Promise<OpReport>,
  ): Promise<OpReport> {
    if (!Number.isSafeInteger(parallel) || parallel < 1 || parallel > 1024)
      throw executionError('op_invalid', { reason: 'parallel is no whole number from 1 to 1024' });
    const heard: Heard = { run: undefined };
    const open = this.#options.executor.openRun({
      workName,
      base: undefined,
      actor: this.#options.actor,
      size: parallel,
      // The next phase waits until the outcome of the one before is kept.
      batchMs: 2,
      onEvent: (event) => onEvent && reportOutput(event, heard.run, onEvent),
    });
    try {
      return await act(open, heard);
    } finally {
      await open.close();
    }
  }

  async #carryOut(open: OpenRun, heard: Heard, work: Work & { journal: OpJournal }): Promise<OpReport> {
    const { journal, options } = work;
    const run = newRun(open, work);
    heard.run = run;
    const report = await run.carryOut();
    if (!report) {
      journal.release();
      throw executionError('cancelled', { message: 'interrupted' });
    }
    const { actor, nowMs } = this.#options;
    return run.commit(report, { branch: options.branch, actor, nowMs });
  }

  /** @spec DML-EXE-1912 */
  async #dryRun(open: OpenRun, heard: Heard, work: Work): Promise<OpReport> {
    const run = newRun(open, work);
    heard.run = run;
    try {
      const report = await run.carryOut();
      if (!report) throw executionError('cancelled', { message: 'interrupted' });
      return report;
    } finally {
      open.run.flush();
      open.objects.store.transact('release', (transaction) => open.index.release(transaction));
    }
  }
}

/** The run whose calls are heard, once there is one. */
interface Heard {
  run: OpRun | undefined;
}

interface Work {
  readonly plan: OpPlan;
  readonly code: OpCode;
  readonly journal?: OpJournal;
  readonly options: OpProgress;
}

function newRun(open: OpenRun, { plan, code, journal, options }: Work): OpRun {
  const { parallel = DEFAULT_PARALLEL, signal, onEvent } = options;
  return new OpRun({ open, plan, code, journal, parallel, signal, onEvent });
}

function reportOutput(event: RunEvent, run: OpRun | undefined, onEvent: (event: OpEvent) => void): void {
  if (event.type !== 'call-output') return;
  const call = run?.callOf(event.nodeId);
  if (!call) return;
  const { target, op, phase, attempt } = call;
  onEvent({ type: 'phase-output', target: target.id, op: op.name, phase, attempt, text: event.text });
}

function unknownRun(which: string): Error {
  return executionError('unknown_op_run', { name: which });
}
