import type { FunctionCapture, NativePackage } from '@daggerml/capture';
import { type DatumId, objectModelError } from '@daggerml/object-model';
import { liftDatum, lowerValue } from '@daggerml/values';
import { captureCall } from '../capture-call.ts';
import type { OpenRun } from '../executor.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import type { CallSpec, CapturedFacts } from '../run/callee.ts';
import {
  type OpDefinition,
  type OpsDefinition,
  type OpTarget,
  PHASES,
  type Phase,
  retriesOf,
  timeoutOf,
} from './op-definition.ts';

/** One op of a run, as it is recorded. */
export interface PlannedOp {
  readonly name: string;
  /** The phases that the op has, with their time limits. */
  readonly phases: Readonly<Partial<Record<Phase, PlannedPhase>>>;
  /** Executions that may follow one that failed. */
  readonly retries: number;
}

interface PlannedPhase {
  readonly timeoutMs: number;
  /** Packages with machine code that the function loads. */
  readonly natives: readonly NativePackage[];
}

/** Ops and targets of a run; recorded when it begins and never changed. */
export interface OpPlan {
  readonly form: 1;
  readonly runId: string;
  readonly name: string;
  readonly ops: readonly PlannedOp[];
  readonly targets: readonly OpTarget[];
}

/** The captured functions of a run's phases, by `codeName`. */
export type OpCode = ReadonlyMap<string, CallSpec>;

/** Returns what names the function of a phase. */
export function codeName(op: string, phase: Phase): string {
  return `code.${op}.${phase}`;
}

/** Captures the functions of ops. Throws `capture_failed`. */
export function captureOps({ ops }: OpsDefinition, capture: FunctionCapture, open: OpenRun): OpCode {
  const code = new Map<string, CallSpec>();
  for (const op of ops)
    for (const phase of PHASES) {
      const reference = op[phase];
      if (reference) code.set(codeName(op.name, phase), captureCall(reference, capture, open.files));
    }
  return code;
}

/** Returns the plan of a run together with the datum that records it. Throws `unsupported_value` for a target's value. */
export function planRun(
  { name, ops }: OpsDefinition,
  facts: { readonly runId: string; readonly targets: readonly OpTarget[]; readonly code: OpCode },
  objects: RunObjects,
): { readonly plan: OpPlan; readonly planId: DatumId } {
  const { runId, targets, code } = facts;
  const planned = ops.map((op) => plannedOp(op, code));
  const planId = lowerValue({ form: 1, runId, name, ops: planned, targets }, objects, 'the run');
  // As a resumed run reads it, so that both make the same calls.
  return { plan: readPlan(planId, objects), planId };
}

function plannedOp(op: OpDefinition, code: OpCode): PlannedOp {
  const phases: Partial<Record<Phase, PlannedPhase>> = {};
  for (const phase of PHASES) {
    const natives = code.get(codeName(op.name, phase))?.captured?.natives ?? [];
    if (op[phase]) phases[phase] = { timeoutMs: timeoutOf(op, phase), natives };
  }
  return { name: op.name, phases, retries: retriesOf(op) };
}

/** Reads a plan. Throws `newer_schema` for one of a later form. */
export function readPlan(planId: DatumId, objects: Parameters<typeof liftDatum>[0]): OpPlan {
  const plan = liftDatum(objects, planId) as unknown as OpPlan;
  if (plan.form !== 1)
    throw objectModelError('newer_schema', {
      fields: { table: 'runs of ops', schema: Number(plan.form), supported: 1 },
    });
  return plan;
}

/** Returns how a phase is called. */
export function specOf(spec: CallSpec, { name, phases }: PlannedOp, phase: Phase): CallSpec {
  const { timeoutMs, natives } = phases[phase] as PlannedPhase;
  const captured: CapturedFacts = {
    bundler: 'unknown',
    traceInSources: (trace) => trace,
    callees: new Map(),
    libraries: [],
    sources: () => ({ folder: '', files: [] }),
    ...spec.captured,
    natives,
    // An op is there for what it does outside.
    ambientInputs: [],
    leftOut: [],
  };
  return {
    functionDatumId: spec.functionDatumId,
    label: `${name}.${phase}`,
    // @spec DML-EXE-3708
    options: { timeoutMs, cache: false, ...(phase === 'execute' && { retries: 0 }) },
    captured,
  };
}
