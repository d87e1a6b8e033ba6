import { type CommitId, type ExecId, type NodeId, treeEntries } from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { callsOf } from '../views/dag-view.ts';
import { type CallExec, type CallPlace, comparisonOf, execAt, execIdAt, sideAt } from './call-place.ts';
import type { Comparison, ExplainSource } from './call-side.ts';
import { historyOf } from './earlier-commit.ts';
import { matchCalls } from './match-calls.ts';
import type { TracedCall } from './traced-call.ts';

/** Earlier results of a function that are looked through. */
const MAX_RESULTS = 200;

/** A call whose function made the one that is explained, as it was explained itself. */
export interface ExplainedMaker {
  readonly madeIn: TracedCall['madeIn'] | undefined;
  readonly earlier: CallPlace | undefined;
}

type Explain = (place: CallPlace) => ExplainedMaker;

/** A call that a function has made. */
type MadePlace = CallPlace & { readonly madeBy: CallPlace };

/**
 * Finds the commit that gave a call which a function has made its outcome, and what the call was before: inside of the
 * earlier results of the function, nearest first. O(results that are looked through).
 *
 * @spec DML-EXE-3722
 */
export function traceCallOfFunction(source: ExplainSource, place: MadePlace, explain: Explain): TracedCall {
  const { nodeId } = place;
  const execId = execIdAt(source, place) as ExecId;
  let made = { place, maker: explain(place.madeBy) };
  for (let count = 0; count < MAX_RESULTS; count += 1) {
    const { maker } = made;
    if (maker.earlier === undefined) break;
    const before = madeBy(maker.earlier, nodeId);
    if (execIdAt(source, before) !== execId) break;
    made = { place: before, maker: explain(before.madeBy) };
  }
  const { maker } = made;
  const madeIn = maker.madeIn ?? made.place.commitId;
  const traced = { madeIn, commitsSince: commitsBetween(source, place.commitId, madeIn) };
  const found = earlierCall(source, { place: made.place, maker, explain });
  if (found === undefined) {
    const side = sideAt(source, made.place);
    const comparison = { source, before: side, after: side };
    return { ...traced, comparison, earlier: undefined, before: undefined };
  }
  const isSameNode = found.place.nodeId === nodeId;
  return {
    ...traced,
    comparison: found.comparison,
    earlier: found.place,
    before: isSameNode ? execAt(source, found.place) : undefined,
  };
}

/** Counts the steps from a commit back to an ancestor, on the shortest way. O(commits that are not older). */
function commitsBetween(source: ExplainSource, from: CommitId, ancestor: CommitId): number {
  const steps = new Map<CommitId, number>([[from, 0]]);
  for (const { commitId, commit } of historyOf(source, [from])) {
    const count = steps.get(commitId) as number;
    if (commitId === ancestor) return count;
    steps.delete(commitId);
    for (const parentId of commit.parentCommitIds)
      steps.set(parentId, Math.min(steps.get(parentId) ?? count + 1, count + 1));
  }
  return 0;
}

/** Finds the call of an earlier result that the call takes the place of. */
function earlierCall(
  source: ExplainSource,
  {
    place,
    maker,
    explain,
  }: {
    readonly place: MadePlace;
    readonly maker: ExplainedMaker;
    readonly explain: Explain;
  },
): { readonly place: CallPlace; readonly comparison: Comparison } | undefined {
  const { nodeId } = place;
  const exec = execAt(source, place.madeBy);
  let { earlier } = maker;
  for (let count = 0; count < MAX_RESULTS && earlier !== undefined; count += 1) {
    const before = madeBy(earlier, nodeId);
    const oldExec = execAt(source, earlier);
    const comparison = comparisonOf(source, before, place);
    if (execIdAt(source, before) !== undefined) return { place: before, comparison };
    const old = unsharedCalls(source, oldExec, exec);
    const matches = matchCalls(comparison, { before: old, after: unsharedCalls(source, exec, oldExec) });
    const found = matches.get(nodeId);
    if (found !== undefined) return { place: { ...before, nodeId: found }, comparison };
    // A result without such a call, as of a function that failed before it made one, is passed over.
    earlier = explain(earlier).earlier;
  }
  return undefined;
}

function madeBy(maker: CallPlace, nodeId: NodeId): MadePlace {
  return { nodeId, commitId: maker.commitId, dagName: maker.dagName, madeBy: maker };
}

/** Lists the calls of a result that another result does not pin, in the order of its dag. */
function unsharedCalls(
  source: ExplainSource,
  exec: CallExec | undefined,
  other: CallExec | undefined,
): readonly NodeId[] {
  if (exec === undefined) return [];
  const others = new Set<NodeId>();
  if (other !== undefined) for (const [nodeId] of treeEntries('pins', other.pins, source)) others.add(nodeId);
  return (ifReadable(() => callsOf(source, exec.resultDagId)) ?? []).filter((nodeId) => !others.has(nodeId));
}
