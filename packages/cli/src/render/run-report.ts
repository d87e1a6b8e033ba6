import type { CallCounts, Repository, RunResult } from '@daggerml/bindings';
import type { CommitId, DagId, NodeId } from '@daggerml/object-model';
import {
  callText,
  commitThatMade,
  differingCalls,
  disagreeingPins,
  RecordReader,
  shortId,
} from '@daggerml/repository';
import type { CommandContext } from '../invocation/command.ts';
import type { AmbientWarning } from './ambient-warning.ts';
import { formatCount, formatDuration } from './quantities.ts';
import type { TimedCall } from './slowest-calls.ts';

/** Facts of a run that ended well that only the command knows. */
interface RunFacts {
  readonly name: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly durationMs: number;
  readonly warnings: readonly AmbientWarning[];
  readonly slowest: readonly TimedCall[];
}

/** Result of a run that ended well, as `--json` prints it. */
export interface RunDocument {
  readonly pipeline: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly commitId: CommitId;
  readonly dagId: DagId;
  readonly changed: boolean;
  readonly madeInCommitId: CommitId;
  readonly counts: CallCounts;
  readonly durationMs: number;
  readonly warnings: readonly AmbientWarning[];
  readonly differing: readonly { readonly nodeId: NodeId; readonly call: string }[];
  readonly notDeterministic: readonly { readonly nodeId: NodeId; readonly call: string }[];
  readonly callsLeftOut: number;
  readonly nestedCalls: number;
  readonly slowest: readonly TimedCall[];
}

/** Describes a run that ended well, and notes what is to be looked at. */
export function runDocument(
  { output, options }: CommandContext,
  { store }: Repository,
  result: RunResult,
  { name, parameters, durationMs, warnings, slowest }: RunFacts,
): RunDocument {
  const { commit, dagId, changed, counts, calls, nestedCalls, dag } = result;
  const { commitId } = commit;
  const reader = new RecordReader(store);
  // @spec DML-CLI-1506
  const madeInCommitId = changed ? commitId : commitThatMade(reader, commitId, dag.dagName);
  const isRerun = options.cache === false && changed;
  const differing = (isRerun ? differingCalls(reader, commitId, dagId) : []).map((nodeId) => ({
    nodeId,
    call: dag.describeCall(nodeId).text,
  }));
  const callsLeftOut = counts.executed + counts.cached + counts.failed - calls - nestedCalls;
  // @spec DML-CLI-1507
  for (const { nodeId, call } of differing)
    output.note(
      `  ${output.noteStyle('yellow', 'warning')}  ${output.safe(call)}  ${shortId(nodeId)}  has another value than before, from the same inputs`,
    );
  const notDeterministic = disagreeingPins(reader, commit.record.pins).map((execId) => {
    const { nodeId } = reader.read('exec', execId);
    return { nodeId, call: callText(reader, nodeId, { nameOf: () => undefined }).text };
  });
  // @spec DML-CLI-1894
  for (const { nodeId, call } of notDeterministic)
    output.note(
      `  ${output.noteStyle('yellow', 'warning')}  ${output.safe(call)}  ${shortId(nodeId)}  is not deterministic: a replay had another outcome`,
    );
  // @spec DML-CLI-1705
  if (callsLeftOut > 0)
    output.note(
      `  ${output.noteStyle('yellow', 'warning')}  ${formatCount(callsLeftOut, 'call')} of the run ${callsLeftOut === 1 ? 'is' : 'are'} no part of the dag, and ${callsLeftOut === 1 ? 'its outcome goes' : 'their outcomes go'} with "dml gc": pass calls on, or name them with dag.name; an awaited value is a literal without provenance${counts.failed > 0 ? ', and dag.settled passes on what became of calls that may fail' : ''}`,
    );
  return {
    pipeline: name,
    parameters,
    commitId,
    dagId,
    changed,
    madeInCommitId,
    counts,
    durationMs,
    warnings,
    differing,
    notDeterministic,
    callsLeftOut,
    nestedCalls,
    slowest,
  };
}

/** Prints a run that ended well. @spec DML-CLI-0724 */
export function reportRun({ output }: Pick<CommandContext, 'output'>, document: RunDocument): void {
  output.runResult(document, () => {
    const { pipeline, changed, commitId, madeInCommitId } = document;
    // @spec DML-CLI-0706
    const kept = changed
      ? `committed ${output.style('bold', output.safe(pipeline))} as ${output.shortId(commitId)}`
      : `nothing changed: ${output.style('bold', output.safe(pipeline))} is as in ${output.shortId(madeInCommitId)}`;
    return `${tookOf(document)}\n${kept}`;
  });
}

/** Returns the calls and the time of a run. */
export function tookOf({ counts: { executed, cached, failed }, durationMs }: RunDocument): string {
  // @spec DML-CLI-0705
  return `${executed} executed, ${cached} cached, ${failed} failed in ${formatDuration(durationMs)}`;
}
