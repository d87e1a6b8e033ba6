import { type CommitId, type ExecId, type NodeId, type TreeRoot, treeEdit } from '@daggerml/object-model';
import { dagNodes, holdCommits, planCommit, planDag, standingOf } from '@daggerml/repository';
import type { RefName } from '@daggerml/store';
import { lowerValue } from '@daggerml/values';
import type { OpenRun } from '../executor.ts';
import { phasesIn } from './op-journal.ts';
import type { OpPlan } from './op-plan.ts';
import type { OpReport } from './op-report.ts';

/** Branch, author and clock of the commit of a run that has ended. */
export interface OpCommit {
  readonly branch: RefName;
  readonly actor: string;
  readonly nowMs: () => number;
}

/** A run that has ended, with the journal's names. */
interface EndedRun {
  readonly open: OpenRun;
  readonly plan: OpPlan;
  readonly names: TreeRoot<'names'>;
  readonly report: OpReport;
}

/**
 * Commits a run that has ended as a dag: its report is the root, and every phase that began has a name. The journal
 * goes in the same transaction.
 *
 * @spec DML-EXE-3715
 */
export function commitOps({ open, plan, names, report }: EndedRun, to: OpCommit): OpReport {
  const { objects, index } = open;
  const { store } = objects;
  const phases = phasesIn(names, objects);
  const { run, ops, outcome } = report;
  const value = { run, ops, outcome, targets: report.targets };
  const rootNodeId = objects.put({ type: 'node', kind: 'literal', datumId: lowerValue(value, objects, '') });
  const dagId = objects.put({
    type: 'dag',
    rootNodeId,
    names: treeEdit(
      'names',
      [],
      Array.from(phases, (set) => ({ set })),
      objects,
    ),
  });
  const scope = index.scope();
  const pins = Array.from(phases.values()).flatMap((nodeId): (readonly [NodeId, ExecId])[] => {
    const execId = scope.getPin(nodeId);
    return execId === undefined ? [] : [[nodeId, execId]];
  });
  const message = `op run ${plan.name}: ${outcome}`;
  for (;;) {
    const [headId] = holdCommits(store, () => [store.getRef(to.branch)?.commitId]);
    const standing = standingOf(objects, headId);
    const nodeIds = (): Iterable<NodeId> => dagNodes(dagId, objects);
    const edit = planDag(standing, { dagId, name: plan.name, pins, nodeIds }, objects);
    // The id of the run makes the dag a new one.
    const commitId: CommitId = objects.put(
      planCommit(standing, edit, { ...to, message }, objects) as NonNullable<ReturnType<typeof planCommit>>,
    );
    let isApplied = false;
    store.transact('commit', (transaction) => {
      objects.writeTo(transaction);
      const { branch: ref, actor } = to;
      isApplied = transaction.updateRef({
        ref,
        expected: headId ?? null,
        next: commitId,
        actor,
        reason: message,
      }).applied;
      if (!isApplied) return;
      const expected = transaction.getRef(index.ref)?.commitId ?? null;
      transaction.updateRef({ ref: index.ref, expected, next: null, actor, reason: 'committed' });
    });
    objects.clear();
    if (isApplied) return { ...report, commitId, dagId };
  }
}
