import type { OpTarget, Phase } from './op-definition.ts';
import type { PlannedOp } from './op-plan.ts';

/** One phase of an op on a target; `attempt` is the number of the execution that it belongs to. */
export interface PhaseCall {
  readonly target: OpTarget;
  readonly op: PlannedOp;
  readonly phase: Phase;
  readonly attempt: number;
}

/** The end of a phase; one that is `lost` says nothing about what its function did. */
export type PhaseOutcome =
  | { readonly type: 'returned'; readonly value: unknown }
  | { readonly type: 'threw'; readonly reason: string }
  | { readonly type: 'lost'; readonly reason: string };

/** Carries out phases and remembers them. */
export interface PhaseCalls {
  /** Returns the recorded outcome of a phase. */
  known(call: PhaseCall): PhaseOutcome | undefined;
  /** Checks whether an earlier process began a phase. */
  wasBegun(call: PhaseCall): boolean;
  /** Runs a phase. Rejects with `Stopped` when none may start. */
  run(call: PhaseCall): Promise<PhaseOutcome>;
  /** Resolves when a failed execution may be followed by the next. */
  pause(attempt: number): Promise<void>;
}

/** The reason why a target did not come to an end: its next phase was not to start. */
export class Stopped extends Error {
  readonly call: PhaseCall;

  constructor(call: PhaseCall) {
    super('stopped');
    this.call = call;
  }
}

/** Failure of a target: where, why, and whether the effect may have happened all the same. */
export interface TargetFailure {
  readonly op: string;
  readonly phase: Phase;
  readonly attempt: number;
  readonly reason: string;
  readonly isDoubtful: boolean;
}

/** Reason given for an execution that an earlier process left without an outcome. */
const INTERRUPTED = 'the execution was interrupted';

/**
 * Applies ops to a target one after the other and returns its failure; undefined when every op succeeded. Rejects with
 * `Stopped` and what `calls` rejects with.
 */
export async function runTarget(
  target: OpTarget,
  ops: readonly PlannedOp[],
  calls: PhaseCalls,
): Promise<TargetFailure | undefined> {
  for (const op of ops) {
    const failure = await new OpOnTarget(target, op, calls).run();
    // @spec DML-EXE-1902 DML-EXE-1903
    if (failure) return failure;
  }
  return undefined;
}

/** Runs the validations alone. */
export async function validateTarget(
  target: OpTarget,
  ops: readonly PlannedOp[],
  calls: PhaseCalls,
): Promise<TargetFailure | undefined> {
  for (const op of ops) {
    const failure = await new OpOnTarget(target, op, calls).validate();
    if (failure) return failure;
  }
  return undefined;
}

/** One op on one target. */
class OpOnTarget {
  readonly #target: OpTarget;
  readonly #op: PlannedOp;
  readonly #calls: PhaseCalls;

  constructor(target: OpTarget, op: PlannedOp, calls: PhaseCalls) {
    this.#target = target;
    this.#op = op;
    this.#calls = calls;
  }

  /** @spec DML-EXE-1901 */
  async run(): Promise<TargetFailure | undefined> {
    return (await this.validate()) ?? (await this.#execute());
  }

  async validate(): Promise<TargetFailure | undefined> {
    if (!this.#op.phases.validate) return undefined;
    const call = this.#call('validate', 1);
    const wrong = findingOf(this.#calls.known(call) ?? (await this.#calls.run(call)));
    return wrong === undefined ? undefined : this.#failure('validate', 1, wrong);
  }

  async #execute(): Promise<TargetFailure | undefined> {
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#executed(attempt);
      const isLast = attempt > this.#op.retries;
      if (outcome.type === 'returned') {
        const wrong = await this.#checked(attempt, false);
        return wrong === undefined ? undefined : this.#failure('postCheck', attempt, wrong, true);
      }
      const isLost = outcome.type === 'lost';
      if (!isLost && isLast && this.#op.retries === 0)
        return this.#failure('execute', attempt, outcome.reason);
      // @spec DML-EXE-3704
      if (!this.#op.phases.postCheck) {
        if (isLost) return this.#failure('execute', attempt, outcome.reason, true);
      } else {
        // @spec DML-EXE-1910 DML-EXE-3703
        const wrong = await this.#checked(attempt, !isLast);
        if (wrong === undefined) return undefined;
        // @spec DML-EXE-3706
        if (isLast && isLost)
          return this.#failure('execute', attempt, `${outcome.reason}; its post-check: ${wrong.text}`, true);
        // @spec DML-EXE-3705
        if (!wrong.isAnswer) return this.#failure('postCheck', attempt, wrong, true);
      }
      if (isLast) return this.#failure('execute', attempt, outcome.reason);
      if (!this.#calls.wasBegun(this.#call('execute', attempt + 1))) await this.#calls.pause(attempt);
    }
  }

  /** Returns the outcome of an execution; one that began elsewhere and has none is never made again. */
  async #executed(attempt: number): Promise<PhaseOutcome> {
    const call = this.#call('execute', attempt);
    const known = this.#calls.known(call);
    // @spec DML-EXE-1909
    if (known) return known;
    // @spec DML-EXE-3721
    return this.#calls.wasBegun(call) ? { type: 'lost', reason: INTERRUPTED } : this.#calls.run(call);
  }

  /** Returns what the post-check finds wrong; a recorded finding does not decide that an op is executed again. */
  async #checked(attempt: number, decidesExecution: boolean): Promise<Finding | undefined> {
    if (!this.#op.phases.postCheck) return undefined;
    const call = this.#call('postCheck', attempt);
    const known = this.#calls.known(call);
    const isOld = decidesExecution && !this.#calls.wasBegun(this.#call('execute', attempt + 1));
    if (known && (!isOld || findingOf(known) === undefined)) return findingOf(known);
    return findingOf(await this.#calls.run(call));
  }

  #call(phase: Phase, attempt: number): PhaseCall {
    return { target: this.#target, op: this.#op, phase, attempt };
  }

  #failure(phase: Phase, attempt: number, reason: Finding | string, isDoubtful = false): TargetFailure {
    const text = typeof reason === 'string' ? reason : reason.text;
    return { op: this.#op.name, phase, attempt, reason: text, isDoubtful };
  }
}

/** Fault that a check found; `isAnswer` is false where the check itself failed. */
interface Finding {
  readonly text: string;
  readonly isAnswer: boolean;
}

/**
 * Returns what a check found wrong; undefined when it passed.
 *
 * @spec DML-EXE-3707
 */
function findingOf(outcome: PhaseOutcome): Finding | undefined {
  if (outcome.type !== 'returned') return { text: outcome.reason, isAnswer: false };
  const { value } = outcome;
  if (value === true) return undefined;
  if (value === false) return { text: 'it returned false', isAnswer: true };
  if (typeof value === 'string' && value !== '') return { text: value, isAnswer: true };
  const found =
    value === ''
      ? 'an empty text'
      : Array.isArray(value)
        ? 'a list'
        : value === null
          ? 'null'
          : `a value of type ${typeof value}`;
  return {
    text: `it returned ${found}; a check returns true, false or a text that says what is wrong`,
    isAnswer: false,
  };
}
