import {
  type CommitId,
  type DagId,
  type DatumId,
  type ExecId,
  type ExecRecord,
  type NodeId,
  treeCount,
  treeDiff,
} from '@daggerml/object-model';
import { ifReadable } from '@daggerml/store';
import { isSameComputation } from '../nodes/input-values.ts';
import { treeScope } from '../nodes/pin-scope.ts';
import { callsOf, type NodeNames, namesIn } from '../views/dag-view.ts';
import { type CallDifference, callDifferences } from './call-differences.ts';
import { type CallSide, type Comparison, type ExplainSource, pinnedSide } from './call-side.ts';
import {
  ancestorWithDag,
  commitThatPinned,
  dagNamed,
  firstParents,
  type HistoryCommit,
} from './earlier-commit.ts';
import { readReceipt } from './function-sources.ts';
import { matchCalls, type UnmatchedCalls } from './match-calls.ts';

/** A call of a commit; `dagName` is undefined for one that no dag of the commit has. */
export interface CallPlace {
  readonly nodeId: NodeId;
  readonly commitId: CommitId;
  readonly dagName: string | undefined;
}

/** Reason for the outcome of a call. */
export type CallReason =
  /** It ran, and no earlier call of the dag is like it. */
  | 'new'
  /** It ran, since function or inputs differ from those of the earlier call. */
  | 'changed'
  /** It ran again, although an outcome was known. */
  | 'forced'
  /** It ran again, since the outcome before was a failure. */
  | 'retried'
  /** It did not run: an input is another node, with the same value as before. */
  | 'cut-off'
  /** It did not run: the same function had run on the same values elsewhere. */
  | 'taken-over'
  /** There is no outcome. */
  | 'none';

/** Origin of the outcome of a call. */
export interface CallOrigin {
  readonly execId: ExecId;
  readonly status: 'ok' | 'error';
  readonly startedMs: number | null;
  readonly finishedMs: number | null;
  /** The receipt of the call, which says what ran it. */
  readonly receipt: Readonly<Record<string, unknown>> | undefined;
}

/** A call as it is explained from records. */
export interface CallExplanation extends CallPlace {
  readonly reason: CallReason;
  /** The exec that ran: of an outcome that was taken over that of the other call. */
  readonly origin: CallOrigin | undefined;
  /** The oldest commit from which on the call has its outcome; undefined without one. */
  readonly madeIn: CommitId | undefined;
  /** Number of first parents from the commit back to that one. */
  readonly commitsSince: number;
  readonly earlier: { readonly nodeId: NodeId; readonly commitId: CommitId } | undefined;
  readonly differences: readonly CallDifference[];
  readonly comparison: Comparison;
}

/** Calls of a commit that are brought into the order of their dag. */
const MAX_ORDERED = 20_000;
/** Calls in which two commits differ that are looked at. */
const MAX_UNSHARED = 50_000;

/**
 * Explains the outcome of a call from the commits alone: why it ran, or was answered without a run. O(commits since it
 * has its outcome + calls that changed with it).
 *
 * @spec DML-EXE-1701
 */
export function explainCall(source: ExplainSource, place: CallPlace): CallExplanation {
  const { nodeId, commitId } = place;
  const asked: HistoryCommit = { commitId, commit: source.read('commit', commitId) };
  const scope = treeScope(asked.commit.pins, source);
  const execId = scope.getPin(nodeId);
  if (execId === undefined) {
    const side = sideOf(source, asked, place.dagName);
    const comparison = { source, before: side, after: side };
    const nothing = { origin: undefined, madeIn: undefined, commitsSince: 0, earlier: undefined };
    return { ...place, ...nothing, reason: 'none', differences: [], comparison };
  }
  const { made, steps } = commitThatPinned(source, asked, nodeId);
  const exec = source.read('exec', execId);
  const compared = compare(source, place, made);
  const { earlier, comparison } = compared;
  const differences = earlier ? callDifferences(comparison, { before: earlier.nodeId, after: nodeId }) : [];
  return {
    ...place,
    origin: originOf(source, execId),
    madeIn: made.commitId,
    commitsSince: steps,
    earlier,
    differences,
    comparison,
    reason: reasonOf(exec, { ...compared, differences }),
  };
}

interface Compared {
  readonly comparison: Comparison;
  readonly earlier: CallExplanation['earlier'];
  /** The exec of the same node before, where it had another one. */
  readonly before: ExecRecord | undefined;
}

/** Finds what the call was before the commit that gave it its outcome. */
function compare(source: ExplainSource, { nodeId, dagName }: CallPlace, made: HistoryCommit): Compared {
  const after = sideOf(source, made, dagName);
  const [parent] = firstParents(source, made.commit.parentCommitIds[0]);
  // @spec DML-EXE-3514
  const before = dagName === undefined ? undefined : ancestorWithDag(source, made, dagName);
  const base = before ?? parent;
  if (base === undefined)
    return { comparison: { source, before: after, after }, earlier: undefined, before: undefined };
  const comparison: Comparison = { source, before: sideOf(source, base, dagName), after };
  const oldExecId = treeScope(base.commit.pins, source).getPin(nodeId);
  if (oldExecId !== undefined) {
    const earlier = { nodeId, commitId: base.commitId };
    return { comparison, earlier, before: ifReadable(() => source.read('exec', oldExecId)) };
  }
  const matches = matchCalls(comparison, unsharedCalls(source, { base, made, dagName, nodeId }));
  const earlierNodeId = matches.get(nodeId);
  return {
    comparison,
    earlier: earlierNodeId && { nodeId: earlierNodeId, commitId: base.commitId },
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
  const inOrder = (nodes: ReadonlySet<NodeId>, at: HistoryCommit): Iterable<NodeId> => {
    const dagId = dagIdOf(source, at, dagName);
    if (dagId === undefined || treeCount('pins', at.commit.pins, source) > MAX_ORDERED) return nodes;
    return callsOf(source, dagId).filter((each) => nodes.has(each));
  };
  return { before: inOrder(gone, base), after: inOrder(added, made) };
}

/** @spec DML-EXE-3513 */
function reasonOf(
  exec: ExecRecord,
  { before, earlier, differences }: Compared & Pick<CallExplanation, 'differences'>,
): CallReason {
  const isTakenOver = exec.nodeKind === 'call' && exec.sourceExecId !== null;
  if (before !== undefined && isSameComputation(before, exec))
    return before.status === 'error' ? 'retried' : 'forced';
  if (isTakenOver) {
    const [first] = differences;
    // @spec DML-EXE-1707
    return first?.kind === 'input' && !first.isOtherValue ? 'cut-off' : 'taken-over';
  }
  // @spec DML-EXE-1708
  return earlier === undefined ? 'new' : 'changed';
}

/** Reads the exec that ran; what was taken over names it. */
function originOf(source: ExplainSource, execId: ExecId): CallOrigin {
  let id = execId;
  let exec = source.read('exec', id);
  while (exec.nodeKind === 'call' && exec.sourceExecId !== null) {
    const sourceExecId: ExecId = exec.sourceExecId;
    const found = ifReadable(() => source.read('exec', sourceExecId));
    if (found === undefined) break;
    id = sourceExecId;
    exec = found;
  }
  if (exec.nodeKind !== 'call')
    return { execId: id, status: exec.status, startedMs: null, finishedMs: null, receipt: undefined };
  const { status, startedMs, finishedMs } = exec;
  const receiptDatumId: DatumId | null = exec.receiptDatumId;
  const receipt = receiptDatumId === null ? undefined : ifReadable(() => readReceipt(source, receiptDatumId));
  return { execId: id, status, startedMs, finishedMs, receipt };
}

function sideOf(source: ExplainSource, at: HistoryCommit, dagName: string | undefined): CallSide {
  const dagId = dagIdOf(source, at, dagName);
  const names: NodeNames = dagId === undefined ? new Map() : namesIn(source, dagId);
  return pinnedSide(source, treeScope(at.commit.pins, source), names);
}

function dagIdOf(
  source: ExplainSource,
  { commit }: HistoryCommit,
  name: string | undefined,
): DagId | undefined {
  return name === undefined ? undefined : dagNamed(source, commit, name);
}
