import type { NodeId } from '@daggerml/object-model';
import type { PinScope } from '@daggerml/repository';
import { liftDatum, lowerValue } from '@daggerml/values';
import type { OpenRun } from '../executor.ts';
import { pauseMs } from '../run/machine.ts';
import type { RunNode } from '../run/run-node.ts';
import { commitOps, type OpCommit } from './commit-ops.ts';
import type { OpTarget } from './op-definition.ts';
import type { OpEvent } from './op-events.ts';
import { failedOutcome, type OpJournal, phaseName, phasesIn, recordedOutcome } from './op-journal.ts';
import { codeName, type OpCode, type OpPlan, specOf } from './op-plan.ts';
import { endOf, type OpReport, outcomeOf, stopAt, type TargetReport } from './op-report.ts';
import {
  type PhaseCall,
  type PhaseCalls,
  type PhaseOutcome,
  runTarget,
  Stopped,
  validateTarget,
} from './target-run.ts';

export interface OpRunOptions {
  readonly open: OpenRun;
  readonly plan: OpPlan;
  readonly code: OpCode;
  /** Absent for a dry run. */
  readonly journal: OpJournal | undefined;
  /** Targets that are worked on at one time. */
  readonly parallel: number;
  /** Keeps other phases from starting once it is aborted; the run can be resumed. */
  readonly signal: AbortSignal | undefined;
  readonly onEvent: ((event: OpEvent) => void) | undefined;
}

/** Time between two looks whether somebody asked to cancel the run. */
const LOOK_MS = 250;
/** Names of phases without an effect are recorded this long after they began. */
const NAME_MS = 200;
const PAUSES = { maxAttempts: 1, baseMs: 500, maxMs: 30_000 };

/** Carries out a run of ops in this process. */
export class OpRun implements PhaseCalls {
  readonly #options: OpRunOptions;
  readonly #scope: PinScope;
  /** Phases that earlier processes began. */
  readonly #begun: ReadonlyMap<string, NodeId>;
  readonly #running = new Map<NodeId, PhaseCall>();
  readonly #reports = new Map<string, TargetReport>();
  readonly #targets = new Map<string, RunNode>();
  /** The error that ends the run. */
  #failure: unknown;
  #nameTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: OpRunOptions) {
    this.#options = options;
    const { open, journal } = options;
    this.#scope = open.index.scope();
    this.#begun = journal ? phasesIn(journal.names, open.objects) : new Map();
  }

  /** Returns the phase that a call of the run is. */
  callOf(nodeId: NodeId): PhaseCall | undefined {
    return this.#running.get(nodeId);
  }

  /** Brings every target as far as it goes; undefined for a run that was interrupted and can be resumed. */
  async carryOut(): Promise<OpReport | undefined> {
    const { plan, parallel, journal } = this.#options;
    const looking = journal && setInterval(() => this.#guarded(() => journal.look()), LOOK_MS);
    const targets = plan.targets.values();
    const lane = async (): Promise<void> => {
      try {
        // All lanes take from the same iterator.
        for (const target of targets) await this.#bring(target);
      } catch (error) {
        this.#failure ??= error;
      }
    };
    try {
      // @spec DML-EXE-1904 DML-EXE-3713
      await Promise.all(Array.from({ length: parallel }, lane));
      if (this.#failure !== undefined) throw this.#failure;
      const states = this.#reportsInOrder();
      return [...states.values()].some(({ state }) => state === 'PENDING') ? undefined : this.#report(states);
    } finally {
      clearInterval(looking);
      clearTimeout(this.#nameTimer);
    }
  }

  /** Commits a run that has ended. */
  commit(report: OpReport, to: OpCommit): OpReport {
    const { open, plan, journal } = this.#options;
    return commitOps({ open, plan, names: (journal as OpJournal).names, report }, to);
  }

  known(call: PhaseCall): PhaseOutcome | undefined {
    const nodeId = this.#begun.get(phaseName(call));
    return nodeId && recordedOutcome(nodeId, this.#scope, this.#options.open.objects);
  }

  wasBegun(call: PhaseCall): boolean {
    return this.#begun.has(phaseName(call));
  }

  async run(call: PhaseCall): Promise<PhaseOutcome> {
    if (this.#isStopping) throw new Stopped(call);
    const { open, plan, code } = this.#options;
    const { op, phase, attempt, target } = call;
    const spec = specOf(code.get(codeName(op.name, phase)) as never, op, phase);
    // The run is an input: within one run a phase has one outcome, and no other run is ever answered by it.
    // @spec DML-EXE-3714
    const context = { run: plan.runId, op: op.name, attempt };
    const inputs = [this.#targetNode(target), open.run.addLiteral(lowerValue(context, open.objects, ''))];
    const nodeId = open.objects.put({
      type: 'node',
      kind: 'call',
      functionDatumId: spec.functionDatumId,
      inputs: inputs.map((input) => input.nodeId),
    });
    await this.#record(call, nodeId);
    this.#options.onEvent?.({ type: 'phase-started', ...factsOf(call) });
    this.#running.set(nodeId, call);
    // @spec DML-EXE-1908
    const node = open.run.addCall(spec, inputs);
    await open.run.settled(node);
    this.#running.delete(nodeId);
    const outcome = this.#outcomeOf(node);
    this.#options.onEvent?.({ type: 'phase-finished', ...factsOf(call), outcome });
    return outcome;
  }

  async pause(attempt: number): Promise<void> {
    const afterMs = pauseMs(PAUSES, attempt, Math.random());
    for (const untilMs = performance.now() + afterMs; performance.now() < untilMs && !this.#isStopping; )
      await new Promise((resolve) => setTimeout(resolve, Math.min(LOOK_MS, untilMs - performance.now())));
  }

  /** Records that a phase begins, before it does where it has an effect. */
  async #record(call: PhaseCall, nodeId: NodeId): Promise<void> {
    const { journal, open } = this.#options;
    if (!journal) return;
    journal.name(phaseName(call), nodeId);
    if (call.phase === 'execute') return await journal.durable(() => open.run.flush());
    this.#nameTimer ??= setTimeout(() => {
      this.#nameTimer = undefined;
      this.#guarded(() => journal.flush());
    }, NAME_MS);
  }

  /** @spec DML-EXE-1911 */
  get #isStopping(): boolean {
    const { signal, journal } = this.#options;
    return this.#failure !== undefined || signal?.aborted === true || journal?.cancelReason !== undefined;
  }

  /** Carries out what nobody waits for; its failure ends the run at the next phase. */
  #guarded(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#failure ??= error;
    }
  }

  async #bring(target: OpTarget): Promise<void> {
    const { plan, journal } = this.#options;
    let report: TargetReport;
    try {
      const bring = journal ? runTarget : validateTarget;
      report = endOf(await bring(target, plan.ops, this));
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      report = this.#stopped(error.call);
    }
    this.#reports.set(target.id, report);
    if (report.state !== 'PENDING')
      this.#options.onEvent?.({ type: 'target-finished', target: target.id, ...report });
  }

  #stopped(call: PhaseCall): TargetReport {
    if (this.#options.journal?.cancelReason === undefined) return stopAt('PENDING', call);
    // An execution that nobody has checked precedes it.
    return stopAt('CANCELLED', call, call.phase === 'postCheck');
  }

  #targetNode({ id, value }: OpTarget): RunNode {
    const { open } = this.#options;
    let node = this.#targets.get(id);
    if (!node) {
      node = open.run.addLiteral(lowerValue(value, open.objects, id));
      this.#targets.set(id, node);
    }
    return node;
  }

  #outcomeOf(node: RunNode): PhaseOutcome {
    if (node.runError !== undefined) throw node.runError;
    if (node.failure) return failedOutcome(node.failure);
    const { run, objects } = this.#options.open;
    return { type: 'returned', value: liftDatum(objects, run.valueOf(node)) };
  }

  #reportsInOrder(): Map<string, TargetReport> {
    return new Map(this.#options.plan.targets.map(({ id }) => [id, this.#reports.get(id) as TargetReport]));
  }

  #report(targets: ReadonlyMap<string, TargetReport>): OpReport {
    const { plan, journal } = this.#options;
    return {
      run: plan.runId,
      name: plan.name,
      ops: plan.ops.map(({ name }) => name),
      outcome: outcomeOf(targets.values()),
      isActive: false,
      ...(!journal && { isDry: true }),
      targets,
    };
  }
}

function factsOf({
  target,
  op,
  phase,
  attempt,
}: PhaseCall): Pick<OpEvent & { type: 'phase-started' }, 'target' | 'op' | 'phase' | 'attempt'> {
  return { target: target.id, op: op.name, phase, attempt };
}
