import type { Repository, RunResult } from '@daggerml/bindings';
import type { CommitId, NodeId } from '@daggerml/object-model';
import { commitThatMade, differingCalls, RecordReader, shortId } from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import type { AmbientWarning } from './ambient-warning.ts';
import { formatCount, formatDuration } from './quantities.ts';

/** A run that ended well, as it is reported. */
interface RunReport extends RunResult {
  readonly durationMs: number;
  readonly warnings: readonly AmbientWarning[];
  /** The commit that gave the branch this dag. */
  readonly madeIn: CommitId;
  readonly differing: readonly DifferingCall[];
  /** Calls of the run, where the dag is a value that none of them is a part of. */
  readonly callsLeftOut: number;
}

/** A call that had another value when it was run again. */
interface DifferingCall {
  readonly nodeId: NodeId;
  readonly call: string;
}

/** Returns the facts about a run that ended well for which its commits have to be read. */
export function factsOf(
  { options }: CommandContext,
  { store }: Repository,
  { commit, dagId, changed, counts, calls, dag }: RunResult,
): Pick<RunReport, 'madeIn' | 'differing' | 'callsLeftOut'> {
  const { commitId } = commit;
  const reader = new RecordReader(store);
  // @spec DML-CLI-1506
  const madeIn = changed ? commitId : commitThatMade(reader, commitId, dag.dagName);
  const isRerun = options.cache === false && changed;
  const differing = isRerun ? differingCalls(reader, commitId, dagId) : [];
  return {
    madeIn,
    differing: differing.map((nodeId) => ({ nodeId, call: dag.describeCall(nodeId).text })),
    callsLeftOut: counts.executed + counts.cached + counts.failed - calls,
  };
}

export function report({ output }: CommandContext, name: string, result: RunReport): void {
  const { commit, dagId, changed, counts, durationMs, warnings, madeIn, differing, callsLeftOut } = result;
  const { commitId } = commit;
  // @spec DML-CLI-1507
  for (const { nodeId, call } of differing)
    output.note(
      `  ${output.noteStyle('yellow', 'warning')}  ${output.safe(call)}  ${shortId(nodeId)}  has another value than before, from the same inputs`,
    );
  // @spec DML-CLI-1705
  if (callsLeftOut > 0)
    output.note(
      `  ${output.noteStyle('yellow', 'warning')}  ${formatCount(callsLeftOut, 'call')} of the run ${callsLeftOut === 1 ? 'is' : 'are'} no part of the dag, and ${callsLeftOut === 1 ? 'its outcome goes' : 'their outcomes go'} with "dml gc": pass calls on, or name them with dag.name; an awaited value is a literal without provenance`,
    );
  const document = {
    pipeline: name,
    commitId,
    dagId,
    changed,
    madeIn,
    counts,
    durationMs,
    warnings,
    differing,
    callsLeftOut,
  };
  // @spec DML-CLI-0724
  output.result(document, () => {
    // @spec DML-CLI-0705
    const { executed, cached, failed } = counts;
    const took = `${executed} executed, ${cached} cached, ${failed} failed in ${formatDuration(durationMs)}`;
    // @spec DML-CLI-0706
    const kept = changed
      ? `committed ${output.style('bold', output.safe(name))} as ${output.shortId(commitId)}`
      : `nothing changed: ${output.style('bold', output.safe(name))} is as in ${output.shortId(madeIn)}`;
    return `${took}\n${kept}`;
  });
}
