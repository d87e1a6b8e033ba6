import { type ExecId, type NodeId, treeCount, treeDiff } from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { treeScope } from '../nodes/pin-scope.ts';
import { callsOf } from '../views/dag-view.ts';
import type { HistoryCommit } from '../workspace/history.ts';
import { type CallPlace, dagIdAt, sideAt } from './call-place.ts';
import type { Comparison, ExplainSource } from './call-side.ts';
import { ancestorWithDag, commitThatPinned, historyOf } from './earlier-commit.ts';
import { matchCalls, type UnmatchedCalls } from './match-calls.ts';
import type { TracedCall } from './traced-call.ts';

/** Calls of a commit that are brought into the order of their dag. */
const MAX_ORDERED = 20_000;
/** Calls in which two commits differ that are looked at. */
const MAX_UNSHARED = 50_000;

/** Finds the commit that gave a call of a dag its outcome, and what the call was before. */
export function traceCallOfDag(source: ExplainSource, place: CallPlace): TracedCall {
  const { nodeId, commitId, dagName } = place;
  const asked: HistoryCommit = { commitId, commit: source.read('commit', commitId) };
  const { made, steps: commitsSince } = commitThatPinned(source, asked, nodeId);
  const traced = { madeIn: made.commitId, commitsSince };
  const after = sideAt(source, { nodeId, commitId: made.commitId, dagName });
  const [parent] = historyOf(source, made.commit.parentCommitIds.slice(0, 1), 'first-parent');
  // @spec DML-EXE-3514
  const before = dagName === undefined ? undefined : ancestorWithDag(source, made, dagName);
  const base = before ?? parent;
  if (base === undefined)
    return {
      ...traced,
      comparison: { source, before: after, after },
      earlier: undefined,
      before: undefined,
    };
  const basePlace: CallPlace = { nodeId, commitId: base.commitId, dagName };
  const comparison: Comparison = { source, before: sideAt(source, basePlace), after };
  const oldExecId: ExecId | undefined = treeScope(base.commit.pins, source).getPin(nodeId);
  if (oldExecId !== undefined) {
    const oldExec = ifReadable(() => source.read('exec', oldExecId));
    return { ...traced, comparison, earlier: basePlace, before: oldExec };
  }
  const matches = matchCalls(comparison, unsharedCalls(source, { base, made, dagName, nodeId }));
  const earlierNodeId = matches.get(nodeId);
  return {
    ...traced,
    comparison,
    earlier: earlierNodeId && { ...basePlace, nodeId: earlierNodeId },
    before: undefined,
  };
}

interface Span {
  readonly base: HistoryCommit;
  readonly made: HistoryCommit;
  readonly dagName: string | undefined;
  /** A call of the later commit that is listed in any case. */
  readonly nodeId: NodeId;
}

/** Lists the nodes that only one of two commits pins, in the order of the dag unless there are very many. */
function unsharedCalls(source: ExplainSource, { base, made, dagName, nodeId }: Span): UnmatchedCalls {
  const gone = new Set<NodeId>();
  const added = new Set<NodeId>([nodeId]);
  for (const { before, after } of treeDiff('pins', base.commit.pins, made.commit.pins, source)) {
    if (before !== undefined && after === undefined) gone.add(before[0]);
    else if (before === undefined && after !== undefined) added.add(after[0]);
    if (gone.size + added.size === MAX_UNSHARED) break;
  }
  const inOrder = (nodes: ReadonlySet<NodeId>, { commitId, commit }: HistoryCommit): Iterable<NodeId> => {
    const dagId = dagIdAt(source, { commitId, dagName });
    if (dagId === undefined || treeCount('pins', commit.pins, source) > MAX_ORDERED) return nodes;
    return callsOf(source, dagId).filter((each) => nodes.has(each));
  };
  return { before: inOrder(gone, base), after: inOrder(added, made) };
}
