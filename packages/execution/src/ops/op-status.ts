import { type CommitId, type NodeId, treeGet } from '@daggerml/object-model';
import type { PinScope } from '@daggerml/repository';
import { liftDatum } from '@daggerml/values';
import { indexPins } from '../cache/run-index.ts';
import type { RunObjects } from '../objects/run-objects.ts';
import { type JournalState, phaseName, phasesIn, recordedOutcome } from './op-journal.ts';
import { endOf, type OpOutcome, type OpReport, stopAt, type TargetReport } from './op-report.ts';
import { type PhaseCall, type PhaseCalls, runTarget, Stopped } from './target-run.ts';

/** Returns how a run that has not ended stands, from its records alone. */
export async function reportOf(
  state: JournalState,
  { reader, isActive }: { readonly reader: RunObjects; readonly isActive: boolean },
): Promise<OpReport> {
  const { plan, names, commitId } = state;
  const begun = phasesIn(names, reader);
  const pins = new Map(indexPins(commitId, reader));
  const scope: PinScope = { getPin: (nodeId) => pins.get(nodeId) };
  const calls: PhaseCalls = {
    known: (call) => recordedIn(begun, call, scope, reader),
    // An execution that nobody ends is where a resumed run goes on.
    wasBegun: () => false,
    run: (call) => Promise.reject(new Stopped(call)),
    pause: () => Promise.resolve(),
  };
  const targets = new Map<string, TargetReport>();
  for (const target of plan.targets) {
    try {
      targets.set(target.id, endOf(await runTarget(target, plan.ops, calls)));
    } catch (error) {
      if (!(error instanceof Stopped)) throw error;
      targets.set(target.id, standing(error.call));
    }
  }
  return { run: plan.runId, name: plan.name, ops: plan.ops.map(({ name }) => name), isActive, targets };

  function standing(call: PhaseCall): TargetReport {
    if (!begun.has(phaseName(call))) return stopAt('PENDING', call);
    return isActive ? stopAt('RUNNING', call) : stopAt('INTERRUPTED', call, call.phase !== 'validate');
  }
}

function recordedIn(
  begun: ReadonlyMap<string, NodeId>,
  call: PhaseCall,
  scope: PinScope,
  reader: RunObjects,
): ReturnType<PhaseCalls['known']> {
  const nodeId = begun.get(phaseName(call));
  return nodeId && recordedOutcome(nodeId, scope, reader);
}

const OUTCOMES: readonly OpOutcome[] = ['COMPLETE', 'PARTIAL', 'FAILED', 'CANCELLED'];

/** Returns the report of the run that the dag of a name in a commit is; undefined where it is none. */
export function savedReport(name: string, commitId: CommitId, reader: RunObjects): OpReport | undefined {
  const { dags } = reader.read('tree', reader.read('commit', commitId).treeId);
  const dagId = treeGet('dags', dags, name, reader)?.[1];
  if (dagId === undefined) return undefined;
  const root = reader.read('node', reader.read('dag', dagId).rootNodeId);
  const value: unknown = root.kind === 'literal' ? liftDatum(reader, root.datumId) : undefined;
  if (!isReport(value)) return undefined;
  const { run, ops, outcome, targets } = value;
  return {
    run,
    name,
    ops,
    outcome,
    isActive: false,
    targets: new Map(Object.entries(targets)),
    commitId,
    dagId,
  };
}

/** The report of a run as the root of its dag holds it. */
interface SavedReport {
  readonly run: string;
  readonly ops: readonly string[];
  readonly outcome: OpOutcome;
  readonly targets: Readonly<Record<string, TargetReport>>;
}

/** Checks whether a value is a report: any dag may have the name. */
function isReport(value: unknown): value is SavedReport {
  const { run, ops, outcome, targets } = (value ?? {}) as Partial<SavedReport>;
  return (
    typeof run === 'string' &&
    Array.isArray(ops) &&
    OUTCOMES.includes(outcome as OpOutcome) &&
    typeof targets === 'object' &&
    targets !== null &&
    Object.values(targets).every((target) => typeof target?.state === 'string')
  );
}
